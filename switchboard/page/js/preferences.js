// What this agent likes on this machine: theme, send key, sounds, shortcuts.
import { Signals } from "./signals.js";
import { read, write } from "./storage.js";

const DEFAULTS = {
  theme: "auto",
  sendKey: "enter",
  ticketSound: true,
  messageSound: true,
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

  showTheme() {
    const { theme } = this.#values;
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }
}
