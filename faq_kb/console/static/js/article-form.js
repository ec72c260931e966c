// All fields of the open article: four languages side by side, a tab each on a phone, and what is common to them.
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { LOCALES, LOCALE_NAMES, locale, named, t } from "/page/static/js/texts.js";
import { ChoicesField, DayField, LinesField, TextField } from "./fields.js";
import { ImageField, LinksField, PinsField, RelatedField } from "./linked-fields.js";
import { PATHS, valueAt } from "./content.js";
import { pathOf, problemText } from "./problems.js";

const CHANNELS = ["widget", "telegram", "whatsapp", "line", "messenger", "facebook", "instagram", "slack", "wechat", "wechat_mini", "wecom", "weibo", "sms", "twilio", "email"];
const READERS = ["guest", "signed_in"];
const SHORT_LIMIT = 300;
const ANSWER_LIMIT = 4000;

export class ArticleForm {
  constructor({ place, state, article, onTryPin }) {
    Object.assign(this, { place, state, article, onTryPin, fields: new Map() });
    this.parts = partsOf(copyOf("form"));
    this.place.replaceChildren(this.parts.root);
    this.#buildLanguages();
    this.#buildRest();
    this.shownLocale = LOCALES.includes(locale()) ? locale() : LOCALES[0];
    this.#showLocale(this.shownLocale);
    this.showAll();
  }

