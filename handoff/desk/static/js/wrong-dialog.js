// Calling an answer of the assistant wrong: which article would be right, or that none is.
import { oneLine } from "/page/static/js/safe-text.js";
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { errorText, locale, t } from "/page/static/js/texts.js";

const SEARCH_PAUSE_MS = 200;

export class WrongDialog {
  #message = null;
  #given = null;
  #onKept = null;
  #right = null;
  #turn = 0;
  #timer = null;

  constructor({ desk, dialog }) {
    Object.assign(this, { desk, dialog, parts: partsOf(dialog) });
    const { parts } = this;
    parts.form.addEventListener("submit", (event) => this.#send(event));
    parts.form.addEventListener("change", () => this.#show());
    parts.find.addEventListener("input", (event) => event.isComposing || this.#searchSoon());
    parts.find.addEventListener("compositionend", () => this.#searchSoon());
    parts.find.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
  }

  /** `onKept` gets the gateway's answer once it is kept. */
  open(message, onKept) {
    const { parts } = this;
    const id = message.provenance?.id ?? message.article?.id ?? null;
    this.#message = message;
    this.#given = id;
    this.#onKept = onKept;
    this.#right = null;
    parts.counterChoice.hidden = !id;
    setText(parts.counterText, t("wrong.counter", { article: id ?? "" }));
    (id ? parts.counter : parts.other).checked = true;
    setText(parts.question, oneLine(this.#question(), 300));
    parts.find.value = "";
    parts.problem.hidden = true;
    parts.list.replaceChildren();
    this.#search();
    this.#show();
    this.dialog.showModal();
    (id ? parts.counter : parts.other).focus();
  }

  /** What the customer wrote before it, as far as it is read. */
  #question() {
    const before = this.desk.selected.messages.filter(({ id, author, text }) => id < this.#message.id && author === "customer" && text);
    return before.at(-1)?.text ?? "";
  }

  get #as() {
    return this.parts.form.elements.as.value;
  }

  #show() {
    const { parts } = this;
    const isOther = this.#as === "asked_as";
    parts.rightPlace.hidden = !isOther;
    parts.send.disabled = isOther && this.#right === null;
  }

  #searchSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#search(), SEARCH_PAUSE_MS);
  }

  /** Without words of the agent's own, what comes nearest to the customer's. */
  async #search() {
    const turn = (this.#turn += 1);
    const words = oneLine(this.parts.find.value.trim() || this.#question(), 300);
    try {
      const { articles } = words ? await this.desk.api.faq(words, locale()) : { articles: [] };
      if (turn !== this.#turn) return;
      const others = articles.filter(({ id }) => id !== this.#given);
      if (!others.some(({ id }) => id === this.#right)) this.#right = null;
      this.parts.list.replaceChildren(...others.map((article) => this.#entry(article)));
      this.parts.nothing.hidden = others.length > 0;
    } catch (error) {
      if (turn === this.#turn) this.#refuse(error);
    }
    this.#show();
  }

  #entry({ id, question }) {
    const parts = partsOf(copyOf("right-article"));
    parts.root.dataset.article = id;
    Object.assign(parts.choice, { value: id, checked: id === this.#right });
    parts.choice.addEventListener("change", () => (this.#right = id));
    setText(parts.name, oneLine(question, 200));
    return parts.root;
  }

  async #send(event) {
    event.preventDefault();
    this.parts.send.disabled = true;
    try {
      const given = this.#as === "asked_as" ? { article: this.#right } : {};
      const kept = await this.desk.api.wrongAnswer(this.#message.id, { as: this.#as, ...given });
      this.dialog.close();
      this.#onKept(kept);
    } catch (error) {
      this.#refuse(error);
    }
    this.#show();
  }

  #refuse(error) {
    this.parts.problem.hidden = false;
    setText(this.parts.problem, errorText(error));
  }
}
