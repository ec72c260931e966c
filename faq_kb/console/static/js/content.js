// An article's content: its fields by path ("answer.en", "asked_as"), and putting two people's changes together.
import { LOCALES } from "/page/static/js/texts.js";

const TEXTS = ["question", "answer", "short_answer"];
const LISTS = ["asked_as", "not_asked_as", "keywords", "related", "channels", "audience"];
const OPTIONAL = ["image", "valid_from", "valid_until"];

/** Every field that can be changed, compared and merged by itself, in the order of the page. */
export const PATHS = [
  ...TEXTS.flatMap((field) => LOCALES.map((locale) => `${field}.${locale}`)),
  "asked_as", "not_asked_as", "keywords", "pins", "related", "links", "image", "valid_from", "valid_until", "channels", "audience",
];

export function valueAt(content, path) {
  const [field, locale] = path.split(".");
  return locale ? content[field]?.[locale] ?? "" : content[field];
}

/** A copy of `content` with one field changed. */
export function changed(content, path, value) {
  const [field, locale] = path.split(".");
  return { ...content, [field]: locale ? { ...content[field], [locale]: value } : value };
}

/** As the files would hold it: every field, trimmed, nothing empty, nothing twice in a list. Equal contents look the same. */
export function normal(content) {
  const whole = {};
  for (const field of TEXTS) whole[field] = texts(content?.[field]);
  for (const field of LISTS) whole[field] = [...new Set((content?.[field] ?? []).map(tidy).filter(Boolean))];
  for (const field of OPTIONAL) whole[field] = tidy(content?.[field]) || null;
  whole.pins = (content?.pins ?? []).map((pin) => Object.entries(pin).map(([kind, text]) => [kind, tidy(text)])).filter(([[, text]]) => text).map(Object.fromEntries);
  whole.links = (content?.links ?? []).map(({ label, url }) => ({ label: texts(label), url: tidy(url) })).filter((link) => link.url || Object.keys(link.label).length);
  return whole;
}

const tidy = (text) => String(text ?? "").replace(/\r\n?/g, "\n").trim();
const texts = (given) => Object.fromEntries(LOCALES.map((locale) => [locale, tidy(given?.[locale])]).filter(([, text]) => text));

export const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** The paths in which two contents differ. */
export function differences(one, other) {
  const [a, b] = [normal(one), normal(other)];
  return PATHS.filter((path) => !isSame(valueAt(a, path), valueAt(b, path)));
}

/** What came of `base` in two hands: every field that one of them changed, and the paths that both changed, differently. */
export function merge(base, mine, theirs) {
  const theirChanges = new Set(differences(base, theirs));
  const myChanges = new Set(differences(base, mine));
  let content = mine;
  for (const path of theirChanges) if (!myChanges.has(path)) content = changed(content, path, valueAt(normal(theirs), path));
  const both = differences(mine, theirs).filter((path) => theirChanges.has(path) && myChanges.has(path));
  // Two people who each add a sentence to a list never meet.
  for (const list of both.filter((path) => LISTS.includes(path))) content = changed(content, list, joined(base[list] ?? [], normal(mine)[list], normal(theirs)[list]));
  return { content, conflicts: both.filter((path) => !LISTS.includes(path)) };
}

function joined(base, mine, theirs) {
  const gone = base.filter((text) => !mine.includes(text) || !theirs.includes(text));
  return [...new Set([...mine, ...theirs])].filter((text) => !gone.includes(text));
}
