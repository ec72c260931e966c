// A warning over a draft that promises without saying when, or what nobody confirmed; it can become a dated promise.
import { partsOf, setText } from "/page/static/js/templates.js";
import { t } from "/page/static/js/texts.js";

export class VagueWarning {
  #vague = null;
  /** The draft the agent has been warned of: sent once more, it goes. */
  #warnedOf = null;

  constructor({ desk, place, field, promise, isNote, onSend }) {
    Object.assign(this, { place, field, promise, isNote, parts: partsOf(place) });
    this.parts.vaguePromise.addEventListener("click", () => promise.arm());
    this.parts.vagueSend.addEventListener("click", () => {
      this.#warnedOf = field.value;
      onSend();
    });
    desk.on("locale", () => this.show());
  }

  /** What was found in the draft as it stands now. */
  found(text, vague) {
    if (text !== this.field.value) return;
    this.#vague = vague;
    this.show();
  }

  forget() {
    this.#vague = this.#warnedOf = null;
    this.show();
  }

  /** Whether the draft is held back, once, so that its writer sees the warning. */
  async refuse() {
    const text = this.field.value;
    if (this.isNote() || this.promise.isArmed || this.#warnedOf === text) return false;
    const vague = await this.promise.vagueIn(text);
    if (!vague || text !== this.field.value) return false;
    this.#vague = vague;
    this.#warnedOf = text;
    this.show();
    this.place.classList.remove("nudged");
    void this.place.offsetWidth;
    this.place.classList.add("nudged");
    return true;
  }

  show() {
    const { parts } = this;
    const vague = this.isNote() || this.promise.isArmed ? null : this.#vague;
    this.place.hidden = !vague;
    if (!vague) return;
    setText(parts.vagueAbout, t(`vague.${vague.kind}`, { said: vague.said }));
    parts.vaguePromise.hidden = vague.kind !== "vague";
    parts.vagueAgain.hidden = this.#warnedOf !== this.field.value;
  }
}
