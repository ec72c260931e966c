/* Help topics and their answers. Loaded when somebody browses them. */

import { button, h, icon, words } from "./dom.js";
import { linksOf } from "./messages.js";

export class FaqBrowser {
  constructor(texts, sheet, session, ask) {
    Object.assign(this, { texts, sheet, session, ask });
  }

  #get(path) {
    return this.session.get(`widget/faq${path}?locale=${this.texts.locale}`);
  }

  async front() {
    const { categories } = await this.#get("");
    return [this.#search(categories), ...this.#lists(categories)];
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
