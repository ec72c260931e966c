// What could be answered to the customer's last question, over an empty draft: a click makes it the draft. Never more.
import { oneLine } from "/page/static/js/safe-text.js";
import { copyOf, partsOf, setIcon, setText } from "/page/static/js/templates.js";
import { t } from "/page/static/js/texts.js";
import { dateTime } from "/page/static/js/formats.js";

const PAUSE_MS = 300;

export class Suggestions {
  #all = [];
  #askedFor = "";
  #droppedFor = "";
  #timer = null;

  constructor({ desk, place, field, isNote, onChoose }) {
    Object.assign(this, { desk, place, field, isNote, onChoose, parts: partsOf(place) });
    field.addEventListener("input", () => this.show());
    this.parts.dropSuggestions.addEventListener("click", () => {
      this.#droppedFor = this.#question;
      this.show();
      field.focus();
    });
    desk.on("selected", () => this.#forget());
    desk.on("thread messages", () => this.#askSoon());
    desk.on("locale", () => this.show());
  }

  /** The customer's last line, unless somebody has answered since. */
  get #question() {
    const last = this.desk.selected?.messages.findLast(({ author }) => author === "customer" || author === "agent");
    return last?.author === "customer" ? `${this.desk.selectedId} ${last.id}` : "";
  }

  #forget() {
    this.#all = [];
    this.#askedFor = "";
    this.show();
    this.#askSoon();
  }

  #askSoon() {
    clearTimeout(this.#timer);
    if (this.#question !== this.#askedFor) this.#timer = setTimeout(() => this.#ask(), PAUSE_MS);
    this.show();
  }

  async #ask() {
    const asked = this.#question;
    this.#askedFor = asked;
    this.#all = [];
    if (asked && this.desk.agent && this.desk.mayReply(this.desk.selected.row)) {
      try {
        const { suggestions } = await this.desk.api.suggestions(this.desk.selectedId);
        if (asked === this.#askedFor) this.#all = suggestions;
      } catch {
        // Help that is not there is no trouble.
        this.#askedFor = "";
      }
    } else this.#askedFor = "";
    this.show();
  }

  show() {
    const isWanted = this.#all.length > 0 && !this.isNote() && this.field.value === "" && this.#askedFor === this.#question && this.#droppedFor !== this.#question;
    this.place.hidden = !isWanted;
    if (isWanted) this.parts.suggestions.replaceChildren(...this.#all.map((one) => this.#chip(one)));
  }

  #chip(one) {
    const parts = partsOf(copyOf("suggestion"));
    setIcon(parts.icon, one.source === "article" ? "book" : "headset");
    setText(parts.text, oneLine(one.text, 120));
    const from = one.source === "article" ? t("suggestion.article", { title: oneLine(one.title, 80) }) : t("suggestion.answer", { name: oneLine(one.by, 40), time: dateTime(one.at) });
    parts.root.title = from;
    setText(parts.from, from);
    parts.root.lang = this.desk.selected.row?.language ?? "";
    parts.root.addEventListener("click", () => this.onChoose(one.text));
    return parts.root;
  }
}
