// Small dialogs of the tree: a new article, another id, a category.
import { setText } from "/page/static/js/templates.js";
import { LOCALES, LOCALE_NAMES, errorText, locale, t } from "/page/static/js/texts.js";
import { openDialog } from "./dialogs.js";

const ID = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const LONGEST_ID = 80;

export function newArticle({ state, route, category = "" }) {
  const parts = openDialog("new-dialog");
  fillCategories(parts.category, state, category);
  const suggest = () => {
    if (!parts.id.dataset.typed) parts.id.value = freeId(state, parts.category.value || "article");
  };
  parts.category.addEventListener("change", suggest);
  parts.id.addEventListener("input", () => (parts.id.dataset.typed = "yes"));
  suggest();
  parts.form.addEventListener("submit", (event) => {
    event.preventDefault();
    const id = parts.id.value.trim();
    const problem = idProblem(state, id);
    setText(parts.problem, problem ? t(problem) : "");
    if (problem) return parts.id.focus();
    parts.root.close();
    route.go("articles", id, { new: parts.category.value });
  });
}

export function renameArticle({ state, article, route }) {
  const parts = openDialog("rename-dialog");
  parts.id.value = article.id;
  parts.form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const to = parts.id.value.trim();
    if (to === article.id) return parts.root.close();
    const problem = idProblem(state, to);
    setText(parts.problem, problem ? t(problem) : "");
    if (problem) return parts.id.focus();
    parts.submit.disabled = true;
    try {
      await article.rename(to);
      parts.root.close();
      await state.readTree();
      route.replace("articles", to);
      state.notify("rename.done");
    } catch (error) {
      setText(parts.problem, errorText(error));
    }
    parts.submit.disabled = false;
  });
  parts.id.select();
}

/** A new category, or `category` under other names or another parent. */
export function editCategory({ state, category = null }) {
  const parts = openDialog("category-dialog");
  setText(parts.title, t(category ? "category.change" : "category.new"));
  const names = new Map(LOCALES.map((one) => {
    const label = document.createElement("label");
    label.className = "field";
    const input = document.createElement("input");
    Object.assign(input, { value: category?.name?.[one] ?? "", lang: one, dir: "auto", required: true });
    input.dataset.testid = `category-name-${one}`;
    label.append(LOCALE_NAMES[one], input);
    parts.names.append(label);
    return [one, input];
  }));
  fillCategories(parts.parent, state, category?.parent ?? "", { without: category?.id, none: true });
  parts.idPlace.hidden = Boolean(category);
  parts.id.required = !category;
  parts.form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const name = Object.fromEntries([...names].map(([one, input]) => [one, input.value.trim()]));
    const change = { name, parent: parts.parent.value || null };
    parts.submit.disabled = true;
    try {
      if (category) await state.api.changeCategory(category.id, change);
      else await state.api.addCategory({ id: parts.id.value.trim(), ...change });
      parts.root.close();
      await state.readTree();
    } catch (error) {
      setText(parts.problem, errorText(error));
    }
    parts.submit.disabled = false;
  });
  names.get(locale())?.focus();
}

export function fillCategories(select, state, chosen, { without = null, none = false } = {}) {
  const options = state.tree.categories.filter(({ id }) => id !== without).map(({ id, name }) => new Option(state.nameOf(id, name), id, false, id === chosen));
  select.replaceChildren(...(none ? [new Option(t("category.no_parent"), "", false, !chosen)] : []), ...options);
}

function idProblem(state, id) {
  if (!ID.test(id) || id.length > LONGEST_ID) return "id.wrong";
  return state.articleRow(id) ? "id.taken" : null;
}

function freeId(state, stem) {
  for (let number = 1; ; number += 1) if (!state.articleRow(`${stem}-${number}`)) return `${stem}-${number}`;
}
