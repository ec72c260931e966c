// The transcript as a list that grows: stored messages, then what is still on its way, with a line where a day begins.
import { dayKey, dayName } from "/page/static/js/formats.js";
import { messageView, showDelivery, showPending, showReceipt } from "./message-view.js";
import { copyOf, forgetRows, keepRows, partsOf } from "/page/static/js/templates.js";

const JOINED_MS = 5 * 60_000;
// More are shown on request: a transcript of thousands must not make opening slow.
const FIRST_SHOWN = 300;

export class MessageList {
  #thread = null;
  #limit = FIRST_SHOWN;
  #receipts = new Map();

  constructor(element, { outbox, onCopy, onWrong, onEdit, onSendAgain, onOther }) {
    Object.assign(this, { element, outbox, onCopy, onWrong, onEdit, onSendAgain, onOther });
  }

  /** Shows the thread; returns whether earlier messages we hold are left out. */
  show(thread) {
    if (thread !== this.#thread) {
      this.forget();
      this.#thread = thread;
      this.#limit = FIRST_SHOWN;
    }
    const stored = thread.messages.slice(-this.#limit);
    const pending = this.outbox.of(thread.id).filter((item) => !thread.hasFromClient(item.client_id));
    this.#receipts = receiptsOf(thread);
    keepRows(this.element, this.#entries(stored, pending), {
      key: (entry) => entry.key,
      stamp: (entry) => entry.stamp,
      create: (entry) => (entry.day ? this.#day(entry) : this.#message(entry)),
      update: (row, entry) => entry.day || this.#update(row, entry),
    });
    return thread.messages.length > stored.length;
  }

  showEarlier() {
    this.#limit += FIRST_SHOWN;
  }

  /** So many that this one is among them. */
  showFrom(id) {
    const messages = this.#thread?.messages ?? [];
    const index = messages.findIndex((message) => message.id === id);
    if (index >= 0) this.#limit = Math.max(this.#limit, messages.length - index + 20);
  }

  forget() {
    forgetRows(this.element);
  }

  #entries(stored, pending) {
    const entries = [];
    let before = null;
    for (const message of [...stored, ...pending.map(asMessage)]) {
      const day = dayKey(message.at);
      if (day !== dayKey(before?.at)) entries.push({ key: `day ${day}`, stamp: "", day: message.at });
      const joined = isJoined(before, message);
      // The client's id is the key while there is one: the element of a message on its way becomes that of the stored one.
      const key = message.client_id ? `client ${message.client_id}` : `id ${message.id}`;
      const stamp = `${message.id ?? ""}|${joined}|${message.item?.state ?? ""}|${message.item?.error?.code ?? ""}|${message.delivery?.state ?? ""}|${message.delivery?.reason ?? ""}|${this.#receipts.get(message.id) ?? ""}|${filesOf(message)}`;
      entries.push({ key, stamp, message, joined });
      before = message;
    }
    return entries;
  }

  #day({ day }) {
    const parts = partsOf(copyOf("day"));
    parts.day.textContent = dayName(day);
    return { node: parts.root };
  }

  #message({ message }) {
    const parts = messageView(message, { onCopy: this.onCopy, onWrong: this.onWrong, customer: this.#thread.row?.customer });
    return { node: parts.root, parts, shownId: message.id, files: filesOf(message) };
  }

  #update(row, { message, joined }) {
    if (row.shownId !== message.id || row.files !== filesOf(message)) {
      // The server's copy: its time and text are the record. A customer's file may come from the provider later.
      const fresh = messageView(message, { onCopy: this.onCopy, onWrong: this.onWrong, customer: this.#thread.row?.customer });
      row.node.replaceChildren(...fresh.root.childNodes);
      row.node.classList.remove("pending", "failed");
      delete row.node.dataset.state;
      Object.assign(row, { parts: { ...fresh, root: row.node }, shownId: message.id, files: filesOf(message) });
    }
    if (message.id !== undefined) row.node.dataset.id = message.id;
    row.node.classList.toggle("joined", joined);
    if (message.item) showPending(row.parts, message.item, this.#actionsFor(message.item));
    else if (message.delivery) showDelivery(row.parts, message.delivery, () => this.onSendAgain(message.id), () => this.onOther(message.id));
    else showReceipt(row.parts, this.#receipts.get(message.id) ?? "");
  }

  #actionsFor(item) {
    return {
      onRetry: () => this.outbox.retry(item.client_id),
      onEdit: () => this.onEdit(this.outbox.remove(item.client_id)),
      onDiscard: () => this.outbox.remove(item.client_id),
      onUndo: () => this.onEdit(this.outbox.takeBack(item.client_id)),
    };
  }
}

const filesOf = ({ attachments }) => (attachments ?? []).map((file) => file.id ?? file.refused ?? "").join();

/**
 * What the customer's page has shown of our lines: "read" under the last one, "sent" under the newest. More would be noise.
 * Other channels say for each line how far it came.
 */
function receiptsOf({ row, messages }) {
  const receipts = new Map();
  const ours = messages.filter((message) => message.author === "agent" && !message.delivery);
  const read = ours.findLast((message) => message.seq <= (row?.read_seq ?? 0));
  const last = ours.at(-1);
  if (last && last !== read) receipts.set(last.id, "sent");
  if (read) receipts.set(read.id, "read");
  return receipts;
}

function asMessage(item) {
  return { client_id: item.client_id, author: item.note ? "note" : "agent", name: item.by, text: item.text, wordless: !item.text, attachments: item.files ?? [], at: item.at, item };
}

function isJoined(before, message) {
  if (!before || before.author !== message.author || (before.name ?? "") !== (message.name ?? "")) return false;
  if (message.author === "system" || Boolean(before.waiting) !== Boolean(message.waiting)) return false;
  return dayKey(before.at) === dayKey(message.at) && Date.parse(message.at) - Date.parse(before.at) < JOINED_MS;
}
