// The difference between two texts, word by word (Chinese: sign by sign), as inserted and deleted stretches.

const MOST_PIECES = 1500;
const SHORTEST_KEPT = 2;

/** `[{kind: "same" | "gone" | "new", text}]` */
export function difference(before, after) {
  const [a, b] = [pieces(before), pieces(after)];
  if (a.length > MOST_PIECES || b.length > MOST_PIECES) return before === after ? [{ kind: "same", text: before }] : [{ kind: "gone", text: before }, { kind: "new", text: after }];
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) lengths[i][j] = a[i] === b[j] ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
  }
  const stretches = [];
  const add = (kind, text) => {
    if (stretches.at(-1)?.kind === kind) stretches.at(-1).text += text;
    else stretches.push({ kind, text });
  };
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      add("same", a[i]);
      i += 1;
      j += 1;
    } else if (j >= b.length || (i < a.length && lengths[i + 1][j] >= lengths[i][j + 1])) add("gone", a[i++]);
    else add("new", b[j++]);
  }
  return readable(stretches);
}

/** Two changes with a word or two between them read better as one. */
function readable(stretches) {
  const joined = [];
  let [gone, fresh] = ["", ""];
  const flush = () => {
    if (gone) joined.push({ kind: "gone", text: gone });
    if (fresh) joined.push({ kind: "new", text: fresh });
    [gone, fresh] = ["", ""];
  };
  stretches.forEach(({ kind, text }, index) => {
    const isBetween = kind === "same" && index > 0 && index < stretches.length - 1 && pieces(text).length <= SHORTEST_KEPT;
    if (kind === "same" && !isBetween) {
      flush();
      joined.push({ kind, text });
    } else {
      if (kind !== "new") gone += text;
      if (kind !== "gone") fresh += text;
    }
  });
  flush();
  return joined;
}

const pieces = (text) => String(text ?? "").match(/\p{Script=Han}|[\p{L}\p{N}]+|\s+|./gsu) ?? [];

/** Shows the difference in `element`: deleted and inserted text as such, for eyes and for screen readers. */
export function showDifference(element, before, after) {
  element.replaceChildren(...difference(before, after).map(({ kind, text }) => {
    if (kind === "same") return text;
    const node = document.createElement(kind === "gone" ? "del" : "ins");
    node.textContent = text;
    return node;
  }));
}

/** A field's value as lines of text, to be compared. */
export function asText(value) {
  if (value === null || value === undefined) return "";
  if (!Array.isArray(value)) return String(value);
  return value.map((one) => (typeof one === "string" ? one : Object.values(one).map((part) => (typeof part === "object" ? Object.values(part).join(" / ") : part)).join(" ")) ).join("\n");
}
