// A customer waits: bell, title, favicon, desktop notification, until somebody takes the ticket.
import { Signals } from "/page/static/js/signals.js";
import { oneLine } from "/page/static/js/safe-text.js";
import { named, t } from "/page/static/js/texts.js";

// The bell rings at once, then at this distance: often at first, later without driving a busy agent from the room.
const RING_SECONDS = [4, 4, 4, 8, 8, 15];

export class Alerts extends Signals {
  #known = new Set();
  #silenced = new Set();
  #rings = 0;
  #rangAt = 0;

  constructor({ desk, sounds, favicon, preferences }) {
    super();
    Object.assign(this, { desk, sounds, favicon, preferences });
    desk.on("inbox agent", () => this.#look());
    desk.on("ticket", (ticket) => this.#announce(ticket));
    desk.on("customerWrote", (event) => this.#customerWrote(event));
    desk.on("told", (frame) => this.#told(frame));
    desk.on("tick", () => this.#ringAgain());
    desk.on("locale", () => this.showCount());
    preferences.on("change", () => this.#look());
  }

  /** Tickets that ring: live ones, since behind a left message nobody sits and waits. */
  get ringing() {
    if (!this.desk.agent) return [];
    return this.desk.inbox.queue.filter((ticket) => ticket.kind !== "message" && !this.#silenced.has(ticket.number));
  }

  get isRinging() {
    return this.preferences.get("ticketSound") && this.ringing.length > 0;
  }

  /** Quiet for those who wait now; the next one rings again. */
  silence() {
    for (const ticket of this.desk.inbox.queue) this.#silenced.add(ticket.number);
    this.emit("change");
  }

  #look() {
    if (!this.desk.agent) {
      this.#known.clear();
      this.showCount();
      return;
    }
    const numbers = this.desk.inbox.queue.map((ticket) => ticket.number);
    const fresh = numbers.filter((number) => !this.#known.has(number));
    this.#known = new Set(numbers);
    for (const number of this.#silenced) if (!this.#known.has(number)) this.#silenced.delete(number);
    if (fresh.length) this.#ring(true);
    this.showCount();
    this.emit("change");
  }

  #ring(isNew) {
    const waits = this.desk.inbox.queue.some((ticket) => !this.#silenced.has(ticket.number));
    if (!waits || !this.preferences.get("ticketSound")) return;
    if (isNew) this.#rings = 0;
    this.#rangAt = Date.now();
    this.sounds.bell();
  }

  #ringAgain() {
    if (!this.isRinging || !this.preferences.get("realert")) return;
    const pause = RING_SECONDS[Math.min(this.#rings, RING_SECONDS.length - 1)];
    if (Date.now() - this.#rangAt < pause * 1000) return;
    this.#rings += 1;
    this.#ring(false);
  }

  #announce(ticket) {
    const title = t("alert.ticket_title", { customer: oneLine(ticket.customer, 60) });
    announce(`${title}. ${named("reason", ticket.reason)}`);
    this.#notification(title, [named("reason", ticket.reason), oneLine(ticket.summary, 140)], `ticket-${ticket.number}`, ticket.conversation);
  }

  #customerWrote({ conversation, message, row }) {
    if (!row || !this.desk.isMine(row) || this.desk.isWatching(conversation)) return;
    if (this.preferences.get("messageSound")) this.sounds.tap();
    this.#notification(oneLine(row.customer, 60), [oneLine(message.text, 140)], `conversation-${conversation}`, conversation);
    this.showCount();
  }

  /** A colleague named or invited this agent, or what they put aside is back. */
  #told({ type, conversation, by }) {
    const row = this.desk.inbox.find(conversation) ?? this.desk.threads.get(conversation)?.row;
    const text = t(`alert.${type}`, { by: oneLine(by, 60), customer: oneLine(row?.customer, 60) });
    announce(text);
    if (this.preferences.get("mentionSound")) this.sounds.chime();
    this.desk.emit("notice", { text, act: { text: t("action.open"), run: () => this.emit("open", conversation) }, kind: "plain" });
    this.#notification(text, [], `${type}-${conversation}`, conversation);
  }

  #notification(title, lines, tag, conversation) {
    if (!this.preferences.get("notifications")) return;
    if (!("Notification" in window) || Notification.permission !== "granted" || document.hasFocus()) return;
    try {
      // The tag makes two desks of one agent show one notification.
      const notification = new Notification(title, { body: lines.filter(Boolean).join("\n"), tag, renotify: true, silent: true, icon: "/desk/static/icons/desk-192.png", lang: document.documentElement.lang });
      notification.onclick = () => {
        window.focus();
        this.emit("open", conversation);
        notification.close();
      };
    } catch {
      // Android lets only a service worker show one; sound, title and favicon serve there.
    }
  }

  showCount() {
    const waiting = this.desk.agent ? this.desk.inbox.queue.length : 0;
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
