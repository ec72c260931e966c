/* Pages laid over the conversation, one over the other. */

import { button, h, icon } from "./dom.js";

export class Sheet {
  constructor(texts) {
    this.texts = texts;
    this.back = button({ class: "tool", "data-testid": "sheet-back", "aria-label": texts.t("back"), title: texts.t("back"), onclick: () => this.goBack() },
      icon("back"));
    this.title = h("h2", { tabindex: "-1", dir: "auto" });
    this.body = h("div", { class: "sheet-body" });
    this.element = h("section", { class: "sheet", "data-testid": "sheet", hidden: true },
      h("div", { class: "sheet-top" }, this.back, this.title), this.body);
    this.pages = [];
  }

  get isOpen() {
    return !this.element.hidden;
  }

  open(title, make, opener = null) {
    if (!this.isOpen) this.opener = opener;
    this.pages.push({ title, make });
    this.#show();
  }

  goBack() {
    this.pages.pop();
    if (this.pages.length) this.#show();
    else this.close();
  }

  close() {
    if (!this.isOpen) return;
    this.pages = [];
    this.element.hidden = true;
    this.opener?.focus();
  }

  async #show() {
    const page = this.pages.at(-1);
    this.element.hidden = false;
    this.element.setAttribute("aria-label", page.title);
    this.title.textContent = page.title;
    this.body.replaceChildren(h("div", { class: "loading", role: "status", "aria-label": this.texts.t("loading") }, h("i"), h("i"), h("i")));
    this.title.focus();
    const content = await Promise.resolve().then(page.make).catch(() => [this.#problem()]);
    if (this.pages.at(-1) !== page) return;
    this.body.replaceChildren(...content.filter(Boolean));
    this.body.scrollTop = 0;
  }

  #problem() {
    return h("div", { class: "empty" }, h("p", {}, this.texts.t("could_not_load")),
      button({ class: "main-button", onclick: () => this.#show() }, this.texts.t("retry")));
  }
}
