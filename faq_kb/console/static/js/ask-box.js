// Ask it: what would be answered, how sure, what came next, and why, in plain words. A draft counts as if it were live.
import { inLocale, percent } from "/page/static/js/formats.js";
import { manyLines } from "/page/static/js/safe-text.js";
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { LOCALES, LOCALE_NAMES, errorText, locale, named, t } from "/page/static/js/texts.js";
import { isComposing } from "./typing.js";

const MOST_SHOWN = 5;
const LEADS_TO_ARTICLE = new Set(["answer", "suggest"]);

class AskBox extends HTMLElement {
  #turn = 0;

  start({ state }) {
    this.replaceChildren(copyOf("ask-box"));
    Object.assign(this, { state, article: null, parts: partsOf(this) });
    const { text, ask, language } = this.parts;
    language.replaceChildren(...LOCALES.map((one) => new Option(LOCALE_NAMES[one], one)));
    language.value = locale();
    language.addEventListener("change", () => text.value.trim() && this.ask());
    ask.addEventListener("click", () => this.ask());
    text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || isComposing(event)) return;
      event.preventDefault();
      this.ask();
    });
  }

  /** Asks with the draft of this article in its place; null for what is live. */
  about(article) {
    this.article = article;
    this.parts.result.replaceChildren();
    setText(this.parts.hint, t(article ? "ask.with_draft" : "ask.as_live"));
  }

  askFor(text) {
    this.parts.text.value = text;
    return this.ask();
  }

  async ask() {
    const text = this.parts.text.value.trim();
    if (!text) return this.parts.text.focus();
    const turn = (this.#turn += 1);
    this.parts.result.setAttribute("aria-busy", "true");
    try {
      // What is asked about must be what is typed.
      if (this.article?.isChanged) await this.article.save();
      const answer = await this.state.api.ask(text, this.parts.language.value, this.article?.draft ? this.article.id : null);
      if (turn === this.#turn) this.#show(answer);
    } catch (error) {
      if (turn !== this.#turn) return;
      const problem = document.createElement("p");
      problem.className = "form-error";
      problem.textContent = errorText(error);
      this.parts.result.replaceChildren(problem);
    }
    this.parts.result.removeAttribute("aria-busy");
  }

  #show({ decision, hits, answer, intent, why }) {
    const parts = partsOf(copyOf("ask-result"));
    parts.root.dataset.decision = decision;
    const best = hits[0];
    const isThis = this.article && best?.id === this.article.id;
    setText(parts.decision, t(`decision.${decision}`));
    setText(parts.article, best && LEADS_TO_ARTICLE.has(decision) ? (isThis ? t("ask.this_article") : this.state.nameOf(best.id, best.question)) : "");
    const isElsewhere = decision === "elsewhere";
    setText(parts.taken, intent ? t("ask.intent", { name: named("intent", intent.name), confidence: percent(intent.confidence) }) : t("ask.unknown"));
    // What the search would have made of it is no reason for what is done instead.
    setText(parts.why, isElsewhere ? elsewhereText(intent, best && this.state.nameOf(best.id, best.question)) : whyText(why));
    const text = typeof answer === "string" ? answer : answer?.plain ?? answer?.text ?? inLocale(answer?.answer, this.parts.language.value);
    parts.answer.hidden = !text;
    parts.answer.lang = this.parts.language.value;
    setText(parts.answer, manyLines(text ?? ""));
    parts.candidates.hidden = hits.length === 0;
    parts.rows.replaceChildren(...hits.slice(0, MOST_SHOWN).map((hit) => this.#row(hit)));
    this.parts.result.replaceChildren(parts.root);
  }

  #row({ id, question, score, rule, matched }) {
    const parts = partsOf(copyOf("ask-row"));
    setText(parts.name, this.state.nameOf(id, question));
    parts.name.href = `#/articles/${encodeURIComponent(id)}`;
    parts.root.classList.toggle("this", id === this.article?.id);
    setText(parts.score, percent(score));
    parts.meter.value = Math.max(0, Math.min(1, score));
    setText(parts.matched, matched ? t("ask.matched", { text: matched }) : "");
    setText(parts.rule, rule === "pinned" ? t("ask.pinned") : "");
    return parts.root;
  }
}

/** That the nearest article is not shown, and what to do where it must be. */
function elsewhereText(intent, question) {
  if (!question) return "";
  const lost = t("ask.not_asked", { question });
  // A plain wish for a person stands above every pin.
  return intent.name === "ask_person" ? lost : `${lost}${locale() === "en" ? " " : ""}${t("ask.pin_it")}`;
}

/** The server's reason as a sentence: a key, or a key with its values. */
function whyText(why) {
  if (!why) return "";
  const { key, params = {} } = typeof why === "string" ? { key: why } : why;
  const values = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, typeof value === "number" && value <= 1 ? percent(value) : value]));
  return named("why", key) === key ? "" : t(`why.${key}`, values);
}

customElements.define("faq-ask", AskBox);
