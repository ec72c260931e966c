// The canned replies this agent has, read once and again whenever somebody changed one; offered after a / in the composer.
import { ChoiceList } from "./choice-list.js";
import { replaceRange } from "./writing.js";
import { oneLine } from "/page/static/js/safe-text.js";
import { Signals } from "/page/static/js/signals.js";
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { FALLBACKS, LOCALES, named } from "/page/static/js/texts.js";

const MOST_SHOWN = 50;
// The last line of the offer: to where they are kept.
const MANAGE = Symbol("manage");
const NAMING = /(?:^|\s)\/([\p{L}\p{N}_-]{0,32})$/u;

export class CannedReplies extends Signals {
  all = [];
  variables = [];
  isRead = false;

  constructor({ desk, live }) {
    super();
    this.desk = desk;
    desk.on("agent", () => this.read());
    live.on("frame", (frame) => frame.type === "canned_replies" && this.read());
  }

  async read() {
    if (!this.desk.agent) return;
    try {
      const { replies, variables } = await this.desk.api.cannedReplies();
      Object.assign(this, { all: replies, variables, isRead: true });
      this.emit("change");
    } catch (error) {
      // The next sign-in or change reads again.
      if (!error.isPassing) this.desk.notifyError(error);
    }
  }

  /** Those whose shortcut begins so, then those with these words anywhere. */
  fitting(words) {
    const begins = this.all.filter((one) => one.shortcut.toLowerCase().startsWith(words));
    const others = this.all.filter((one) => !begins.includes(one) && (one.shortcut.toLowerCase().includes(words) || (words.length > 1 && Object.values(one.texts).some((text) => text.toLowerCase().includes(words)))));
    return [...begins, ...others].slice(0, MOST_SHOWN);
  }
}

/** The text of a reply for somebody who speaks `language`, and which language that is. */
export function textFor(reply, language) {
  const found = (FALLBACKS[language] ?? LOCALES).find((one) => reply.texts[one]);
  return { language: found, text: reply.texts[found] };
}

/** Offers them after a / in the composer; the one that is chosen takes the place of its shortcut, filled in. */
export function cannedList({ desk, canned, field, list, onManage }) {
  const language = () => desk.selected?.row?.language;
  return new ChoiceList({ field, list, pattern: NAMING, isActive: () => desk.selected !== null, find, row, choose });

  function find(words) {
    return words ? canned.fitting(words) : [...canned.fitting(""), MANAGE];
  }

  function row(reply) {
    if (reply === MANAGE) return copyOf("canned-manage");
    const parts = partsOf(copyOf("canned-choice"));
    const said = textFor(reply, language());
    setText(parts.shortcut, `/${reply.shortcut}`);
    setText(parts.text, oneLine(said.text, 160));
    parts.text.lang = said.language;
    parts.own.hidden = reply.shared;
    parts.other.hidden = said.language === language();
    setText(parts.other, named("language", said.language));
    return parts.root;
  }

  async function choose(reply, from, to) {
    if (reply === MANAGE) {
      replaceRange(field, from, to, "");
      onManage();
      return;
    }
    const conversation = desk.selectedId;
    const typed = field.value;
    try {
      const filled = await desk.api.filledReply(conversation, reply.id);
      if (conversation !== desk.selectedId) return;
      // Who went on typing keeps what was typed; the shortcut stays and the text comes after it.
      const [start, end] = field.value === typed ? [from, to] : [field.selectionStart, field.selectionEnd];
      replaceRange(field, start, end, filled.text);
      if (filled.language !== language()) desk.notify("canned.other_language", { language: named("language", filled.language) });
    } catch (error) {
      desk.notifyError(error);
    }
  }
}
