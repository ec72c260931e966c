// Choosing an emoji: found by a word in any of our languages, walked through with the arrow keys, the latest ones first.
import { EMOJIS, emojisLike } from "./emojis.js";
import { Menu } from "./menu.js";
import { insertHere } from "./writing.js";
import { read, write } from "/page/static/js/storage.js";
import { partsOf } from "/page/static/js/templates.js";
import { t } from "/page/static/js/texts.js";

const KEPT = 8;

export class EmojiMenu {
  constructor({ button, panel, field }) {
    Object.assign(this, { field, parts: partsOf(panel) });
    this.menu = new Menu(button, panel, { align: "start", onOpen: () => this.#open() });
    this.parts.find.addEventListener("input", () => this.#show());
    // Before the menu's own keys.
    for (const part of [this.parts.find, this.parts.grid]) part.addEventListener("keydown", (event) => this.#key(event));
    this.parts.grid.addEventListener("click", (event) => event.target.dataset.emoji && this.#take(event.target.dataset.emoji));
  }

  #open() {
    this.parts.find.value = "";
    this.#show();
  }

  #show() {
    const words = this.parts.find.value;
    const latest = words.trim() ? [] : read("emoji", []).map((sign) => EMOJIS.find((one) => one.sign === sign)).filter(Boolean);
    const found = words.trim() ? emojisLike(words) : [...latest, ...EMOJIS.filter((one) => !latest.includes(one))];
    this.parts.grid.replaceChildren(...found.map(({ sign, name, words: all }, index) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", textContent: sign, title: name, tabIndex: index ? -1 : 0 });
      button.setAttribute("aria-label", `${sign} ${all}`);
      button.dataset.emoji = sign;
      button.dataset.testid = "emoji";
      return button;
    }));
    this.parts.nothing.hidden = found.length > 0;
    this.parts.nothing.textContent = t("emoji.nothing");
  }

  #key(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const all = [...this.parts.grid.children];
    const at = all.indexOf(document.activeElement);
    if (event.key === "Enter" && at < 0 && all.length) this.#take(all[0].dataset.emoji);
    else if (event.key === "ArrowDown" && at < 0) all[0]?.focus();
    else if (at >= 0 && event.key === "ArrowUp" && at < this.#columns(all)) this.parts.find.focus();
    else if (at >= 0 && event.key.startsWith("Arrow")) {
      const columns = this.#columns(all);
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
      all[Math.min(all.length - 1, Math.max(0, at + step))].focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #columns(all) {
    const below = all.findIndex((one) => one.offsetTop > all[0].offsetTop);
    return below < 0 ? all.length : below;
  }

  #take(sign) {
    write("emoji", [sign, ...read("emoji", []).filter((one) => one !== sign)].slice(0, KEPT));
    this.menu.close();
    insertHere(this.field, sign);
  }
}
