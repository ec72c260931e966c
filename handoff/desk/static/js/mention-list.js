// Naming a colleague in a note: after an @ the colleagues whose name or login begins so, chosen by arrow keys, Enter or a click.
import { oneLine } from "/page/static/js/safe-text.js";
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";

const MOST_SHOWN = 6;
const NAMING = /(?:^|[^\w.@])@([\p{L}\p{N}._-]{0,40})$/u;

export class MentionList {
  #fitting = [];
  #at = 0;

  constructor({ desk, field, list, isNote }) {
    Object.assign(this, { desk, field, list, isNote });
    field.addEventListener("input", (event) => event.isComposing || this.#look());
    field.addEventListener("blur", () => this.#hide());
    // Before the composer's own keys: Enter chooses here, and sends there.
    field.addEventListener("keydown", (event) => this.#key(event), { capture: true });
    list.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  #look() {
    const before = this.field.value.slice(0, this.field.selectionStart);
    const words = this.isNote() ? NAMING.exec(before)?.[1].toLowerCase() : undefined;
    if (words === undefined) return this.#hide();
    if (!this.desk.people.colleagues.length) this.desk.readPeople().then(() => this.desk.people.colleagues.length && this.#look());
    const others = this.desk.people.colleagues.filter((one) => one.id !== this.desk.agent?.id);
    this.#fitting = others.filter((one) => one.login.startsWith(words) || one.name.toLowerCase().includes(words)).slice(0, MOST_SHOWN);
    this.#at = 0;
    this.#show();
  }

  #show() {
    this.list.hidden = this.#fitting.length === 0;
    this.list.replaceChildren(...this.#fitting.map((one, index) => {
      const parts = partsOf(copyOf("mention"));
      parts.root.id = `mention-${index}`;
      parts.root.setAttribute("aria-selected", String(index === this.#at));
      setText(parts.name, oneLine(one.name, 60));
      setText(parts.login, `@${one.login}`);
      parts.root.addEventListener("click", () => this.#choose(one));
      return parts.root;
    }));
    if (this.list.hidden) this.field.removeAttribute("aria-activedescendant");
    else this.field.setAttribute("aria-activedescendant", `mention-${this.#at}`);
  }

  #hide() {
    this.#fitting = [];
    if (!this.list.hidden) this.#show();
  }

  #key(event) {
    if (this.list.hidden || event.isComposing || event.keyCode === 229) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.#at = (this.#at + step + this.#fitting.length) % this.#fitting.length;
    if (step) this.#show();
    else if (event.key === "Enter" || event.key === "Tab") this.#choose(this.#fitting[this.#at]);
    else if (event.key === "Escape") this.#hide();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  #choose({ login }) {
    const { selectionStart: end, value } = this.field;
    const start = value.lastIndexOf("@", end - 1);
    this.field.setRangeText(`@${login} `, start, end, "end");
    this.#hide();
    this.field.focus();
    this.field.dispatchEvent(new Event("input"));
  }
}
