// Half-written replies, one a conversation and agent, kept over reloads and sign-outs.
import { keysUnder, read, write } from "/page/static/js/storage.js";

const KEPT_DAYS = 14;

export class Drafts {
  #agent = null;
  #drafts = new Map();

  openFor(agentId) {
    this.#agent = agentId;
    this.#drafts.clear();
    const oldest = Date.now() - KEPT_DAYS * 24 * 3600 * 1000;
    for (const key of keysUnder("draft.")) {
      const draft = read(key);
      if ((draft?.at ?? 0) < oldest) write(key, null);
      else if (key.startsWith(this.#key(""))) this.#drafts.set(key, draft);
    }
  }

  of(conversation) {
    return this.#drafts.get(this.#key(conversation)) ?? { text: "", note: false };
  }

  has(conversation) {
    return this.#drafts.has(this.#key(conversation));
  }

  /** `files` are sent up already, and wait for a line to go with. */
  keep(conversation, { text, note, files = [] }) {
    const key = this.#key(conversation);
    const draft = text.trim() || files.length ? { text, note, files, at: Date.now() } : null;
    if (draft) this.#drafts.set(key, draft);
    else this.#drafts.delete(key);
    write(key, draft);
  }

  #key = (conversation) => `draft.${this.#agent}.${conversation}`;
}
