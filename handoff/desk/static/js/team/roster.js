// A week of shifts: everybody reads all, changes their own; supervisors change everybody's.
import { locale, t } from "/page/static/js/texts.js";
import { ShiftDialog } from "./shift-dialog.js";

const element = (id) => document.getElementById(id);
// Days without a zone: noon of one is that day wherever the page is open.
const noon = (day) => new Date(`${day}T12:00:00Z`);
const dayText = (day, options) => new Intl.DateTimeFormat(locale(), { ...options, timeZone: "UTC" }).format(noon(day));

export class Roster {
  week = null;

  constructor({ page }) {
    this.page = page;
    this.dialog = new ShiftDialog({ page, onDone: () => this.read() });
    element("week-before").addEventListener("click", () => this.move(-7));
    element("week-after").addEventListener("click", () => this.move(7));
    element("week-now").addEventListener("click", () => this.read(""));
    page.on("locale", () => this.show());
  }

  async read(day = this.week?.week) {
    if (!this.page.agent) return;
    try {
      this.week = await this.page.api.week(day);
      this.show();
    } catch (error) {
      this.page.notifyError(error);
    }
  }

  move(days) {
    const day = noon(this.week.week);
    day.setUTCDate(day.getUTCDate() + days);
    this.read(day.toISOString().slice(0, 10));
  }

  show() {
    if (!this.week) return;
    const { days, agents, shifts, today, time_zone: zone } = this.week;
    element("week-name").textContent = `${dayText(days[0], { month: "short", day: "numeric" })} – ${dayText(days[6], { month: "short", day: "numeric", year: "numeric" })}`;
    element("zone").textContent = zone;
    const head = made("div", { role: "row" }, made("div", { role: "columnheader" }, t("roster.who")), ...days.map((day) =>
      made("div", { role: "columnheader", class: day === today ? "today" : "" }, dayText(day, { weekday: "short", day: "numeric" }))));
    element("grid").replaceChildren(head, ...agents.map((agent) =>
      made("div", { role: "row", "data-agent": agent.id }, made("div", { role: "rowheader" }, agent.name), ...days.map((day) =>
        this.#cell(agent, day, shifts.filter((one) => one.agent === agent.id && one.day === day), day === today)))));
  }

  #cell(agent, day, shifts, isToday) {
    const name = dayText(day, { weekday: "short", day: "numeric" });
    const cell = made("div", { role: "cell", "data-day": day, class: [isToday && "today", !shifts.length && !agent.may_edit && "nothing"].filter(Boolean).join(" ") }, made("span", { class: "day-name", "aria-hidden": "true" }, name));
    for (const shift of shifts) cell.append(this.#shift(agent, shift));
    if (agent.may_edit) {
      const label = t("roster.add", { name: agent.name, day: name });
      const add = made("button", { class: "add", type: "button", "aria-label": label, title: label, "data-testid": "add-shift" }, "+");
      add.addEventListener("click", () => this.dialog.add(agent, day));
      cell.append(add);
    }
    return cell;
  }

  #shift(agent, shift) {
    const text = `${shift.from}–${shift.to}${shift.is_overnight ? " +1" : ""}`;
    const node = made(agent.may_edit ? "button" : "span", { class: "shift", "data-testid": "shift" }, text);
    if (shift.note) node.append(made("small", {}, shift.note));
    if (agent.may_edit) {
      node.type = "button";
      node.addEventListener("click", () => this.dialog.change(agent, shift));
    }
    return node;
  }
}

function made(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== "") node.setAttribute(name, value);
  node.append(...children);
  return node;
}
