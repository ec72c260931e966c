// Keys for what is done often. They rest while somebody types, while a dialog is open, and when switched off.
import { copyOf, partsOf } from "/page/static/js/templates.js";
import { t } from "/page/static/js/texts.js";

export class Shortcuts {
  /** `keys` is `[{key, shows?, what, run}]`: `what` names the text that explains it. */
  constructor(keys, preferences, isActive) {
    Object.assign(this, { keys, preferences, isActive });
    this.dialog = document.getElementById("shortcuts-dialog");
    document.addEventListener("keydown", (event) => this.#press(event));
  }

  open() {
    const list = document.getElementById("shortcut-list");
    list.replaceChildren(...this.keys.filter(({ what }) => what).map(({ key, shows, what }) => {
      const parts = partsOf(copyOf("shortcut"));
      parts.keys.replaceChildren(...(shows ?? [key]).map((one) => {
        const cap = document.createElement("kbd");
        cap.textContent = one.length === 1 ? one.toUpperCase() : one;
        return cap;
      }));
      parts.what.textContent = t(what);
      return parts.root;
    }));
    this.dialog.showModal();
  }

  #press(event) {
    if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
    if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
    if (document.querySelector("dialog[open], :popover-open") || !this.isActive() || !this.preferences.get("shortcuts")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const shortcut = this.keys.find((one) => one.key === key);
    if (!shortcut?.run || (event.repeat && !shortcut.repeats)) return;
    event.preventDefault();
    shortcut.run();
  }
}

const isWriting = (target) => target instanceof Element && Boolean(target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]"));
