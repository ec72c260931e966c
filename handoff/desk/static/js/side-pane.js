// The right pane: the customer, the knowledge or the products, one at a time.
import { partsOf } from "/page/static/js/templates.js";

class SidePane extends HTMLElement {
  start({ route }) {
    this.parts = partsOf(this);
    this.tabs = { customer: this.parts.tabCustomer, faq: this.parts.tabFaq, products: this.parts.tabProducts };
    this.panels = Object.fromEntries(Object.keys(this.tabs).map((name) => [name, this.querySelector(`desk-${name}`)]));
    for (const [name, tab] of Object.entries(this.tabs)) {
      tab.addEventListener("click", () => this.show(name));
      tab.addEventListener("keydown", (event) => this.#key(event, name));
    }
    this.parts.back.addEventListener("click", () => route.back());
  }

  show(name) {
    for (const [one, tab] of Object.entries(this.tabs)) {
      tab.setAttribute("aria-selected", String(one === name));
      tab.tabIndex = one === name ? 0 : -1;
      this.panels[one].hidden = one !== name;
    }
    this.panels[name].shown?.();
  }

  #key(event, name) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const names = Object.keys(this.tabs);
    const other = names.at((names.indexOf(name) + step) % names.length);
    this.show(other);
    this.tabs[other].focus();
  }
}

customElements.define("desk-side", SidePane);
