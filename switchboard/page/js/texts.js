// The page's own texts in the language of who works here. The page names their folder: <html data-texts="…">.

export const LOCALES = ["zh-HK", "zh-TW", "zh-CN", "en"];
// A language is named in itself, so that somebody who landed in the wrong one finds the way out.
export const LOCALE_NAMES = { "zh-HK": "繁體中文（香港）", "zh-TW": "繁體中文（台灣）", "zh-CN": "简体中文", en: "English" };
export const FALLBACKS = {
  "zh-HK": ["zh-HK", "zh-TW", "zh-CN", "en"],
  "zh-TW": ["zh-TW", "zh-HK", "zh-CN", "en"],
  "zh-CN": ["zh-CN", "zh-TW", "zh-HK", "en"],
  en: ["en", "zh-HK", "zh-TW", "zh-CN"],
};

let current = "en";
let texts = {};
const loaded = new Map();

export const locale = () => current;

export async function useLocale(wanted) {
  const next = LOCALES.includes(wanted) ? wanted : "en";
  if (!loaded.has(next)) {
    const response = await fetch(`${document.documentElement.dataset.texts}/${next}.json`);
    if (!response.ok) throw new Error(`Texts for ${next}: ${response.status}`);
    loaded.set(next, await response.json());
  }
  current = next;
  texts = loaded.get(next);
  document.documentElement.lang = next;
  showTexts(document);
}

/** The text under `key` with `{name}` filled in; the key itself when there is none. A text may have forms for its `count`. */
export function t(key, values = {}) {
  let text = texts[key] ?? key;
  if (typeof text === "object") text = text[new Intl.PluralRules(current).select(values.count)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** The text for a word from the server (`reason`, `channel`), or the word when we have none for it. */
export function named(family, word) {
  if (word === null || word === undefined || word === "") return "";
  if (`${family}.${word}` in texts) return texts[`${family}.${word}`];
  // A second account of a channel is called `line:tw`.
  const [kind, account] = String(word).split(":");
  const name = account && texts[`${family}.${kind}`];
  return name ? `${name} · ${account}` : String(word);
}

/** What an error of the server means, by its code; the code or status itself when we have no words for it. */
export function errorText({ code, status, details } = {}) {
  if (code && code !== "unknown" && `error.${code}` in texts) return t(`error.${code}`, details ?? {});
  return t("error.unknown", { code: code && code !== "unknown" ? code : status ?? "?" });
}

/** Fills every element that names its text in `data-text`, `data-aria`, `data-hint`, `data-label` (both of these) or `data-placeholder`. */
export function showTexts(root) {
  for (const element of root.querySelectorAll("[data-text]")) element.textContent = t(element.dataset.text);
  for (const element of root.querySelectorAll("[data-aria]")) element.setAttribute("aria-label", t(element.dataset.aria));
  for (const element of root.querySelectorAll("[data-hint]")) element.title = t(element.dataset.hint);
  for (const element of root.querySelectorAll("[data-placeholder]")) element.placeholder = t(element.dataset.placeholder);
  for (const element of root.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", t(element.dataset.label));
    element.title = t(element.dataset.label);
  }
}

/** The best of our four locales for what the browser asks for: zh-Hant and zh-MO are Hong Kong's or Taiwan's. */
export function preferredLocale(wishes = navigator.languages) {
  for (const wish of wishes) {
    const tag = wish.toLowerCase();
    if (tag.startsWith("en")) return "en";
    if (!tag.startsWith("zh")) continue;
    if (/hk|mo/.test(tag.slice(2))) return "zh-HK";
    if (/tw|hant/.test(tag.slice(2))) return "zh-TW";
    return "zh-CN";
  }
  return "en";
}
