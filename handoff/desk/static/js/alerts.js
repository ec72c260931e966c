// Somebody calls the agent: sound, title, favicon, desktop notification, again and again until they are attended to.
import { Calls, wordsOf } from "./calls.js";
import { showNotification } from "./notification.js";
import { Signals } from "/page/static/js/signals.js";
import { oneLine } from "/page/static/js/safe-text.js";
import { named, t } from "/page/static/js/texts.js";

// A sound at once, then at these distances: often at first, later without driving a busy agent from the room. A line in
// a conversation under way is less urgent than somebody nobody has greeted yet.
const BELL_SECONDS = [4, 4, 4, 8, 8, 15];
const TAP_SECONDS = [15, 30, 60];
// A notification that comes back more often is torn off unread.
const NOTIFY_AGAIN_SECONDS = 30;

/** One sound that comes again at its distances, and what it calls for. */
class Ringing {
  #rings = 0;
  #rangAt = 0;
  #notifiedAt = 0;

  constructor({ kinds, pauses, sound, preference }) {
    Object.assign(this, { kinds, pauses, sound, preference });
  }

  calls(all) {
    return all.filter(({ kind }) => this.kinds.includes(kind));
  }

  begin() {
    this.#rings = 0;
    this.#rangAt = this.#notifiedAt = Date.now();
  }

