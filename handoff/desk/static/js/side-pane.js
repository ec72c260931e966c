// The right pane: the customer or the knowledge, one at a time.
import { partsOf } from "/page/static/js/templates.js";

class SidePane extends HTMLElement {
  start({ route }) {
    this.parts = partsOf(this);
    this.tabs = { customer: this.parts.tabCustomer, faq: this.parts.tabFaq };
    this.panels = { customer: this.querySelector("desk-customer"), faq: this.querySelector("desk-faq") };
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
    if (name === "faq") this.panels.faq.shown();
  }

  #key(event, name) {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    const other = name === "faq" ? "customer" : "faq";
    this.show(other);
    this.tabs[other].focus();
  }
}

customElements.define("desk-side", SidePane);
