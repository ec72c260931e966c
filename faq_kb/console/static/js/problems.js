// What a check found, in the editor's words: what, where, what to do.
import { inLocale } from "/page/static/js/formats.js";
import { t } from "/page/static/js/texts.js";

/** The sentence for a problem; the server's words in the editor's language where the page has none for its code. */
export function problemText({ code, message, told, params = {} }, state) {
  const other = params.other ?? params.found;
  const text = t(`problem.${code}`, { ...params, other: other === undefined ? "" : state.nameOf(other), language: t(`language.${params.locale}`) });
  return text === `problem.${code}` || /\{\w+\}/.test(text) ? inLocale(told) || message : text;
}

/** Where it stands in the files. */
export function placeOf({ file = "", line }) {
  return file && line ? `${file}:${line}` : file;
}

/** The field of the page that a problem belongs to: "asked_as[3]" and "links.url" stand under their list. */
export function pathOf({ field = "" }, paths) {
  const exact = field.replace(/\[\d+\]/g, "");
  if (paths.includes(exact)) return exact;
  const root = exact.split(".")[0];
  if (paths.includes(root)) return root;
  return paths.find((path) => path.startsWith(`${root}.`) && path.endsWith(".zh-HK")) ?? null;
}

export function fieldName(path) {
  const [field, place] = path.split(".");
  const name = t(`field.${field}`);
  return place ? t("field.in", { field: name, language: t(`language.${place}`) }) : name;
}
