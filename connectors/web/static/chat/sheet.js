/* Pages laid over the conversation, one over the other, and the way back. */

import { button, h, icon } from "./dom.js";

export class Sheet {
  constructor(texts) {
    this.texts = texts;
    this.back = button({ class: "tool", "data-testid": "sheet-back", "aria-label": texts.t("back"), title: texts.t("back"), onclick: () => this.goBack() },
      icon("back"));
    this.title = h("h2", { tabindex: "-1", dir: "auto" });
    this.path = h("nav", { class: "path", "aria-label": texts.t("path"), "data-testid": "sheet-path" });
    this.body = h("div", { class: "sheet-body", onkeydown: (event) => this.#walk(event) });
    this.element = h("section", { class: "sheet", "data-testid": "sheet", hidden: true },
      h("div", { class: "sheet-top" }, this.back, this.title), this.path, this.body);
    this.pages = [];
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /* The next page is the first. */
  begin(opener) {
    if (!this.isOpen) this.opener = opener;
    this.pages = [];
  }

  /* A page: `title`, `make` of its content, whether it `isLevel` of a tree and so is named above the next ones, and the
   * `id` by which its entry is found again. */
  open(page) {
    this.pages.push(page);
    this.#show();
  }

  goBack() {
    this.#goTo(this.pages.length - 2);
  }

  #goTo(index) {
    const left = this.pages[index + 1];
    this.pages.length = Math.max(0, index + 1);
    if (this.pages.length) this.#show(left?.id);
    else this.close();
  }

  close() {
    if (!this.isOpen) return;
    this.pages = [];
    this.element.hidden = true;
    this.opener?.focus();
  }

  async #show(id) {
    const page = this.pages.at(-1);
    this.element.hidden = false;
    this.element.setAttribute("aria-label", page.title);
    this.title.textContent = page.title;
    this.#showPath();
    this.body.replaceChildren(h("div", { class: "loading", role: "status", "aria-label": this.texts.t("loading") }, h("i"), h("i"), h("i")));
    this.title.focus();
    const content = await Promise.resolve().then(page.make).catch(() => [this.#problem()]);
    if (this.pages.at(-1) !== page) return;
    this.body.replaceChildren(...content.filter(Boolean));
    this.body.scrollTop = 0;
    if (id) this.body.querySelector(`[data-id="${CSS.escape(id)}"]`)?.focus();
  }

  #showPath() {
    const levels = this.pages.slice(0, -1).flatMap((page, index) => (page.isLevel ? { ...page, index } : []));
    this.path.hidden = levels.length < 2;
    this.path.replaceChildren(h("ol", {}, levels.map(({ title, index }) =>
      h("li", {}, button({ class: "link-button", dir: "auto", onclick: () => this.#goTo(index) }, title)))));
  }

  /* Arrows go through a list, as Tab does. */
  #walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const stops = [...this.body.querySelectorAll(".search, .list button")].filter((stop) => stop.checkVisibility?.() ?? true);
    const at = stops.indexOf(event.target);
    if (!step || at < 0 || event.isComposing || !stops[at + step]) return;
    event.preventDefault();
    stops[at + step].focus();
  }

  #problem() {
    return h("div", { class: "empty" }, h("p", {}, this.texts.t("could_not_load")),
      button({ class: "main-button", onclick: () => this.#show() }, this.texts.t("retry")));
  }
}
