/* Pages laid over the conversation: help topics and their answers, the customer's orders. */

import { button, h, icon, words } from "./dom.js";
import { linksOf, orderCard } from "./messages.js";

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

export class FaqBrowser {
  constructor(texts, sheet, session, ask) {
    Object.assign(this, { texts, sheet, session, ask });
  }

  #get(path) {
    return this.session.get(`widget/faq${path}?locale=${this.texts.locale}`);
  }

  open(opener) {
    this.sheet.open(this.texts.t("browse_faq"), async () => {
      const { categories } = await this.#get("");
      return [this.#search(categories), ...this.#lists(categories)];
    }, opener);
  }

  #lists(categories) {
    this.topics = list(categories, "faq-category", ({ name, articles }) =>
      [h("span", {}, name), h("span", { class: "how-many" }, this.texts.t("articles", { count: articles.length }))],
    (category) => this.#openCategory(category));
    this.found = h("div", { "aria-live": "polite" });
    return [this.topics, this.found];
  }

  #search(categories) {
    const articles = categories.flatMap((category) => category.articles);
    const field = h("input", { class: "search", type: "search", dir: "auto", "data-testid": "faq-search",
      "aria-label": this.texts.t("search_faq"), placeholder: this.texts.t("search_faq") });
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLowerCase();
      const hits = wanted ? articles.filter(({ question }) => question.toLowerCase().includes(wanted)) : [];
      this.topics.hidden = Boolean(wanted);
      const nothing = wanted && !hits.length && h("p", { class: "empty" }, this.texts.t("nothing_found"));
      this.found.replaceChildren(...[hits.length && this.#questions(hits), nothing].filter(Boolean));
    });
    return field;
  }

  #openCategory({ name, articles }) {
    this.sheet.open(name, () => [this.#questions(articles)]);
  }

  #questions(articles) {
    return list(articles, "faq-article", ({ question }) => [h("span", { dir: "auto" }, question)], (article) => this.#openArticle(article));
  }

  #openArticle({ id, question }) {
    this.sheet.open(question, async () => {
      const article = await this.#get(`/${encodeURIComponent(id)}`);
      return [
        h("div", { class: "answer", dir: "auto", "data-testid": "faq-answer" }, words(article.answer)),
        linksOf(article.links),
        button({ class: "main-button", "data-testid": "ask-this", onclick: () => this.ask(article) }, this.texts.t("ask_this")),
        article.related?.length > 0 && h("h3", {}, this.texts.t("related")),
        article.related?.length > 0 && this.#questions(article.related),
      ];
    });
  }
}

function list(entries, testid, words, open) {
  return h("ul", { class: "list" }, entries.map((entry) =>
    h("li", {}, button({ "data-testid": testid, "data-id": entry.id, onclick: () => open(entry) }, words(entry), icon("next")))));
}
