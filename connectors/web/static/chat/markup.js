/* The markup of answers: a small, safe subset of Markdown, read into nodes as faq_kb/markup.py reads it
 * (tests/faq_kb/markup_cases.json holds both to the same cases), and nodes made into elements. No markup is parsed by the
 * browser. The widget and the desk use it. */

const BULLET = /^ {0,6}-[ \t]+(?=\S)/;
const NUMBER = /^ {0,6}([0-9]{1,3})\.[ \t]+(?=\S)/;
const INDENT = /^( {2}|\t)/;
const SIGN = /\\([\\*[\]()\-.#_`<>!])|(\*+)|(\[)|(\](?:\(([^\s()[\]]{1,2000})\))?)|(\n)/g;
const KINDS = [[], ["em"], ["strong"], ["strong", "em"]];
const SIGNS = { em: "*", strong: "**", link: "[" };

/* Whether a browser may be sent there. */
function isAddress(url) {
  if (/[\s\p{C}\\<>"'`]|\.\./u.test(url)) return false;
  if (/^https?:\/\//.test(url)) return /^https?:\/\/[\p{L}\p{N}_.-]+(:\d+)?([/?#]|$)/u.test(url);
  return /^(mailto:|tel:|\/(?!\/))/.test(url);
}

export function blocks(text) {
  const found = [];
  for (const line of text.split(/\r\n?|\n/)) {
    const last = found.at(-1);
    const item = itemOf(line, last);
    if (!line.trim()) {
      if (last) last.isOpen = false;
    } else if (item && last?.kind === item.kind) {
      last.parts.push(...item.parts);
      last.isOpen = true;
    } else if (item) {
      found.push(item);
    } else if (last?.isOpen && (last.kind === "p" || INDENT.test(line))) {
      last.parts.push(`${last.parts.pop()}\n${line.trim()}`);
    } else {
      found.push({ kind: "p", parts: [line.trim()], isOpen: true });
    }
  }
  return found.map(({ kind, start, parts }) => ({ kind, start, parts: parts.map((part) => new Reader(part).nodes()) }));
}

/* Within a paragraph, only a bullet and the number 1 begin a list. */
function itemOf(line, last) {
  const [sign, number] = BULLET.exec(line) ?? NUMBER.exec(line) ?? [];
  if (!sign || (number && Number(number) !== 1 && last?.kind === "p" && last.isOpen)) return null;
  return { kind: number ? "ol" : "ul", start: Number(number ?? 1), parts: [line.slice(sign.length).trim()], isOpen: true };
}

/* Reads one block from left to right. Of each kind one at most is open, so that nesting is bounded. */
class Reader {
  constructor(text) {
    this.text = text;
    this.frames = [{ children: [] }];
  }

  nodes() {
    let end = 0;
    for (const { 0: whole, 1: escaped, 2: stars, 3: opens, 4: closes, 5: url, index } of this.text.matchAll(SIGN)) {
      this.#say(this.text.slice(end, index));
      end = index + whole.length;
      if (escaped) this.#say(escaped);
      else if (stars) this.#stars(stars, this.text[index - 1], this.text[end]);
      else if (opens) {
        this.#fallBack();
        this.#open("link");
      } else if (closes) this.#endLink(closes, url);
      else this.#add({ kind: "br" });
    }
    this.#say(this.text.slice(end));
    while (this.frames.length > 1) this.#giveUp();
    return this.frames[0].children;
  }

  #add(node) {
    this.frames.at(-1).children.push(node);
  }

  #say(text) {
    if (text) this.#add(text);
  }

  #open(kind) {
    this.frames.push({ kind, children: [] });
  }

  #isOpen(kind) {
    return this.frames.some((frame) => frame.kind === kind);
  }

  #stars(run, before = "", after = "") {
    const kinds = KINDS[run.length] ?? [];
    // 3*4*5 is a sum.
    const isWord = (letter) => run === "*" && /[A-Za-z0-9]/.test(letter);
    if (kinds.length && before.trim() && !isWord(after) && kinds.every((kind) => this.#isOpen(kind))) {
      const order = (kind) => this.frames.findLastIndex((frame) => frame.kind === kind);
      for (const kind of [...kinds].sort((one, other) => order(other) - order(one))) this.#close(kind);
    } else if (kinds.length && after.trim() && !isWord(before) && !kinds.some((kind) => this.#isOpen(kind))) {
      kinds.forEach((kind) => this.#open(kind));
    } else this.#say(run);
  }

  #endLink(sign, url) {
    if (!this.#isOpen("link")) return this.#say(sign);
    if (url && isAddress(url)) return this.#close("link", url);
    this.#fallBack();
    this.#say(sign);
  }

  #close(kind, url) {
    while (this.frames.at(-1).kind !== kind) this.#giveUp();
    const { children } = this.frames.pop();
    if (children.length) this.#add({ kind, url, children });
    else this.#say(SIGNS[kind] + (url ? `](${url})` : SIGNS[kind]));
  }

  /* What was opened as a link is text after all. */
  #fallBack() {
    if (!this.#isOpen("link")) return;
    const inner = [];
    while (this.frames.at(-1).kind !== "link") inner.unshift(this.frames.pop());
    this.#giveUp();
    this.frames.push(...inner);
  }

  #giveUp() {
    const { kind, children } = this.frames.pop();
    this.frames.at(-1).children.push(SIGNS[kind], ...children);
  }
}

/* The elements of an answer. `say` makes nodes of plain text, `link` an element for an address. */
export function markup(text, { say, link }) {
  const made = (nodes, isLink = false) => nodes.flatMap((node) => {
    if (typeof node === "string") return isLink ? node : say(node);
    if (node.kind === "link") return link(node.url, made(node.children, true));
    return element(node.kind, made(node.children ?? [], isLink));
  });
  return blocks(text).map(({ kind, start, parts }) => {
    if (kind === "p") return element("p", made(parts[0]));
    const list = element(kind, parts.map((part) => element("li", made(part))));
    if (start !== 1) list.start = start;
    return list;
  });
}

function element(tag, children) {
  const made = document.createElement(tag);
  made.append(...children);
  return made;
}
