// Searching the knowledge base for an answer in the customer's language, one click from the composer.
import { percent } from "/page/static/js/formats.js";
import { oneLine, showAnswer } from "/page/static/js/safe-text.js";
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { errorText, locale, named, t } from "/page/static/js/texts.js";

const SEARCH_PAUSE_MS = 200;

class FaqPane extends HTMLElement {
  #turn = 0;
  #timer = null;
  #shownFor = "";

  start({ desk, onInsert, onCard }) {
    Object.assign(this, { desk, onInsert, onCard, parts: partsOf(this) });
    const { query } = this.parts;
    query.addEventListener("input", (event) => event.isComposing || this.#searchSoon());
    query.addEventListener("compositionend", () => this.#searchSoon());
    query.addEventListener("keydown", (event) => this.#key(event));
    this.parts.pageForm.addEventListener("submit", (event) => this.#offerPage(event));
    desk.on("selected", () => this.#forget());
    desk.on("thread messages locale", () => this.#suggest());
  }

  focusSearch() {
    this.parts.query.focus();
    this.parts.query.select();
  }

  /** Searches for these words, as if the agent had typed them. */
  find(words) {
    this.parts.query.value = words;
    this.#search(words, false);
  }

  /** Called when the panel comes into view. */
  shown() {
    this.#suggest();
  }

  get #language() {
    return this.desk.selected?.row?.language || locale();
  }

  #forget() {
    this.parts.query.value = "";
    this.#shownFor = "";
    this.parts.results.replaceChildren();
    this.#suggest();
  }

  /** Without a question of the agent's own, answers to the customer's last one. */
  #suggest() {
    if (this.hidden || this.parts.query.value.trim() || !this.desk.agent) return;
    const last = this.desk.selected?.messages.findLast((message) => message.author === "customer" && message.text);
    this.#search(last?.text ?? "", true);
  }

  #searchSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const query = this.parts.query.value.trim();
      query ? this.#search(query, false) : this.#suggest();
    }, SEARCH_PAUSE_MS);
  }

  async #search(query, isSuggestion) {
    const language = this.#language;
    const wanted = JSON.stringify([query, language, isSuggestion, locale()]);
    if (wanted === this.#shownFor) return;
    this.#shownFor = wanted;
    const turn = (this.#turn += 1);
    if (!query) return this.#showResults([], t("faq.start"));
    try {
      const { articles } = await this.desk.api.faq(oneLine(query, 300), language);
      if (turn !== this.#turn) return;
      const about = isSuggestion ? t("faq.suggested", { text: oneLine(query, 60), language: named("language", language) }) : t("faq.found", { count: articles.length, language: named("language", language) });
      this.#showResults(articles, articles.length ? about : t("faq.nothing"));
    } catch (error) {
      this.#shownFor = "";
      if (turn === this.#turn) this.#showResults([], errorText(error));
    }
  }

  #showResults(articles, about) {
    setText(this.parts.about, about);
    this.parts.results.replaceChildren(...articles.map((article) => this.#result(article)));
  }

  #result(article) {
    const parts = partsOf(copyOf("faq-result"));
    parts.root.dataset.article = article.id;
    parts.root.lang = this.#language;
    parts.question.textContent = oneLine(article.question, 300);
    showAnswer(parts.answer, article.answer);
    parts.id.textContent = article.id;
    parts.score.textContent = percent(article.score);
    parts.card.hidden = !article.page;
    parts.card.addEventListener("click", () => this.onCard({ article: article.id }, article.question));
    parts.insert.addEventListener("click", () => this.onInsert(article.plain));
    return parts.root;
  }

  #offerPage(event) {
    event.preventDefault();
    const address = this.parts.pageAddress.value.trim();
    if (this.onCard({ page: address }, address)) this.parts.pageAddress.value = "";
  }

  #key(event) {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter") {
      event.preventDefault();
      this.parts.results.querySelector("[data-part=insert]")?.click();
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (this.parts.query.value) {
        this.parts.query.value = "";
        this.#suggest();
      } else this.parts.query.blur();
    }
  }
}

customElements.define("desk-faq", FaqPane);
