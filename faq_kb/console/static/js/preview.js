// The article as a customer sees it: the widget's own code and style in a frame of their own, by day or by night.
import { Log } from "/widget/static/chat/messages.js";
import { loadTexts } from "/widget/static/chat/texts.js";
import { FALLBACKS, LOCALES, LOCALE_NAMES, t } from "/page/static/js/texts.js";
import { partsOf, setText } from "/page/static/js/templates.js";
import { valueAt } from "./content.js";

const STYLE = "/widget/static/chat/chat.css";
// As many as the assistant offers, see actions/answers.py.
const MOST_RELATED = 2;
let styles = null;

class Preview extends HTMLElement {
  #turn = 0;

  start({ state }) {
    Object.assign(this, { state, parts: partsOf(this), article: null });
    this.parts.language.replaceChildren(...LOCALES.map((one) => new Option(LOCALE_NAMES[one], one)));
    this.parts.language.addEventListener("change", () => this.show());
    this.parts.dark.addEventListener("click", () => {
      const isDark = this.parts.dark.getAttribute("aria-pressed") !== "true";
      this.parts.dark.setAttribute("aria-pressed", String(isDark));
      this.show();
    });
    this.parts.dark.setAttribute("aria-pressed", String((document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark"));
    this.shadow = this.parts.widget.attachShadow({ mode: "open" });
  }

  of(article, locale) {
    this.article = article;
    this.parts.language.value = locale;
    this.show();
  }

  async show() {
    if (!this.article || this.hidden) return;
    const turn = (this.#turn += 1);
    const wanted = this.parts.language.value;
    const [texts] = await Promise.all([loadTexts(wanted), this.#dress()]);
    if (turn !== this.#turn) return;
    const isDark = this.parts.dark.getAttribute("aria-pressed") === "true";
    this.parts.widget.dataset.scheme = isDark ? "dark" : "light";
    const { content } = this.article;
    const written = FALLBACKS[wanted].find((one) => valueAt(content, `answer.${one}`).trim());
    setText(this.parts.note, written === wanted ? "" : written ? t("preview.falls_back", { language: t(`language.${written}`) }) : t("preview.nothing"));
    this.#showIn(texts, (field) => (FALLBACKS[wanted].map((one) => valueAt(content, `${field}.${one}`).trim()).find(Boolean) ?? ""));
  }

  async #dress() {
    styles ??= fetch(STYLE).then((response) => response.text()).then((text) => new CSSStyleSheet().replace(text));
    this.shadow.adoptedStyleSheets = [await styles];
  }

  #showIn(texts, textOf) {
    const { content } = this.article;
    const at = new Date().toISOString();
    const line = (id, author, text, more = {}) => ({ id, author, text, at, lang: texts.locale, buttons: [], ...more });
    const messages = [];
    if (textOf("question")) messages.push(line(1, "customer", textOf("question")));
    if (textOf("answer")) {
      const image = content.image?.startsWith("/") ? content.image : null;
      const links = content.links.filter(({ url }) => url).map(({ label, url }) => `${texts.pick(label) || url}: ${url}`);
      const related = content.related.filter((id) => this.state.articleRow(id)).slice(0, MOST_RELATED).map((id, index) => ({ index, title: texts.pick(this.state.articleRow(id).question) || id }));
      messages.push(line(2, "assistant", [textOf("answer"), ...links].join("\n"), { image, buttons: related, article: this.article }));
    }
    const nothing = () => {};
    const log = new Log(texts, { gateway: location.origin, contacts: () => null, say: nothing, press: nothing, retry: nothing, discard: nothing, seen: nothing, rate: nothing });
    log.welcome.remove();
    const root = document.createElement("div");
    root.className = "root";
    root.lang = texts.locale;
    // It shows; it does not act.
    root.inert = true;
    root.append(log.element);
    this.shadow.replaceChildren(root);
    log.show({ messages, state: { status: "bot" }, typing: null, isKnown: true });
  }
}

customElements.define("faq-preview", Preview);
