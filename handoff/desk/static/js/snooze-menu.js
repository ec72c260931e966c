// Putting a conversation aside: the times people mean, and one of their own.
import { Menu } from "./menu.js";
import { dateTime } from "/page/static/js/formats.js";
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { t } from "/page/static/js/texts.js";

export class SnoozeMenu {
  constructor({ desk, button, panel }) {
    Object.assign(this, { desk, parts: partsOf(panel) });
    this.menu = new Menu(button, panel, { onOpen: () => this.#show() });
    this.parts.own.addEventListener("submit", (event) => {
      event.preventDefault();
      const at = new Date(this.parts.at.value);
      if (!Number.isNaN(at.getTime())) this.#choose(at);
    });
  }

  #show() {
    this.parts.times.replaceChildren(...times(new Date()).map(([name, at]) => {
      const parts = partsOf(copyOf("menu-entry"));
      setText(parts.name, t(`snooze.${name}`));
      setText(parts.about, dateTime(at.toISOString()));
      parts.root.addEventListener("click", () => this.#choose(at));
      return parts.root;
    }));
    this.parts.at.value = "";
  }

  async #choose(at) {
    this.menu.close();
    await this.desk.snooze(this.desk.selectedId, at.toISOString());
  }
}

function times(now) {
  const at = (days, hour) => {
    const moment = new Date(now);
    moment.setDate(moment.getDate() + days);
    moment.setHours(hour, 0, 0, 0);
    return moment;
  };
  const toMonday = (8 - now.getDay()) % 7 || 7;
  const later = [
    ["hour", new Date(now.getTime() + 3600_000)],
    ["three_hours", new Date(now.getTime() + 3 * 3600_000)],
    ["evening", at(0, 18)],
    ["tomorrow", at(1, 9)],
    ["monday", at(toMonday, 9)],
  ];
  return later.filter(([, moment]) => moment - now > 600_000);
}
