// What the agent wrote and the server has not yet stored. Each keeps the client_id it was born with through every retry and
// every reload, so that a retry can never become a second message.
import { Signals } from "/page/static/js/signals.js";
import { keysUnder, read, write } from "/page/static/js/storage.js";

// A reply that could not leave for two minutes may no longer fit the conversation: then the agent decides.
const RETRIES_BY_ITSELF_MS = 120_000;

export class Outbox extends Signals {
  #items = new Map();
  #busy = new Set();
  #agent = null;
  #name = null;

  /** Hears of the server's copy of what was sent. */
  onStored = () => {};

  /** `say(conversation, {client_id, text, note})` sends one message. */
  constructor(say) {
    super();
    this.say = say;
  }

  /** Takes up what this agent left unsent on this machine. */
  openFor({ id, name }) {
    this.#agent = id;
    this.#name = name;
    this.#items.clear();
    for (const key of keysUnder(`out.${id}.`)) {
      const item = read(key);
      if (item?.client_id && item.text) this.#items.set(item.client_id, { ...item, state: "waiting" });
    }
    this.resume();
  }

  of(conversation) {
    return [...this.#items.values()].filter((item) => item.conversation === conversation);
  }

  /** `promise` is `{due_at}` when the line promises an answer until then. */
  send(conversation, text, note, promise = null) {
    const item = { client_id: newId(), conversation, text, note, promise, by: this.#name, at: new Date().toISOString(), state: "queued", error: null };
    this.#items.set(item.client_id, item);
    this.#save(item);
    this.emit("change", conversation);
    this.#pump(conversation);
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

  async #pump(conversation) {
    if (this.#busy.has(conversation)) return;
    this.#busy.add(conversation);
    try {
      for (;;) {
        const item = this.of(conversation).find((one) => one.state === "queued");
        if (!item || !(await this.#deliver(item))) return;
      }
    } finally {
      this.#busy.delete(conversation);
    }
  }

  /** Sends one; false when the ones behind it should wait, to keep their order. */
  async #deliver(item) {
    item.state = "sending";
    this.emit("change", item.conversation);
    const { client_id, text, note, promise } = item;
    try {
      const { message } = await this.say(item.conversation, { client_id, text, note, promise });
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
