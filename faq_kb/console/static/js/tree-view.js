// The tree of categories and articles, with search, and marks for what is not published or not written in a language.
import { ago } from "/page/static/js/formats.js";
import { copyOf, keepRows, partsOf, setText } from "/page/static/js/templates.js";
import { LOCALES, locale, t } from "/page/static/js/texts.js";
import { editCategory, newArticle } from "./article-dialogs.js";
import { nameOfAuthor } from "./people.js";
import { isComposing, onRest } from "./typing.js";

// With more articles the tree begins folded.
const MOST_UNFOLDED = 300;
const STATES = ["draft", "review", "scheduled", "failed", "new"];

class Tree extends HTMLElement {
  /** Categories folded or unfolded by hand, against what is usual. */
  #turned = new Set();

  start({ state, route }) {
    Object.assign(this, { state, route, parts: partsOf(this), filter: "" });
    const { parts } = this;
    onRest(parts.search, () => this.#search());
    parts.search.addEventListener("keydown", (event) => {
      if (isComposing(event) || event.key !== "Escape") return;
      parts.search.value = "";
      this.#search();
    });
    parts.filter.addEventListener("change", () => {
      this.filter = parts.filter.value;
      this.show();
    });
    parts.add.addEventListener("click", () => newArticle({ state, route, category: this.#openCategory() }));
    parts.addCategory.addEventListener("click", () => editCategory({ state }));
    parts.list.addEventListener("keydown", (event) => this.#key(event));
    state.on("tree found live", () => this.show());
    state.on("locale", () => this.#rebuild());
    route.on("change", () => this.show());
    this.#rebuild();
  }

  #rebuild() {
    const { filter } = this.parts;
    const choices = [["", t("filter.all")], ...STATES.map((one) => [one, t(`state.${one}`)]), ...LOCALES.map((one) => [`missing ${one}`, t("filter.missing", { language: t(`language_short.${one}`) })])];
    filter.replaceChildren(...choices.map(([value, text]) => new Option(text, value, false, value === this.filter)));
    this.parts.list.replaceChildren();
    this.parts.list.keptRows = new Map();
    this.show();
  }

  #openCategory() {
    const { article } = this.route;
    return this.state.tree.categories.find(({ articles }) => articles.some(({ id }) => id === article))?.id ?? "";
  }

  async #search() {
    try {
      await this.state.search(this.parts.search.value.trim());
    } catch (error) {
      this.state.notifyError(error);
    }
  }

  show() {
    const { state, parts } = this;
    if (!state.isRead) return;
    const { categories } = state.found ?? state.tree;
    const fits = (article) => !this.filter || shownState(article) === this.filter || article.state === this.filter || (this.filter.startsWith("missing ") && article.missing.includes(this.filter.slice(8)));
    const shown = categories.map((category) => ({ ...category, articles: category.articles.filter(fits) }));
    const isNarrowed = Boolean(state.found || this.filter);
    const branches = this.#branches(shown, null, isNarrowed);
    keepRows(parts.list, branches, {
      key: ({ category }) => category.id,
      stamp: () => ({}),
      create: ({ category }) => this.#createBranch(category),
      update: (row, branch) => this.#showBranch(row, branch, isNarrowed),
    });
    const count = shown.reduce((sum, { articles }) => sum + articles.length, 0);
    parts.nothing.hidden = count > 0;
    setText(parts.nothing, t(isNarrowed ? "tree.nothing_found" : "tree.empty"));
    setText(parts.count, t("tree.count", { count }));
    if (this.route.article) parts.overview.removeAttribute("aria-current");
    else parts.overview.setAttribute("aria-current", "page");
  }

  /** Categories below `parent`, each with its depth; in a search only those with something in them. */
  #branches(categories, parent, isNarrowed, depth = 0) {
    const known = new Set(categories.map(({ id }) => id));
    const below = categories.filter((one) => (one.parent && known.has(one.parent) ? one.parent : null) === parent);
    return below.flatMap((category) => {
      const inner = this.#branches(categories, category.id, isNarrowed, depth + 1);
      return category.articles.length || inner.length || !isNarrowed ? [{ category, depth }, ...inner] : [];
    });
  }

  #createBranch(category) {
    const parts = partsOf(copyOf("branch"));
    parts.fold.addEventListener("click", () => {
      if (this.#turned.has(category.id)) this.#turned.delete(category.id);
      else this.#turned.add(category.id);
      this.show();
    });
    parts.edit.addEventListener("click", () => editCategory({ state: this.state, category: this.state.tree.categories.find(({ id }) => id === category.id) }));
    return { node: parts.root, parts };
  }

  #showBranch({ parts }, { category, depth }, isNarrowed) {
    const isUsuallyFolded = this.state.articles.length > MOST_UNFOLDED && !category.articles.some(({ id }) => id === this.route.article);
    const isFolded = isUsuallyFolded !== this.#turned.has(category.id) && !isNarrowed;
    const name = this.state.nameOf(category.id, category.name);
    parts.root.style.setProperty("--depth", depth);
    parts.fold.setAttribute("aria-expanded", String(!isFolded));
    setText(parts.name, name);
    setText(parts.count, category.articles.length);
    parts.edit.setAttribute("aria-label", t("category.change_of", { name }));
    parts.edit.title = t("category.change");
    parts.articles.hidden = isFolded;
    keepRows(parts.articles, isFolded ? [] : category.articles, {
      key: ({ id }) => id,
      stamp: (article) => JSON.stringify([article, this.route.article === article.id, this.#editorsOf(article.id), this.state.unsaved?.of(article.id) !== null, locale()]),
      create: (article) => {
        const leaf = partsOf(copyOf("leaf"));
        leaf.root.dataset.article = article.id;
        return { node: leaf.root, parts: leaf };
      },
      update: ({ parts: leaf }, article) => this.#showLeaf(leaf, article),
    });
  }

  #editorsOf(id) {
    return this.state.editing.filter((one) => one.id === id && one.by !== this.state.agent?.name).map(({ by }) => by);
  }

  #showLeaf(parts, article) {
    const isOpen = this.route.article === article.id;
    parts.open.href = `#/articles/${encodeURIComponent(article.id)}`;
    setText(parts.name, this.state.nameOf(article.id, article.question));
    if (isOpen) parts.open.setAttribute("aria-current", "page");
    else parts.open.removeAttribute("aria-current");
    parts.open.title = article.updated_at ? t("tree.updated", { name: nameOfAuthor(article.updated_by), ago: ago(article.updated_at) }) : "";
    showState(parts.state, article);
    setText(parts.missing, article.missing.length ? t("tree.missing", { languages: article.missing.map((one) => t(`language_short.${one}`)).join(" ") }) : "");
    const isOver = article.valid_until && article.valid_until < new Date().toISOString().slice(0, 10);
    setText(parts.expired, isOver ? t("tree.expired") : "");
    parts.unsaved.hidden = !this.state.unsaved?.of(article.id);
    const editors = this.#editorsOf(article.id);
    setText(parts.editors, editors.length ? t("tree.edited_by", { names: editors.join(t("list.comma")) }) : "");
  }

  #key(event) {
    if (!["ArrowDown", "ArrowUp"].includes(event.key)) return;
    const stops = [...this.parts.list.querySelectorAll("[data-part=fold], [data-part=open]")];
    const next = stops[stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1)];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
}

/** What a row says first: a schedule that failed is a draft that somebody has to look at. */
export const shownState = ({ state, deletes, failed }) => (failed ? "failed" : deletes ? "deletes" : state);

/** Where an article stands, if it is not simply live. */
export function showState(element, article) {
  const shown = shownState(article);
  setText(element, shown === "published" ? "" : t(`state.${shown}`));
  element.dataset.state = shown;
}

customElements.define("faq-tree", Tree);
