// Markup from <template>, its named parts, and lists that keep their rows.
import { showTexts } from "./texts.js";

/** A copy of template `t-<name>` with its texts filled in. */
export function copyOf(name) {
  const copy = document.getElementById(`t-${name}`).content.cloneNode(true);
  showTexts(copy);
  return copy.firstElementChild;
}

/** The elements under `root` that carry `data-part`, by that name. */
export function partsOf(root) {
  const parts = { root };
  for (const element of root.querySelectorAll("[data-part]")) parts[element.dataset.part] ??= element;
  return parts;
}

/** Sets the text only when it differs: a thousand rows that tick must not cause a thousand layouts. */
export function setText(element, text) {
  const value = String(text ?? "");
  if (element.textContent !== value) element.textContent = value;
}

export function setIcon(use, name) {
  use.setAttribute("href", `#i-${name}`);
}

/**
 * Makes the children of `container` show `items`: a row stays the same element as long as its key is there,
 * and is touched again only when `stamp(item)` changed.
 */
export function keepRows(container, items, { key, stamp, create, update }) {
  const old = container.keptRows ?? new Map();
  const next = new Map();
  for (const item of items) next.set(key(item), item);
  for (const [name, row] of old) if (!next.has(name)) row.node.remove();

  const focused = container.contains(document.activeElement) ? document.activeElement : null;
  const rows = new Map();
  let place = container.firstElementChild;
  for (const [name, item] of next) {
    const row = old.get(name) ?? { ...create(item), stamp: undefined };
    const mark = stamp(item);
    if (row.stamp !== mark) update(row, item);
    row.stamp = mark;
    rows.set(name, row);
    // One that leaves its place for another further down is taken along when its turn comes, and nobody else moves.
    if (place && row.node === place.nextElementSibling) place = row.node;
    if (row.node === place) place = place.nextElementSibling;
    else container.insertBefore(row.node, place);
  }
  container.keptRows = rows;
  // Moving an element takes its focus away.
  if (focused && focused !== document.activeElement && container.contains(focused)) focused.focus({ preventScroll: true });
}

/** Forgets what the rows show, so that the next keepRows writes them anew (after a change of language). */
export function forgetRows(container) {
  container.replaceChildren();
  container.keptRows = new Map();
}

/** `[[name, value, {copy, whole}]]` as a list of facts, leaving out what is empty. */
export function showFacts(list, facts, onCopy) {
  const shown = facts.filter(([, value]) => value !== null && value !== undefined && value !== "");
  list.replaceChildren(...shown.map(([name, value, options]) => {
    const parts = partsOf(copyOf("fact"));
    parts.name.textContent = name;
    parts.value.textContent = value;
    parts.root.classList.toggle("whole", Boolean(options?.whole));
    parts.copy.hidden = !options?.copy;
    if (options?.copy) parts.copy.addEventListener("click", () => onCopy(String(value)));
    return parts.root;
  }));
  list.hidden = shown.length === 0;
}
