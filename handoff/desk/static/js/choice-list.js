// What is offered while somebody writes: after a sign such as @ or / the entries that fit, chosen by arrow keys, Enter, Tab or
// a click.

export class ChoiceList {
  #fitting = [];
  #at = 0;
  #from = 0;

  /**
   * `pattern` finds the words before the cursor, in its first group, and its sign; `find(words)` gives the entries,
   * `row(entry)` an element for one, `choose(entry, from, to)` is told what was chosen and where its words stand.
   */
  constructor({ field, list, pattern, isActive, find, row, choose }) {
    Object.assign(this, { field, list, pattern, isActive, find, row, choose });
    field.addEventListener("input", (event) => event.isComposing || this.look());
    field.addEventListener("blur", () => this.hide());
    // Before the composer's own keys: Enter chooses here, and sends there.
    field.addEventListener("keydown", (event) => this.#key(event), { capture: true });
    list.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  look() {
    const before = this.field.value.slice(0, this.field.selectionStart);
    const found = this.isActive() ? this.pattern.exec(before) : null;
    if (!found) return this.hide();
    // One more for the sign itself.
    this.#from = before.length - found[1].length - 1;
    this.#fitting = this.find(found[1].toLowerCase());
    this.#at = 0;
    this.#show();
  }

  hide() {
    this.#fitting = [];
    if (!this.list.hidden) this.#show();
  }

  #show() {
    const { field, list } = this;
    list.hidden = this.#fitting.length === 0;
    list.replaceChildren(...this.#fitting.map((entry, index) => {
      const row = this.row(entry);
      row.id = `${list.id}-${index}`;
      row.setAttribute("aria-selected", String(index === this.#at));
      row.addEventListener("click", () => this.#take(entry));
      return row;
    }));
    if (list.hidden) return field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-controls", list.id);
    field.setAttribute("aria-activedescendant", `${list.id}-${this.#at}`);
    list.children[this.#at].scrollIntoView({ block: "nearest" });
  }

  #key(event) {
    if (this.list.hidden || event.isComposing || event.keyCode === 229) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.#at = (this.#at + step + this.#fitting.length) % this.#fitting.length;
    if (step) this.#show();
    else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab") this.#take(this.#fitting[this.#at]);
    else if (event.key === "Escape") this.hide();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  #take(entry) {
    const to = this.field.selectionStart;
    this.hide();
    this.field.focus();
    this.choose(entry, this.#from, to);
  }
}
