// Buttons over an answer: bold, italic, lists, link, in the safe subset of Markdown that every channel can show.
import { copyOf, partsOf } from "/page/static/js/templates.js";
import { t } from "/page/static/js/texts.js";
import { isComposing } from "./typing.js";

export class MarkupBar {
  constructor(area) {
    this.area = area;
    const parts = partsOf(copyOf("markup-bar"));
    this.element = parts.root;
    parts.bold.addEventListener("click", () => this.#around("**"));
    parts.italic.addEventListener("click", () => this.#around("*"));
    parts.list.addEventListener("click", () => this.#lines(() => "- "));
    parts.numbers.addEventListener("click", () => this.#lines((index) => `${index + 1}. `));
    parts.link.addEventListener("click", () => this.#link());
    area.addEventListener("keydown", (event) => {
      if (isComposing(event) || !(event.ctrlKey || event.metaKey) || event.altKey) return;
      const deed = { b: () => this.#around("**"), i: () => this.#around("*"), k: () => this.#link() }[event.key.toLowerCase()];
      if (!deed) return;
      event.preventDefault();
      deed();
    });
  }

  get #marked() {
    const { value, selectionStart: start, selectionEnd: end } = this.area;
    return { value, start, end, text: value.slice(start, end) };
  }

  #around(sign) {
    const { value, start, end, text } = this.#marked;
    const isInside = value.slice(start - sign.length, start) === sign && value.slice(end, end + sign.length) === sign;
    if (isInside && text) return this.#put(start - sign.length, end + sign.length, text, start - sign.length, end - sign.length);
    const words = text.trim() || t("markup.words");
    this.#put(start, end, `${sign}${words}${sign}`, start + sign.length, start + sign.length + words.length);
  }

  #lines(mark) {
    const { value, start, end } = this.#marked;
    const from = value.lastIndexOf("\n", start - 1) + 1;
    const to = value.indexOf("\n", end) < 0 ? value.length : value.indexOf("\n", end);
    const lines = value.slice(from, to).split("\n").map((line) => line.replace(/^\s*(?:[-*]|\d+[.)])\s+/, ""));
    const text = lines.map((line, index) => mark(index) + line).join("\n");
    this.#put(from, to, text, from + text.length, from + text.length);
  }

  #link() {
    const { start, end, text } = this.#marked;
    const isAddress = /^(https?:\/\/|mailto:|tel:|\/)\S+$/.test(text.trim());
    const words = isAddress || !text.trim() ? t("markup.words") : text.trim();
    const address = isAddress ? text.trim() : "https://";
    const whole = `[${words}](${address})`;
    const [from, to] = isAddress ? [1, 1 + words.length] : [words.length + 3, whole.length - 1];
    this.#put(start, end, whole, start + from, start + to);
  }

  #put(from, to, text, markFrom, markTo) {
    const { area } = this;
    area.focus();
    area.setSelectionRange(from, to);
    // The only way that leaves Ctrl+Z working; browsers without it change the value all the same.
    if (!document.execCommand("insertText", false, text)) {
      area.setRangeText(text, from, to);
      area.dispatchEvent(new InputEvent("input", { bubbles: true }));
    }
    area.setSelectionRange(markFrom, markTo);
  }
}
