// One conversation as this page knows it: who has it, its messages in order, and up to which id nothing is missing.

const TYPING_SHOWN_MS = 8000;

export class Thread {
  row = null;
  ticket = null;
  customer = null;
  brief = null;
  past = [];
  /** When the customer's channel lets us write; null where that is always. */
  window = null;
  /** Whether a file reaches the customer on their channel. */
  takesFiles = true;
  /** The largest file that the customer's channel takes, by its type; null where it takes whatever we have. */
  fileLimits = null;
  /** For how many days a link to a file holds, where the customer's channel carries none; null where files go. */
  fileLinkDays = null;
  /** The highest id up to which we hold everything. */
  cursor = 0;
  isRead = false;
  problem = null;
  typing = null;
  #byId = new Map();
  /** By message: after which reading it was pushed last. */
  #pushedTurns = new Map();
  /** By message: what the last push said of its delivery, and after which reading. */
  #pushedDeliveries = new Map();
  #turns = 0;
  #filledTurn = 0;
  #rowTurn = 0;
  #sorted = null;

  constructor(id) {
    this.id = id;
  }

  get messages() {
    this.#sorted ??= [...this.#byId.values()].sort((one, other) => one.id - other.id);
    return this.#sorted;
  }

  /** Older messages are on the server: a long transcript is read from its end. */
  get hasEarlier() {
    return (this.messages[0]?.seq ?? 1) > 1;
  }

  /** Numbers a reading, so that an answer which comes late cannot undo what was learnt after it was asked for. */
  beginReading() {
    this.#turns += 1;
    return this.#turns;
  }

  /** Takes in what GET /conversations/<id> said. */
  fill({ conversation, ticket, customer, brief, past, window, takes_files, file_limits, file_link_days, messages, cursor }, turn) {
    if (turn > this.#filledTurn) {
      Object.assign(this, { ticket, customer, brief: brief ?? null, past: past ?? [], window: window ?? null, takesFiles: takes_files ?? true, fileLimits: file_limits ?? null, fileLinkDays: file_link_days ?? null });
      this.#filledTurn = turn;
      if (turn > this.#rowTurn) this.#place(conversation);
    }
    this.isRead = true;
    this.problem = null;
    return this.caughtUp(messages, cursor, turn);
  }

  /** Takes in what is known of the customer by now. */
  know({ customer, past }) {
    Object.assign(this, { customer, past });
  }

  /** A push says who has it now: newer than any reading already under way. */
  own(row) {
    this.#place(row);
    this.#rowTurn = this.#turns;
  }

  /** The customer has seen our lines up to this place. */
  readUpTo(seq) {
    if (this.row && (this.row.read_seq ?? 0) < seq) this.row = { ...this.row, read_seq: seq };
  }

  /** What was seen stays seen: a row may have been read from the database before the customer looked, and come after. */
  #place(row) {
    const seen = this.row?.read_seq ?? 0;
    this.row = row;
    this.readUpTo(seen);
  }

  /** Takes in everything after our cursor, or everything; returns what was new. */
  caughtUp(messages, cursor, turn) {
    const added = this.#keep(messages, turn);
    this.cursor = Math.max(this.cursor, cursor ?? 0, ...messages.map((message) => message.id));
    return added;
  }

  /** Takes in messages from before the first one we hold. */
  extendBack(messages) {
    this.#keep(messages);
  }

  /**
   * Takes in one pushed message. Pushes are hints: when its number in the conversation does not follow the last
   * one, something between them was missed, the cursor stays, and `gap` asks to read from there.
   */
  pushed(message) {
    const last = this.messages.findLast((one) => one.id < message.id);
    const gap = this.isRead && Number.isInteger(message.seq) && message.seq > (last?.seq ?? 0) + 1;
    this.#pushedTurns.set(message.id, this.#turns);
    const added = this.#keep([message]);
    if (!gap && this.isRead) this.cursor = Math.max(this.cursor, message.id);
    if (message.author === "customer") this.typing = null;
    return { isNew: added.length > 0, gap };
  }

  /** Takes in where messages of ours are on their way; says whether any of them is one of ours here. */
  deliver(deliveries) {
    let known = false;
    for (const [id, delivery] of Object.entries(deliveries)) {
      this.#pushedDeliveries.set(Number(id), { delivery, turn: this.#turns });
      const message = this.#byId.get(Number(id));
      if (!message) continue;
      this.#byId.set(message.id, { ...message, delivery });
      known = true;
    }
    if (known) this.#sorted = null;
    return known;
  }

  hasFromClient(clientId) {
    return this.messages.some((message) => message.client_id === clientId);
  }

  customerTypes({ typing, text }) {
    this.typing = typing ? { text: text ?? "", until: Date.now() + TYPING_SHOWN_MS } : null;
  }

  /** Forgets a typing sign whose end we were never told of; says whether there was one. */
  typingIsOver(now = Date.now()) {
    if (!this.typing || this.typing.until > now) return false;
    this.typing = null;
    return true;
  }

  #keep(messages, turn = 0) {
    const added = messages.filter((message) => !this.#byId.has(message.id));
    for (const message of messages) {
      // A file that came, or never will, is pushed as its message anew: a reading from before knows nothing of it.
      if (turn > 0 && this.#pushedTurns.get(message.id) >= turn) continue;
      // A provider may be faster than the answer that says a message is stored, which knows nothing of its delivery.
      const pushed = this.#pushedDeliveries.get(message.id);
      const isNewer = !pushed || pushed.turn < turn;
      if (isNewer) this.#pushedDeliveries.delete(message.id);
      const delivery = isNewer ? (message.delivery ?? this.#byId.get(message.id)?.delivery) : pushed.delivery;
      this.#byId.set(message.id, delivery ? { ...message, delivery } : message);
    }
    if (messages.length) this.#sorted = null;
    return added;
  }
}
