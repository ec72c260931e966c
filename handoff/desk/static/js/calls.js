// What calls an agent now, from the lists of the inbox: who waits, who was given to them, who wrote to them.
import { oneLine } from "/page/static/js/safe-text.js";
import { named, t } from "/page/static/js/texts.js";

export class Calls {
  /** Conversations that this agent has looked at since they were given them. */
  #attended = new Set();
  #silenced = new Set();

  constructor(desk) {
    this.desk = desk;
  }

  clear() {
    this.#attended.clear();
    this.#silenced.clear();
  }

  /** Quiet for those who call now; the next one is heard again. */
  silence() {
    for (const { key } of this.all()) this.#silenced.add(key);
  }

  hearAgain(key) {
    this.#silenced.delete(key);
  }

  /** `{key, kind, conversation}` of each; `kind` is ticket, message, given or line. */
  all() {
    if (!this.desk.agent) return [];
    const { queue, mine } = this.desk.inbox;
    // Behind a left message nobody sits and waits.
    const waiting = queue.map((ticket) => ({ key: `ticket-${ticket.number}`, kind: ticket.kind === "message" ? "message" : "ticket", conversation: ticket.conversation, ticket }));
    const own = mine.filter((row) => this.desk.isMine(row));
    const given = own.filter((row) => this.#isNew(row)).map((row) => ({ key: `given-${row.id}`, kind: "given", conversation: row.id, row }));
    const lines = own.filter((row) => !this.#isNew(row) && row.last_author === "customer" && this.desk.unread(row) > 0).map((row) => ({ key: `line-${row.id}-${row.last_at}`, kind: "line", conversation: row.id, row }));
    return [...waiting, ...given, ...lines];
  }

  /** Those that are to be heard. */
  heard() {
    return this.all().filter(({ key }) => !this.#silenced.has(key));
  }

  attend(conversation) {
    this.#attended.add(conversation);
  }

  /** Takes note of what the agent looks at, and forgets what is over. */
  look() {
    const { desk } = this;
    for (const id of this.#attended) if (!this.#awaitsFirstReply(desk.inbox.find(id))) this.#attended.delete(id);
    if (desk.isWatching(desk.selectedId)) this.attend(desk.selectedId);
    const keys = new Set(this.all().map(({ key }) => key));
    for (const key of this.#silenced) if (!keys.has(key)) this.#silenced.delete(key);
  }

  /** Given by the router or a colleague, and not looked at yet; who takes one by hand comes to it by themselves. */
  #isNew(row) {
    return this.#awaitsFirstReply(row) && !this.#attended.has(row.id) && !this.desk.isTaking;
  }

  #awaitsFirstReply(row) {
    return Boolean(row?.reply_due_at) && this.desk.isMine(row);
  }
}

/** The words of a call: a title, and lines under it. */
export function wordsOf({ kind, ticket, row }) {
  if (ticket) return { title: t("alert.ticket_title", { customer: oneLine(ticket.customer, 60) }), lines: [named("reason", ticket.reason), oneLine(ticket.summary, 140)] };
  const customer = oneLine(row.customer, 60);
  return { title: kind === "given" ? t("alert.given_title", { customer }) : customer, lines: [oneLine(row.last_text, 140)] };
}
