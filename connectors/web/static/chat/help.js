/* Pages laid over the conversation: help topics and their answers, the customer's orders, and what else can be done with
 * the chat. Loaded when first asked for. */

import { button, followable, h, icon, link, written } from "./dom.js";
import { Sheet } from "./sheet.js";

export class Pages extends Sheet {
  constructor(texts, chat) {
    super(texts);
    this.chat = chat;
    this.faq = new FaqBrowser(texts, this, chat.session, (article) => chat.askArticle(article));
  }

  openFaq(opener) {
    this.begin(opener);
    this.faq.open();
  }

  openOrders(opener) {
    this.begin(opener);
    this.open({ title: this.texts.t("my_orders"), make: () => this.#orders() });
  }

  openMore(opener) {
    this.begin(opener);
    this.open({ title: this.texts.t("more"), make: async () => (await import("./more.js")).waysOf(this) });
  }

  async #orders() {
    const [{ orders }, { orderCard }] = await Promise.all([
      this.chat.session.get(`widget/orders?locale=${this.texts.locale}`), import("./cards.js"), this.texts.need("cards"), this.chat.wear("cards.css")]);
    if (!orders.length) return [h("p", { class: "empty" }, this.texts.t("no_orders"))];
    return orders.map((order) => orderCard(order, this.texts, (one) => this.chat.askOrder(one)));
  }
}

class FaqBrowser {
  constructor(texts, pages, session, ask) {
    Object.assign(this, { texts, pages, session, ask });
  }

  #get(path) {
    return this.session.get(`widget/faq${path}?locale=${this.texts.locale}`);
  }

  open() {
    this.pages.open({
      title: this.texts.t("browse_faq"),
      isLevel: true,
      make: async () => {
        this.categories = (await this.#get("")).categories;
        return [this.#search(), this.#topics(this.#below(null)), this.found];
      },
    });
  }

  /* Each category names the one that holds it; one that names none of these stands at the top. */
  #below(id) {
    const known = new Set(this.categories.map((category) => category.id));
    return this.categories.filter(({ parent }) => (known.has(parent) ? parent : null) === id);
  }

  #countIn({ id, articles }) {
    return this.#below(id).reduce((count, inner) => count + this.#countIn(inner), articles.length);
  }

  #topics(categories) {
    this.topics = list(categories, "faq-category", (category) =>
      [h("span", {}, category.name), h("span", { class: "how-many" }, this.texts.t("articles", { count: this.#countIn(category) }))],
    (category) => this.#openCategory(category));
    return this.topics;
  }

  #search() {
    const articles = this.categories.flatMap((category) => category.articles);
    const field = h("input", { class: "search", type: "search", dir: "auto", "data-testid": "faq-search",
      "aria-label": this.texts.t("search_faq"), placeholder: this.texts.t("search_faq") });
    this.found = h("div", { "aria-live": "polite" });
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLowerCase();
      const hits = wanted ? articles.filter(({ question }) => question.toLowerCase().includes(wanted)) : [];
      this.topics.hidden = Boolean(wanted);
      const nothing = wanted && !hits.length && h("p", { class: "empty" }, this.texts.t("nothing_found"));
      this.found.replaceChildren(...[hits.length && this.#questions(hits), nothing].filter(Boolean));
    });
    return field;
  }

  #openCategory({ id, name, articles }) {
    const inner = this.#below(id);
    this.pages.open({
      id, title: name, isLevel: true,
      make: () => [inner.length > 0 && this.#topics(inner), articles.length > 0 && this.#questions(articles)],
    });
  }

  #questions(articles) {
    return list(articles, "faq-article", ({ question }) => [h("span", { dir: "auto" }, question)], (article) => this.#openArticle(article));
  }

  #openArticle({ id, question }) {
    this.pages.open({
      id, title: question,
      make: async () => {
        const article = await this.#get(`/${encodeURIComponent(id)}`);
        return [
          h("div", { class: "answer", dir: "auto", "data-testid": "faq-answer" }, written(article.answer)),
          this.#image(article),
          linksOf(article.links),
          h("div", { class: "answer-foot" },
            button({ class: "main-button", "data-testid": "ask-this", onclick: () => this.ask(article) }, this.texts.t("ask_this")),
            article.page && h("span", { class: "links", "data-testid": "open-page" }, link(article.page, this.texts.t("open_page")))),
          article.related?.length > 0 && h("h3", {}, this.texts.t("related")),
          article.related?.length > 0 && this.#questions(article.related),
        ];
      },
    });
  }

  #image({ image, question }) {
    const url = image && followable(image, this.session.gateway);
    return url && h("img", { class: "picture", src: url.href, alt: question, loading: "lazy", referrerpolicy: "no-referrer" });
  }
}

function linksOf(links) {
  return links?.length > 0 && h("ul", { class: "links" }, links.map((one) => h("li", {}, link(one.url, one.label || one.url))));
}

function list(entries, testid, words, open) {
  return h("ul", { class: "list" }, entries.map((entry) =>
    h("li", {}, button({ "data-testid": testid, "data-id": entry.id, onclick: () => open(entry) }, words(entry), icon("next")))));
}
