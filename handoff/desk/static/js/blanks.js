// Variables in a draft that have no value yet: named over the draft, filled in with a click where the shop knows several, and
// never sent.
import { replaceRange } from "./writing.js";
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { t, named } from "/page/static/js/texts.js";

const ANY = /[{｛]\s{0,3}(\/?[^\s{}｛｝][^{}｛｝\n]{0,60}?)\s{0,3}[}｝]/gu;

export class Blanks {
  constructor({ desk, canned, field, place, isNote }) {
    Object.assign(this, { desk, canned, field, place, isNote });
    field.addEventListener("input", () => this.show());
    canned.on("change", () => this.show());
    desk.on("thread locale", () => this.show());
  }

  /** What stands in the draft: `[{name, at, length}]`. */
  get left() {
    if (this.isNote()) return [];
    const found = [...this.field.value.matchAll(ANY)].map((one) => ({ name: one[1].toLowerCase().replace("．", "."), at: one.index, length: one[0].length }));
    return found.filter(({ name }) => this.canned.variables.includes(name) || name.startsWith("/"));
  }

  /** Whether the draft may go as far as this is concerned; else the first of them is marked. */
  refuse() {
    const [first] = this.left;
    if (!first) return false;
    this.#mark(first);
    this.place.classList.remove("nudged");
    void this.place.offsetWidth;
    this.place.classList.add("nudged");
    return true;
  }

  show() {
    const names = [...new Set(this.left.map(({ name }) => name))];
    this.place.hidden = names.length === 0;
    this.place.replaceChildren(...(names.length ? [this.#about(), ...names.map((name) => this.#row(name))] : []));
  }

  #about() {
    const about = document.createElement("p");
    setText(about, t("blank.about"));
    return about;
  }

  #row(name) {
    const parts = partsOf(copyOf("blank"));
    setText(parts.name, named("blank", name));
    parts.name.title = t("blank.mark");
    parts.name.addEventListener("click", () => this.#mark(this.left.find((one) => one.name === name)));
    for (const [shown, value] of this.#known(name)) {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "chip" });
      button.dataset.testid = "blank-choice";
      setText(button, shown);
      button.addEventListener("click", () => this.#fill(name, value));
      parts.root.append(button);
    }
    return parts.root;
  }

  #mark(blank) {
    if (!blank) return;
    this.field.focus();
    this.field.setSelectionRange(blank.at, blank.at + blank.length);
  }

  #fill(name, value) {
    // From the last, so that the places of the others stay; a value with braces of its own is filled in once.
    for (const blank of this.left.filter((one) => one.name === name).reverse()) replaceRange(this.field, blank.at, blank.at + blank.length, value);
  }

  /** What the shop knows that it could be: `[[shown, value]]`. */
  #known(name) {
    const orders = this.desk.selected?.customer?.orders ?? [];
    const parcels = orders.flatMap((order) => order.parcels.map((parcel) => [parcel, order]));
    switch (name) {
      case "order.number":
        return orders.map((order) => [`${order.number} · ${order.status_label}`, order.number]);
      case "order.status":
        return orders.map((order) => [`${order.status_label} · ${order.number}`, order.status_label]);
      case "parcel.number":
        return parcels.map(([parcel, order]) => [`${parcel.tracking_number} · ${order.number}`, parcel.tracking_number]);
      case "parcel.carrier":
        return [...new Set(parcels.map(([parcel]) => parcel.carrier))].map((carrier) => [carrier, carrier]);
      default:
        return [];
    }
  }
}