  get #options() {
    return { onChange: (path, value) => this.article.set(path, value) };
  }

  #add(place, field) {
    this.fields.set(field.path, field);
    place.append(field.element);
  }

  // Languages

  #buildLanguages() {
    this.cards = new Map();
    // The editor's own language first: that is where they begin to write.
    const order = [locale(), ...LOCALES.filter((one) => one !== locale())];
    for (const one of order) {
      const parts = partsOf(copyOf("locale-card"));
      setText(parts.name, LOCALE_NAMES[one]);
      parts.root.dataset.locale = one;
      parts.root.dataset.testid = `locale-${one}`;
      parts.root.id = `locale-${one}`;
      parts.root.setAttribute("aria-label", LOCALE_NAMES[one]);
      this.#add(parts.fields, new TextField(`question.${one}`, { label: "field.question", limit: 500, ...this.#options }));
      this.#add(parts.fields, new TextField(`answer.${one}`, { label: "field.answer", hasMarkup: true, rows: 5, limit: ANSWER_LIMIT, ...this.#options }));
      this.#add(parts.fields, new TextField(`short_answer.${one}`, { label: "field.short_answer", hint: "hint.short_answer", rows: 2, limit: SHORT_LIMIT, ...this.#options }));
      this.cards.set(one, parts);
      this.parts.cards.append(parts.root);
      this.parts.tabs.append(this.#tab(one));
    }
  }

  #tab(one) {
    const tab = document.createElement("button");
    tab.type = "button";
    tab.lang = one;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", `locale-${one}`);
    tab.dataset.locale = one;
    tab.dataset.testid = `locale-tab-${one}`;
    tab.append(t(`locale_tab.${one}`), document.createElement("i"));
    tab.addEventListener("click", () => this.#showLocale(one));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const tabs = [...this.parts.tabs.children];
      const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
      this.#showLocale(next.dataset.locale);
      next.focus();
    });
    return tab;
  }

  #showLocale(wanted) {
    this.shownLocale = wanted;
    for (const tab of this.parts.tabs.children) {
      tab.setAttribute("aria-selected", String(tab.dataset.locale === wanted));
      tab.tabIndex = tab.dataset.locale === wanted ? 0 : -1;
    }
    for (const [one, parts] of this.cards) parts.root.classList.toggle("shown", one === wanted);
  }

  // What is common to the languages

  #buildRest() {
    const { parts, article, state } = this;
    this.#add(parts.phrases, new LinesField("asked_as", { label: "field.asked_as", hint: "hint.asked_as", add: "lines.add_phrase", ...this.#options }));
    this.#add(parts.phrases, new LinesField("not_asked_as", { label: "field.not_asked_as", hint: "hint.not_asked_as", add: "lines.add_phrase", ...this.#options }));
    this.#add(parts.keywords, new LinesField("keywords", { label: "field.keywords", hint: "hint.keywords", add: "lines.add_keyword", ...this.#options }));
    this.#add(parts.pins, new PinsField("pins", { label: "field.pins", hint: "hint.pins", add: "pins.add", onTry: (text) => this.onTryPin(text), ...this.#options }));
    this.#add(parts.extras, new RelatedField("related", { label: "field.related", hint: "hint.related", state, article, ...this.#options }));
    this.#add(parts.extras, new LinksField("links", { label: "field.links", add: "links.add", ...this.#options }));
    this.#add(parts.extras, new ImageField("image", { label: "field.image", hint: "hint.image", api: state.api, ...this.#options }));
    this.#add(parts.days, new DayField("valid_from", { label: "field.valid_from", ...this.#options }));
    this.#add(parts.days, new DayField("valid_until", { label: "field.valid_until", ...this.#options }));
    this.#add(parts.readers, new ChoicesField("channels", { label: "field.channels", hint: "hint.channels", choices: CHANNELS, names: (one) => named("channel", one), ...this.#options }));
    this.#add(parts.readers, new ChoicesField("audience", { label: "field.audience", hint: "hint.audience", choices: READERS, names: (one) => named("audience", one), ...this.#options }));
    parts.category.addEventListener("change", () => article.setCategory(parts.category.value));
    parts.rename.addEventListener("click", () => this.onRename());
    parts.remove.addEventListener("click", () => this.onDelete());
    const { id, published } = article;
    parts.helpPage.hidden = parts.figures.hidden = !published;
    parts.helpPage.href = `/help/${locale()}/${encodeURIComponent(id)}`;
    parts.figures.href = `#/stats?article=${encodeURIComponent(id)}`;
    this.showCategories();
  }

  showCategories() {
    const { category, id } = this.parts;
    const { categories } = this.state.tree;
    const depth = (one) => (one.parent ? 1 + depth(categories.find(({ id: other }) => other === one.parent) ?? {}) : 0);
    category.replaceChildren(...categories.map((one) => new Option(`${"　".repeat(depth(one))}${this.state.nameOf(one.id, one.name)}`, one.id)));
    category.value = this.article.category;
    setText(id, this.article.id);
  }

  // Showing

  showAll() {
    for (const path of PATHS) this.fields.get(path).show(valueAt(this.article.content, path));
    this.showCategories();
    this.showGaps();
    for (const section of this.parts.root.querySelectorAll("details")) {
      if ([...section.querySelectorAll("[data-field]")].some((field) => isFilled(valueAt(this.article.content, field.dataset.field)))) section.dataset.filled = "";
    }
  }

  show(paths) {
    for (const path of paths) this.fields.get(path).show(valueAt(this.article.content, path));
    this.showGaps();
  }

  /** Which languages are not written yet, and how much stands in what is folded. */
  showGaps() {
    const { content } = this.article;
    for (const [one, parts] of this.cards) {
      const isMissing = !valueAt(content, `question.${one}`).trim() || !valueAt(content, `answer.${one}`).trim();
      parts.missing.hidden = !isMissing;
      this.parts.tabs.querySelector(`[data-locale="${one}"]`).classList.toggle("incomplete", isMissing);
    }
    for (const section of this.parts.root.querySelectorAll("details")) {
      const filled = [...section.querySelectorAll("[data-field]")].filter((field) => isFilled(valueAt(content, field.dataset.field))).length;
      setText(section.querySelector("[data-part=filled]"), filled ? t("section.filled", { count: filled }) : "");
    }
  }

  /** Problems and collisions, each beside the field it is about. */
  showProblems({ problems, collisions }) {
    const byPath = new Map();
    for (const problem of problems) {
      const path = pathOf(problem, PATHS);
      if (path) byPath.set(path, [...(byPath.get(path) ?? []), { text: problemText(problem, this.state), level: problem.level }]);
    }
    for (const [path, field] of this.fields) field.showProblems(byPath.get(path) ?? []);
    this.fields.get("asked_as").mark(collisions.map(({ text, with: other }) => ({ text, why: t("collision.row", { article: this.state.nameOf(other.id, other.question), text: other.text }) })));
  }

  /** Fills a sentence in without keeping it: the editor does that, or not. */
  propose(path, text, onTaken) {
    this.fields.get(path).propose(text, onTaken);
  }

  focus(path) {
    const field = this.fields.get(path);
    if (!field) return;
    if (path.split(".")[1]) this.#showLocale(path.split(".")[1]);
    const folded = field.element.closest("details");
    if (folded) folded.open = true;
    field.element.scrollIntoView({ block: "center" });
    field.focus();
  }
}

const isFilled = (value) => (Array.isArray(value) ? value.length > 0 : Boolean(value));
