// What somebody likes: theme, send key, sounds, alerts, shortcuts. Kept on this machine, and by the desk with the agent.
import { Signals } from "./signals.js";
import { read, write } from "./storage.js";

const DEFAULTS = {
  theme: "auto",
  sendKey: "enter",
  undoSend: true,
  ticketSound: true,
  messageSound: true,
  mentionSound: true,
  titleBadge: true,
  notifications: true,
  realert: true,
  shortcuts: true,
  locale: null,
};

export class Preferences extends Signals {
  #values = { ...DEFAULTS, ...read("preferences", {}) };

  get(name) {
    return this.#values[name];
  }

  set(name, value) {
    if (this.#values[name] === value) return;
    this.#values[name] = value;
    write("preferences", this.#values);
    if (name === "theme") this.showTheme();
    this.emit("change", name);
  }

  /** What the server keeps for this person wins over what this machine remembers. */
  takeUp(kept) {
    for (const [name, value] of Object.entries(kept)) if (name in DEFAULTS && this.#values[name] !== value) this.set(name, value);
  }

  showTheme() {
    const { theme } = this.#values;
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }
}