  /** Whether it is time to ring again; counts it as done. */
  isDue() {
    const pause = this.pauses[Math.min(this.#rings, this.pauses.length - 1)];
    if (Date.now() - this.#rangAt < pause * 1000) return false;
    this.#rings += 1;
    this.#rangAt = Date.now();
    return true;
  }

  mayNotifyAgain() {
    if (Date.now() - this.#notifiedAt < NOTIFY_AGAIN_SECONDS * 1000) return false;
    this.#notifiedAt = Date.now();
    return true;
  }
}

export class Alerts extends Signals {
  #known = new Set();

  constructor({ desk, sounds, favicon, preferences }) {
    super();
    Object.assign(this, { desk, sounds, favicon, preferences, calls: new Calls(desk) });
    this.bell = new Ringing({ kinds: ["ticket", "given"], pauses: BELL_SECONDS, sound: () => sounds.bell(), preference: "ticketSound" });
    this.tap = new Ringing({ kinds: ["line"], pauses: TAP_SECONDS, sound: () => sounds.tap(), preference: "messageSound" });
    desk.on("inbox agent selected", () => this.#look());
    desk.on("ticket", (ticket) => this.#announce({ key: `ticket-${ticket.number}`, conversation: ticket.conversation, ticket }));
    desk.on("taken", (conversation) => this.calls.attend(conversation));
    desk.on("escalated", (number) => this.#escalated(number));
    desk.on("customerWrote", (event) => this.#customerWrote(event));
    desk.on("told", (frame) => this.#told(frame));
    desk.on("tick", () => this.#tick());
    desk.on("locale", () => this.showCount());
    preferences.on("change", () => this.#look());
  }

  get isRinging() {
    return this.preferences.get("ticketSound") && this.bell.calls(this.calls.heard()).length > 0;
  }

  /** Quiet for those who call now; the next one rings again. */
  silence() {
    this.calls.silence();
    this.emit("change");
  }

  #look() {
    if (!this.desk.agent) {
      this.#known.clear();
      this.calls.clear();
      this.showCount();
      return;
    }
    this.calls.look();
    const all = this.calls.all();
    const fresh = all.filter(({ key }) => !this.#known.has(key));
    this.#known = new Set(all.map(({ key }) => key));
    const given = fresh.filter(({ kind }) => kind === "given");
    for (const call of given) this.#announce(call);
    // The sound of a line comes with the line itself.
    if (fresh.some(({ kind }) => kind !== "line")) this.#ring(this.bell);
    this.showCount();
    this.emit("change");
  }

  #ring(ringing) {
    ringing.begin();
    if (this.preferences.get(ringing.preference)) ringing.sound();
  }

  #tick() {
    // Looking at it, or the end of taking another, changes what calls without a word from the server.
    this.calls.look();
    const keys = this.calls.all().map(({ key }) => key);
    if (keys.length !== this.#known.size || keys.some((key) => !this.#known.has(key))) this.#look();
    if (!this.preferences.get("realert")) return;
    const heard = this.calls.heard();
    for (const ringing of [this.bell, this.tap]) {
      const [first] = ringing.calls(heard);
      if (!first || !ringing.isDue()) continue;
      if (this.preferences.get(ringing.preference)) ringing.sound();
      if (ringing.mayNotifyAgain()) this.#notify(first);
    }
  }

  /** Says it to a screen reader and to who looks at another window. */
  #announce(call) {
    const { title, lines } = wordsOf(call);
    announce(call.ticket ? `${title}. ${lines[0]}` : title);
    this.#notify(call);
  }

  #notify(call) {
    const { title, lines } = wordsOf(call);
    const tag = call.kind === "line" ? `conversation-${call.conversation}` : call.key;
    this.#notification(title, lines, tag, call.conversation);
  }

  /** Nobody took it: a supervisor hears of it, also one who had silenced it. */
  #escalated(number) {
    const ticket = this.desk.inbox.queue.find((one) => one.number === number);
    if (!ticket) return;
    this.calls.hearAgain(`ticket-${number}`);
    const text = t("alert.escalated", { customer: oneLine(ticket.customer, 60) });
    announce(text);
    this.#ring(this.bell);
    this.#notice(text, ticket.conversation, "problem");
    this.#notification(text, [named("reason", ticket.reason), oneLine(ticket.summary, 140)], `ticket-${number}`, ticket.conversation);
    this.emit("change");
  }

  #customerWrote({ conversation, message, row }) {
    if (!row || !this.desk.isMine(row) || this.desk.isWatching(conversation)) return;
    this.#ring(this.tap);
    this.#notification(oneLine(row.customer, 60), [oneLine(message.text, 140)], `conversation-${conversation}`, conversation);
    this.showCount();
  }

  /** A colleague named or invited this agent, or what they put aside is back. */
  #told({ type, conversation, by }) {
    const row = this.desk.inbox.find(conversation) ?? this.desk.threads.get(conversation)?.row;
    const text = t(`alert.${type}`, { by: oneLine(by, 60), customer: oneLine(row?.customer, 60) });
    announce(text);
    if (this.preferences.get("mentionSound")) this.sounds.chime();
    this.#notice(text, conversation, "plain");
    this.#notification(text, [], `${type}-${conversation}`, conversation);
  }

  #notice(text, conversation, kind) {
    this.desk.emit("notice", { text, act: { text: t("action.open"), run: () => this.emit("open", conversation) }, kind });
  }

  #notification(title, lines, tag, conversation) {
    showNotification({ preferences: this.preferences, title, lines, tag, onClick: () => this.emit("open", conversation) });
  }

  showCount() {
    const calling = this.calls.all();
    const waiting = calling.filter(({ kind }) => kind !== "line").length;
    const unread = this.desk.agent ? this.desk.inbox.mine.reduce((sum, row) => sum + this.desk.unread(row), 0) : 0;
    const mentions = this.desk.inbox.counts.mentions ?? 0;
    const isShown = this.preferences.get("titleBadge");
    const mark = !isShown ? "" : waiting ? `(${waiting}) ` : unread || mentions ? "• " : "";
    const title = `${mark}${t("title")}`;
    if (document.title !== title) document.title = title;
    this.favicon.show(isShown ? waiting : 0, isShown && unread + mentions > 0);
  }
}

let lastAnnounced = null;

/** Says something to a screen reader. A repeated sentence is said again. */
export function announce(text) {
  const region = document.getElementById("announcer");
  const line = document.createElement("p");
  line.textContent = text;
  lastAnnounced?.remove();
  region.append(line);
  lastAnnounced = line;
}
