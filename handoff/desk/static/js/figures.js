// Figures for supervisors: the last days in one table, with a clock for each owner.
import { dateTime, wait } from "/page/static/js/formats.js";
import { oneLine } from "/page/static/js/safe-text.js";
import { setText } from "/page/static/js/templates.js";
import { errorText, t } from "/page/static/js/texts.js";

export class FiguresDialog {
  constructor({ desk, dialog, button, onOpen }) {
    Object.assign(this, { desk, dialog, button, onOpen });
    this.days = dialog.querySelector("select");
    this.body = dialog.querySelector("[data-part=body]");
    button.addEventListener("click", () => this.open());
    this.days.addEventListener("change", () => this.#read());
    desk.on("agent", () => (button.hidden = !["supervisor", "admin"].includes(desk.agent?.role)));
    desk.on("locale", () => this.dialog.open && this.#read());
  }

  open() {
    this.dialog.showModal();
    this.#read();
  }

  async #read() {
    try {
      this.#show(await this.desk.api.figures(this.days.value));
    } catch (error) {
      this.body.replaceChildren(paragraph(errorText(error), "form-error"));
    }
  }

  #show({ is_partial, queue, assistant, people, promises, comments }) {
    const cards = [
      [t("figures.waiting"), spread(queue.waiting), t("figures.customers", { count: queue.stretches })],
      [t("figures.first_response"), spread(all(people, "first_response")), t("figures.by_people")],
      [t("figures.rating_people"), score(people), t("figures.answers", { count: sum(people, "answered"), asked: sum(people, "asked") })],
      [t("figures.rating_assistant"), assistant.score === null ? "–" : assistant.score.toFixed(1), t("figures.answers", { count: assistant.answered, asked: assistant.asked })],
      [t("figures.promises"), `${promises.kept} / ${promises.kept + promises.broken}`, t("figures.promises_hint", { open: promises.open })],
    ];
    const grid = element("div", "figure-cards", cards.map(([name, value, hint]) =>
      element("div", "figure-card", [element("p", "figure-name", name), element("p", "figure-value", value), element("p", "quiet", hint)])));
    const head = ["figures.who", "figures.conversations", "figures.first_response", "figures.handling", "figures.rating", "figures.kept"].map((key) => element("th", "", t(key)));
    const rows = [
      ...people.map((one) => row(oneLine(one.name, 60), one, `${one.promises.kept} / ${one.promises.kept + one.promises.broken}`)),
      row(t("author.assistant"), assistant, "–"),
    ];
    const table = element("table", "figures-table", [element("thead", "", [element("tr", "", head)]), element("tbody", "", rows)]);
    const said = comments.map(({ conversation, who, score: stars, comment, at }) => {
      const open = element("button", "link", oneLine(comment, 300));
      open.type = "button";
      open.addEventListener("click", () => {
        this.dialog.close();
        this.onOpen(conversation);
      });
      return element("li", "", [element("b", "", `${stars}/5`), open, element("span", "quiet", `${oneLine(who ?? t("author.assistant"), 40)} · ${dateTime(at)}`)]);
    });
    const parts = [grid, element("div", "figures-scroll", [table]), paragraph(t("figures.explained"), "quiet")];
    if (is_partial) parts.push(paragraph(t("figures.partial"), "form-error"));
    if (said.length) parts.push(element("h3", "", t("figures.comments")), element("ul", "figure-comments", said));
    this.body.replaceChildren(...parts);
  }
}

function row(name, one, kept) {
  const cells = [String(one.stretches), spread(one.first_response), spread(one.handling), one.score === null ? "–" : `${one.score.toFixed(1)} (${one.answered})`, kept];
  const first = element("th", "", name);
  first.scope = "row";
  return element("tr", "", [first, ...cells.map((cell) => element("td", "", cell))]);
}

/** Median, and what nine of ten stay below. */
function spread({ count, median, most }) {
  if (!count) return "–";
  return count > 1 ? `${wait(median)} (${wait(most)})` : wait(median);
}

/** Of several people: weighted by how often, which is honest for a glance; the table has each. */
function all(people, name) {
  const known = people.map((one) => one[name]).filter(({ count }) => count);
  const count = known.reduce((total, one) => total + one.count, 0);
  if (!count) return { count: 0 };
  const mean = (part) => known.reduce((total, one) => total + one[part] * one.count, 0) / count;
  return { count, median: mean("median"), most: Math.max(...known.map(({ most }) => most)) };
}

const sum = (people, name) => people.reduce((total, one) => total + one[name], 0);

function score(people) {
  const answered = sum(people, "answered");
  return answered ? (people.reduce((total, one) => total + (one.score ?? 0) * one.answered, 0) / answered).toFixed(1) : "–";
}

function element(tag, className, content) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (Array.isArray(content)) made.append(...content);
  else setText(made, content);
  return made;
}

const paragraph = (text, className) => element("p", className, text);
