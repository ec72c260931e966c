// What the agent wrote and the server has not yet stored. Each keeps the client_id it was born with through every retry and
// every reload, so that a retry can never become a second message. A line to a customer may be held for a moment, in which
// it can be taken back: until then the server has never heard of it.
import { Signals } from "/page/static/js/signals.js";
import { keysUnder, read, write } from "/page/static/js/storage.js";

// A reply that could not leave for two minutes may no longer fit the conversation: then the agent decides.
const RETRIES_BY_ITSELF_MS = 120_000;
// Every tab of this agent holds the same lines, should one of them crash; between the last moment to take one back and the
// sending all have heard.
const MARGIN_MS = 250;

export class Outbox extends Signals {
  #items = new Map();
  #busy = new Map();
  #coming = new Set();
  #agent = null;
  #name = null;

  /** Hears of the server's copy of what was sent. */
  onStored = () => {};

  /** `say(conversation, {client_id, text, note})` sends one message. */
  constructor(say) {
    super();
    this.say = say;
    addEventListener("storage", ({ key, newValue }) => (newValue === null ? this.#gone(key) : this.#heldElsewhere(key)));
    // It would be sent at the next visit; who closes the window for good should know.
    addEventListener("beforeunload", (event) => this.#held().length && event.preventDefault());
  }

  /** Takes up what this agent left unsent on this machine. */
  openFor({ id, name }) {
    this.#agent = id;
    this.#name = name;
    this.#items.clear();
    for (const key of keysUnder(`out.${id}.`)) {
      const item = read(key);
      if (!item?.client_id || (!item.text && !item.files?.length)) continue;
      this.#items.set(item.client_id, { ...item, isKept: true, state: item.until > Date.now() ? "held" : "waiting" });
    }
    for (const item of this.#held()) this.#releaseLater(item);
    this.resume();
  }

  of(conversation) {
    return [...this.#items.values()].filter((item) => item.conversation === conversation);
  }

  /**
   * `promise` is `{due_at}` when the line promises an answer until then; `holdMs` is how long it can be taken back; `files` are sent up already;
   * `card` and `template` name what the server makes the line of, and `text` only stands for it until then. */
  send(conversation, text, { note = false, promise = null, holdMs = 0, files = [], card = null, template = null } = {}) {
    const now = Date.now();
    const item = { client_id: newId(), conversation, text, note, promise, files, card, template, by: this.#name, at: new Date(now).toISOString(), state: holdMs ? "held" : "queued", until: holdMs ? now + holdMs : 0, error: null };
    this.#items.set(item.client_id, item);
    this.#save(item);
    this.emit("change", conversation);
    if (holdMs) this.#releaseLater(item);
    else this.#pump(conversation);
  }

  /** Takes back a line that is still held: it was never sent, and never will be. Null when it is too late. */
  takeBack(clientId) {
    return this.#items.get(clientId)?.state === "held" ? this.remove(clientId) : null;
  }

  /** The last line held in this conversation. */
  lastHeld(conversation) {
    return this.#held().findLast((item) => item.conversation === conversation) ?? null;
  }

  /** A line is about to come, once `looked` is over: who closes or passes on waits for that too. */
  expect(looked) {
    this.#coming.add(looked);
    looked.finally(() => this.#coming.delete(looked));
  }

  /** Sends at once what is held there, or everywhere, and waits until it left or failed: for who closes or passes on. */
  async settle(conversation = null) {
    await Promise.allSettled([...this.#coming]);
    const concerned = this.#held().filter((item) => conversation === null || item.conversation === conversation);
    for (const item of concerned) this.#release(item);
    const busy = conversation === null ? [...this.#busy.values()] : [this.#busy.get(conversation)];
    await Promise.allSettled(busy);
  }

  /** Called once a second: a hidden page's own timers may be late by a minute. */
  tick() {
    for (const item of this.#held()) if (item.until + MARGIN_MS <= Date.now()) this.#release(item);
  }

  retry(clientId) {
    const item = this.#items.get(clientId);
    if (!item) return;
    Object.assign(item, { state: "queued", error: null });
    this.emit("change", item.conversation);
    this.#pump(item.conversation);
  }

  /** Takes it out of the list; used when the agent gives it up, takes it back to edit, or it has arrived. */
  remove(clientId) {
    const item = this.#items.get(clientId);
    if (!item) return null;
    this.#items.delete(clientId);
    write(this.#key(item), null);
    this.emit("change", item.conversation);
    return item;
  }

  /** The connection is back: what waits and is still fresh goes out, the rest asks the agent. */
  resume() {
    const conversations = new Set();
    for (const item of this.#items.values()) {
      if (item.state !== "waiting") continue;
      if (isFresh(item)) item.state = "queued";
      else Object.assign(item, { state: "failed", error: { code: "no_connection" } });
      conversations.add(item.conversation);
    }
    for (const conversation of conversations) {
      this.emit("change", conversation);
      this.#pump(conversation);
    }
  }

  get isWaiting() {
    return [...this.#items.values()].some((item) => item.state === "waiting");
  }

  #held() {
    return [...this.#items.values()].filter((item) => item.state === "held");
  }

  #releaseLater(item) {
    setTimeout(() => this.tick(), item.until + MARGIN_MS - Date.now());
  }

  #release(item) {
    item.state = "queued";
    this.emit("change", item.conversation);
    this.#pump(item.conversation);
  }

  /** Another tab of this agent holds a new line: if that tab is gone by then, it leaves from here. */
  #heldElsewhere(key) {
    const own = keysUnder(`out.${this.#agent}.`).find((one) => key?.endsWith(one));
    const item = own && read(own);
    if (!item?.client_id || this.#items.has(item.client_id) || !(item.until > Date.now())) return;
    this.#items.set(item.client_id, { ...item, state: "held", isKept: true });
    this.emit("change", item.conversation);
    this.#releaseLater(item);
  }

  /** Another tab took it back or sent it. */
  #gone(key) {
    const item = this.#held().find((one) => key?.endsWith(this.#key(one)));
    if (item) this.#forget(item);
  }

  #forget(item) {
    this.#items.delete(item.client_id);
    this.emit("change", item.conversation);
  }

  #pump(conversation) {
    if (this.#busy.has(conversation)) return;
    this.#busy.set(conversation, this.#deliverAll(conversation).finally(() => this.#busy.delete(conversation)));
  }

  async #deliverAll(conversation) {
    for (;;) {
      const item = this.of(conversation).find((one) => one.state === "queued");
      if (!item || !(await this.#deliver(item))) return;
    }
  }

  /** Sends one; false when the ones behind it should wait, to keep their order. */
  #deliver(item) {
    // One tab at a time; a tab that dies lets go. Without https there are no locks, and the client_id alone has to do.
    return navigator.locks ? navigator.locks.request(this.#key(item), () => this.#deliverNow(item)) : this.#deliverNow(item);
  }

  async #deliverNow(item) {
    // Taken back, or sent, in another tab.
    if (item.isKept && read(this.#key(item)) === null) {
      this.#forget(item);
      return true;
    }
    item.state = "sending";
    this.emit("change", item.conversation);
    const { client_id, text, note, promise, files, card, template } = item;
    const attachments = files?.map(({ id }) => id) ?? [];
    const made = card ? { card } : template ? { template } : { text, note, promise, attachments };
    try {
      const { message } = await this.say(item.conversation, { client_id, ...made });
      this.onStored(item.conversation, message);
      this.remove(client_id);
      return true;
    } catch (error) {
      if (!this.#items.has(client_id)) return true;
      const waits = error.isPassing && isFresh(item);
      Object.assign(item, { state: waits ? "waiting" : "failed", error: { code: error.code, status: error.status, details: error.details } });
      this.emit("change", item.conversation);
      return !waits;
    }
  }

  #save(item) {
    write(this.#key(item), item);
    // Where nothing can be stored, nothing is missing either.
    item.isKept = read(this.#key(item)) !== null;
  }

  #key = (item) => `out.${this.#agent}.${item.client_id}`;
}

const isFresh = (item) => Date.now() - Date.parse(item.at) < RETRIES_BY_ITSELF_MS;

function newId() {
  // randomUUID is there only on https and localhost; a desk tried on a shop's own network is neither.
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
