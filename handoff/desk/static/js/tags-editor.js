// Putting tags on a conversation and taking them off; a new name becomes a new tag in the chosen colour.
import { Menu } from "./menu.js";
import { COLOURS, tagView } from "./tag-view.js";
import { oneLine } from "/page/static/js/safe-text.js";
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { errorText, t } from "/page/static/js/texts.js";

const MOST_SHOWN = 40;

export class TagsEditor {
  #colour = COLOURS[0];

  constructor({ desk, button, panel }) {
    Object.assign(this, { desk, parts: partsOf(panel) });
    this.menu = new Menu(button, panel, { onOpen: () => this.#opened(), align: "start" });
    this.parts.form.addEventListener("submit", (event) => this.#add(event));
    this.parts.name.addEventListener("input", () => this.#show());
    desk.on("tags thread", () => this.menu.isOpen && this.#show());
  }

  open() {
    this.menu.open();
  }

  #opened() {
    this.parts.name.value = "";
    this.parts.problem.hidden = true;
    this.desk.readTags();
    this.#show();
  }

  #show() {
    const words = this.parts.name.value.trim().toLowerCase();
    const worn = new Set((this.desk.selected?.row?.tags ?? []).map((tag) => tag.id));
    const fitting = this.desk.tags.filter((tag) => tag.name.toLowerCase().includes(words)).slice(0, MOST_SHOWN);
    this.parts.list.replaceChildren(...fitting.map((tag) => this.#entry(tag, worn.has(tag.id))));
    const isNew = words && !this.desk.tags.some((tag) => tag.name.toLowerCase() === words);
    this.parts.fresh.hidden = !isNew;
    this.parts.colours.replaceChildren(...COLOURS.map((colour) => this.#swatch(colour)));
  }

  #entry(tag, isWorn) {
    const parts = partsOf(copyOf("tag-entry"));
    parts.choose.setAttribute("aria-pressed", String(isWorn));
    parts.choose.dataset.tag = tag.id;
    parts.tag.replaceWith(tagView(tag));
    parts.choose.addEventListener("click", () => this.#toggle(tag, isWorn));
    return parts.root;
  }

  #swatch(colour) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "swatch";
    button.dataset.colour = colour;
    button.setAttribute("aria-pressed", String(colour === this.#colour));
    button.setAttribute("aria-label", t(`colour.${colour}`));
    button.title = t(`colour.${colour}`);
    button.addEventListener("click", () => {
      this.#colour = colour;
      for (const one of this.parts.colours.children) one.setAttribute("aria-pressed", String(one === button));
    });
    return button;
  }

  async #toggle(tag, isWorn) {
    await this.#tell(() => (isWorn ? this.desk.untag(this.desk.selectedId, tag.id) : this.desk.tag(this.desk.selectedId, tag.name, tag.colour)));
    this.parts.list.querySelector(`[data-tag="${tag.id}"]`)?.focus();
  }

  async #add(event) {
    event.preventDefault();
    const name = this.parts.name.value.trim();
    if (!name) return;
    const isStored = await this.#tell(() => this.desk.tag(this.desk.selectedId, name, this.#colour));
    if (!isStored) return;
    this.parts.name.value = "";
    this.#show();
    this.parts.name.focus();
  }

  async #tell(work) {
    this.parts.problem.hidden = true;
    try {
      await work();
      return true;
    } catch (error) {
      this.parts.problem.hidden = false;
      setText(this.parts.problem, error.code === "text_too_long" ? t("tags.too_long", { limit: error.details?.limit ?? 40 }) : oneLine(error.status === 400 ? error.message : errorText(error), 200));
      return false;
    } finally {
      this.#show();
    }
  }
}
