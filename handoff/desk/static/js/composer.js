// Where the agent writes: a reply or a note, kept as a draft, sent by the key they chose and never in the middle of a word.
import { Blanks } from "./blanks.js";
import { cannedList } from "./canned.js";
import { EmojiMenu } from "./emoji-menu.js";
import { mentionList } from "./mention-list.js";
import { FileTray } from "./file-tray.js";
import { Suggestions } from "./suggestions.js";
import { VagueWarning } from "./vague-warning.js";
import { insertHere, insertParagraph } from "./writing.js";
import { partsOf, setText } from "/page/static/js/templates.js";
import { locale, t } from "/page/static/js/texts.js";

// The server's limit for a message; long before it an agent should see how long it has become.
const MOST_LETTERS = 10_000;
const COUNT_FROM = 1500;
// In which a reply can be taken back.
const HELD_MS = 5000;
const TYPING_EVERY_MS = 3000;
const TYPING_ENDS_MS = 5000;

class Composer extends HTMLElement {
  #conversation = null;
  #note = false;
  #mayReply = false;
  #language = "";
  #takesFiles = true;
  #fileLimits = null;
  #fileLinkDays = null;
  #isSending = false;
  #typingSentAt = 0;
  #typingTimer = null;

  start({ desk, canned, onFaq, onManage, onSent }) {
    Object.assign(this, { desk, onSent, parts: partsOf(this) });
    const { text, note, faq, send } = this.parts;
    mentionList({ desk, field: text, list: this.parts.mentions, isNote: () => this.isNote });
    cannedList({ desk, canned, field: text, list: this.parts.cannedList, onManage });
    this.emojis = new EmojiMenu({ button: this.parts.emoji, panel: document.getElementById("emoji-menu"), field: text });
    this.files = new FileTray({ desk, parts: this.parts, drop: this.closest(".pane-conversation"), onChange: () => this.#filesChanged() });
    this.blanks = new Blanks({ desk, canned, field: text, place: this.parts.blanks, isNote: () => this.isNote });
    this.parts.canned.addEventListener("click", () => this.#offerReplies());
    text.addEventListener("input", () => this.#wrote());
    text.addEventListener("keydown", (event) => this.#key(event));
    text.addEventListener("blur", () => this.#stopTyping());
    note.addEventListener("click", () => this.setNote(!this.#note, { focus: true }));
    send.addEventListener("click", () => this.#sendSoon());
    faq.addEventListener("click", onFaq);
    this.suggestions = new Suggestions({ desk, place: this.parts.suggestionsPlace, field: text, isNote: () => this.isNote, onChoose: (draft) => insertHere(text, draft) });
    this.vague = new VagueWarning({ desk, place: this.parts.vague, field: text, promise: this.parts.promise, isNote: () => this.isNote, onSend: () => this.#sendSoon() });
    this.parts.promise.start({ desk, text, onChange: () => this.#showMode(), onLooked: (...found) => this.vague.found(...found) });
    desk.on("locale", () => this.#showMode());
    desk.preferences.on("change", () => this.#showMode());
  }

  /** Shows the draft of this conversation; without the right to reply only notes can be written. */
  show(conversation, { mayReply, language, takesFiles, fileLimits, fileLinkDays }) {
    const isOther = conversation !== this.#conversation;
    if (isOther) this.#stopTyping();
    this.#conversation = conversation;
    this.#mayReply = mayReply;
    this.#language = language;
    this.#takesFiles = takesFiles;
    this.#fileLimits = fileLimits;
    this.#fileLinkDays = fileLinkDays;
    if (isOther) {
      const draft = this.desk.drafts.of(conversation);
      this.parts.text.value = draft.text;
      this.#note = draft.note;
      this.files.show(conversation, draft.files);
      this.parts.promise.forget();
      this.vague.forget();
    }
    this.#showMode();
    if (isOther) this.#fit();
  }

  get isNote() {
    return this.#note || !this.#mayReply;
  }

  get isEmpty() {
    return this.parts.text.value.trim() === "" && this.files.ready.length === 0;
  }

  setNote(note, { focus = false } = {}) {
    this.#note = note;
    this.#stopTyping();
    this.#keepDraft();
    this.#showMode();
    if (focus) this.parts.text.focus();
  }

  write() {
    this.parts.text.focus();
  }

  /** Puts text at the cursor, so that Ctrl+Z takes it out again. */
  insert(text) {
    insertParagraph(this.parts.text, text);
  }

  /** Sends a card at once, beside what is being written; `title` stands for it until it is stored. */
  sendCard(card, title) {
    this.desk.outbox.send(this.#conversation, title, { card, holdMs: this.#holdMs });
    this.onSent();
  }

  /** Sends an approved template in the same way. */
  sendTemplate(conversation, template, text) {
    this.desk.outbox.send(conversation, text, { template, holdMs: this.#holdMs });
    this.onSent();
  }

  get #holdMs() {
    return this.desk.preferences.get("undoSend") ? HELD_MS : 0;
  }

  /** Takes back what was not sent, with what it promised. Of a card or a template nothing has to be written again. */
  takeBack({ text, note, promise, files, card, template }) {
    if (card || template) return;
    this.setNote(note);
    if (text) this.insert(text);
    if (files?.length) this.files.restore(files);
    if (promise) this.parts.promise.restore(promise);
  }

  /** The same as typing the sign: what is offered then stays until something else is typed. */
  #offerReplies() {
    const field = this.parts.text;
    field.focus();
    const before = field.value.slice(0, field.selectionStart);
    insertHere(field, before && !/\s$/.test(before) ? " /" : "/");
  }

  #filesChanged() {
    this.#keepDraft();
    this.#showMode();
  }

  #wrote() {
    this.#keepDraft();
    this.#fit();
    this.#showCount();
    if (!this.isNote) this.isEmpty ? this.#stopTyping() : this.#type();
  }

  #key(event) {
    // Enter that ends a word in an input method is no Enter; Safari reports it after composition, as key 229.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") {
      event.preventDefault();
      this.parts.text.blur();
      return;
    }
    const withControl = event.ctrlKey || event.metaKey;
    if (event.key.toLowerCase() === "z" && withControl && !event.shiftKey && this.isEmpty) return this.#undo(event);
    if (event.key !== "Enter" || event.shiftKey || event.altKey) return;
    if (!withControl && this.desk.preferences.get("sendKey") === "ctrl") return;
    event.preventDefault();
    if (!event.repeat) this.#sendSoon();
  }

  /** The last reply, while it can be taken back. */
  #undo(event) {
    const held = this.desk.outbox.lastHeld(this.#conversation);
    const item = held && this.desk.outbox.takeBack(held.client_id);
    if (!item) return;
    event.preventDefault();
    this.takeBack(item);
  }

  #sendSoon() {
    this.desk.outbox.expect(this.#send());
  }

  async #send() {
    if (this.isEmpty || this.#isTooLong() || this.files.holdsBack || this.#conversation === null || this.#isSending || this.blanks.refuse()) return;
    const { value } = this.parts.text;
    const conversation = this.#conversation;
    this.#isSending = true;
    const isRefused = await this.vague.refuse().finally(() => (this.#isSending = false));
    // Who wrote on, or went elsewhere, while it was looked at has not sent that.
    if (isRefused || value !== this.parts.text.value || conversation !== this.#conversation) return;
    const text = value.trim();
    const note = this.isNote;
    this.#stopTyping();
    const promise = note ? null : this.parts.promise.take();
    const files = this.files.take();
    this.parts.text.value = "";
    this.vague.forget();
    // A note is one remark; the next line is for the customer again, if the agent may write to them.
    this.#note = false;
    this.#keepDraft();
    this.#showMode();
    this.#fit();
    this.desk.outbox.send(this.#conversation, text, { note, promise, holdMs: note ? 0 : this.#holdMs, files });
    this.parts.text.focus();
    this.onSent();
  }

  #isTooLong() {
    return Array.from(this.parts.text.value).length > MOST_LETTERS;
  }

  #keepDraft() {
    if (this.#conversation !== null) this.desk.drafts.keep(this.#conversation, { text: this.parts.text.value, note: this.#note, files: this.files.ready });
  }

  #showMode() {
    const { parts } = this;
    const note = this.isNote;
    this.classList.toggle("is-note", note);
    parts.note.setAttribute("aria-pressed", String(note));
    parts.note.disabled = !this.#mayReply;
    parts.text.placeholder = t(note ? "composer.note_placeholder" : "composer.placeholder");
    setText(parts.label, t(note ? "composer.note_placeholder" : "composer.label"));
    // What the browser checks the spelling by: the customer's language, and in a note the agent's own.
    parts.text.lang = note ? locale() : this.#language || locale();
    parts.promise.hidden = note;
    this.files.allow(note || this.#takesFiles, note ? null : this.#fileLimits, note ? null : this.#fileLinkDays);
    this.blanks.show();
    this.vague.show();
    this.suggestions.show();
    setText(parts.sendText, t(note ? "composer.add_note" : parts.promise.isArmed ? "promise.send" : "composer.send"));
    setText(parts.hint, t(this.desk.preferences.get("sendKey") === "ctrl" ? "composer.hint_ctrl" : "composer.hint_enter"));
    this.#showCount();
  }

  #showCount() {
    const letters = Array.from(this.parts.text.value).length;
    this.parts.count.hidden = letters < COUNT_FROM;
    this.parts.count.classList.toggle("over", letters > MOST_LETTERS);
    setText(this.parts.count, `${letters} / ${MOST_LETTERS}`);
    this.parts.send.disabled = this.isEmpty || this.files.holdsBack || letters > MOST_LETTERS;
  }

  #fit() {
    const field = this.parts.text;
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight + 2}px`;
  }

  #type() {
    clearTimeout(this.#typingTimer);
    this.#typingTimer = setTimeout(() => this.#stopTyping(), TYPING_ENDS_MS);
    if (Date.now() - this.#typingSentAt < TYPING_EVERY_MS) return;
    this.#typingSentAt = Date.now();
    this.desk.api.typing(this.#conversation, true).catch(() => {});
  }

  #stopTyping() {
    clearTimeout(this.#typingTimer);
    if (!this.#typingSentAt) return;
    this.#typingSentAt = 0;
    this.desk.api.typing(this.#conversation, false).catch(() => {});
  }
}

customElements.define("desk-composer", Composer);
