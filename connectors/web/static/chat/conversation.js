/* The messages: those the gateway has taken, and those on their way to it. */

import { uuid } from "./line.js";

const NOBODY = { status: "none", position: null, wait: null, agent: null, case: null, language: null, people_available: true };
const TYPING_SECONDS = { assistant: 20, agent: 8 };

export class Conversation extends EventTarget {
  constructor(outbox) {
    super();
    this.outbox = outbox;
    this.clear();
  }

  clear() {
    this.messages = new Map();
    this.state = NOBODY;
    this.cursor = 0;
    /* Up to which message the gateway knows that this page has shown it. */
    this.toldSeen = 0;
    this.typing = null;
    this.isKnown = false;
  }

  receive(frame) {
    switch (frame.type) {
      case "session":
      case "ready":
        this.#catchUp(frame);
        break;
      case "accepted":
        this.outbox.taken(frame.client_id);
        if (frame.message) this.#merge([frame.message]);
        break;
      case "message":
        this.#merge([frame.message]);
        break;
      case "state":
        this.#becomes(frame.state);
        break;
      case "typing":
        this.#types(frame);
        break;
      case "error":
        this.outbox.refused(frame);
        this.dispatchEvent(new CustomEvent("problem", { detail: frame }));
        break;
    }
    this.dispatchEvent(new Event("changed"));
  }

  /* Only this moves the cursor: a pushed message says nothing about those before it. */
  #catchUp({ messages, state, cursor }) {
    this.#merge(messages);
    this.#becomes(state);
    this.cursor = Math.max(this.cursor, cursor ?? 0);
    this.isKnown = true;
  }

  #merge(messages) {
    const fresh = messages.filter((message) => !this.messages.has(message.id));
    for (const message of messages) {
      this.messages.set(message.id, message);
      if (message.client_id) this.outbox.taken(message.client_id);
      if (message.author !== "customer") this.#types({ typing: false });
    }
    const { lang } = fresh.at(-1) ?? {};
    if (this.isKnown && lang && lang !== this.state.language) this.#becomes({ ...this.state, language: lang });
    const arrived = fresh.filter((message) => message.author !== "customer");
    if (arrived.length && this.isKnown) this.dispatchEvent(new CustomEvent("arrived", { detail: arrived }));
  }

  #becomes(state) {
    if (!state) return;
    const before = this.state;
    this.state = { ...NOBODY, ...state };
    this.dispatchEvent(new CustomEvent("state", { detail: { before, now: this.state } }));
  }

  #types({ author, name, typing }) {
    clearTimeout(this.typingTimer);
    this.typing = typing ? { author, name } : null;
    if (!typing) return;
    this.typingTimer = setTimeout(() => this.receive({ type: "typing", typing: false }), (TYPING_SECONDS[author] ?? 8) * 1000);
  }

  get all() {
    const settled = [...this.messages.values()].sort((one, other) => one.id - other.id);
    const underway = [...this.outbox.items.values()]
      .filter((item) => item.text !== null)
      .map(({ client_id, text, at, problem, files: attachments }) => ({
        id: null, client_id, author: "customer", text, at, problem, attachments, isPending: true, buttons: [],
      }));
    return [...settled, ...underway];
  }

  get lastId() {
    return Math.max(0, ...this.messages.keys());
  }

  unreadAfter(seen) {
    return [...this.messages.values()].filter((message) => message.author !== "customer" && message.id > seen).length;
  }
}

const PATIENCE_SECONDS = 12;

export class Outbox {
  constructor(store, send, changed) {
    Object.assign(this, { store, send, changed });
    this.items = new Map();
    this.kept = store.read("outbox");
    // A line may look open and be dead.
    setInterval(() => this.#lookForOverdue(), 2000);
  }

  /* Takes up what an earlier page of this tab left for the same visitor. */
  belongTo(owner) {
    const left = owner && this.kept?.owner === owner ? this.kept.items : [];
    this.kept = null;
    this.owner = owner;
    this.items = new Map([...left, ...this.items.values()].map((item) => [item.client_id, item]));
    this.#keep();
  }

  clear() {
    this.kept = null;
    this.items.clear();
    this.#keep();
  }

  /* `text` is shown as the customer's message meanwhile; a wish has none. */
  add(frame, text = null, files = []) {
    const item = { client_id: uuid(), frame, text, files, at: new Date().toISOString(), problem: null };
    this.items.set(item.client_id, item);
    this.#dispatch(item);
    return item;
  }

  find(type) {
    return [...this.items.values()].find((item) => item.frame.type === type);
  }

  has(type) {
    const item = this.find(type);
    return Boolean(item) && !item.problem;
  }

  taken(clientId) {
    if (this.items.delete(clientId)) this.#keep();
  }

  refused({ client_id, code, retry_after }) {
    const item = this.items.get(client_id);
    if (!item) return;
    if (code === "rate_limited") {
      setTimeout(() => this.items.has(client_id) && this.#dispatch(item), (retry_after || 2) * 1000);
      item.sentAt = Date.now() + (retry_after || 2) * 1000;
      return;
    }
    item.problem = code || "network";
    this.#keep();
  }

  retry(clientId) {
    const item = this.items.get(clientId);
    if (item) this.#dispatch(item);
  }

  discard(clientId) {
    this.taken(clientId);
    this.changed();
  }

  /* The line is there again. A repeat keeps its client_id, so nothing is doubled. */
  sendAll() {
    for (const item of this.items.values()) if (!item.problem || item.problem === "network") this.#dispatch(item);
  }

  #dispatch(item) {
    item.problem = null;
    item.sentAt = Date.now();
    this.send({ ...item.frame, client_id: item.client_id });
    this.#keep();
    this.changed();
  }

  #lookForOverdue() {
    const longAgo = Date.now() - PATIENCE_SECONDS * 1000;
    const overdue = [...this.items.values()].filter((item) => !item.problem && item.sentAt < longAgo);
    for (const item of overdue) item.problem = "network";
    if (overdue.length) this.changed();
  }

  #keep() {
    this.store.write("outbox", { owner: this.owner, items: [...this.items.values()] });
  }
}
