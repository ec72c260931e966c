// The list in the left pane when it is not the inbox itself: a view in pages, or what a search found.

/** What the inbox holds already and shows without asking. */
const OF_INBOX = new Set(["inbox", "queue", "mine"]);

export class List {
  view = "inbox";
  query = "";
  /** What the list is narrowed to: state, channel, language, agent, tag, team, since, until. */
  filters = {};
  rows = [];
  /** Lines of transcripts with the words in them. */
  hits = [];
  next = null;
  isLoading = false;
  problem = null;
  #turn = 0;

  constructor(api, onChange) {
    Object.assign(this, { api, onChange });
  }

  get isOfInbox() {
    return OF_INBOX.has(this.view) && !this.query && !this.isNarrowed;
  }

  get isNarrowed() {
    return Object.keys(this.filters).length > 0;
  }

  get hasMore() {
    return this.next !== null;
  }

  show(view, query = "", filters = {}) {
    Object.assign(this, { view, query, filters, rows: [], hits: [], next: null, problem: null });
    if (!this.isOfInbox) return this.read();
    this.#turn += 1;
    this.isLoading = false;
    this.onChange();
    return null;
  }

  /** `more`: the next page. `quiet`: anew, without showing that it loads and without losing pages below. */
  async read({ more = false, quiet = false } = {}) {
    if (this.isOfInbox || (more && (this.isLoading || !this.hasMore))) return;
    const turn = (this.#turn += 1);
    this.isLoading = !quiet;
    this.onChange();
    try {
      const answer = await this.#ask(more ? this.next : null);
      if (turn !== this.#turn) return;
      this.#take(answer, { more, quiet });
      this.problem = null;
    } catch (error) {
      if (turn !== this.#turn) return;
      if (!quiet) this.problem = error;
    }
    this.isLoading = false;
    this.onChange();
  }

  replace(row) {
    const index = this.rows.findIndex((one) => one.id === row.id && !one.mention);
    if (index >= 0) this.rows[index] = row;
    return index >= 0;
  }

  #ask(before) {
    const wanted = { ...this.filters };
    if (before !== null) wanted.before = before;
    if (this.query) return this.api.search({ ...wanted, q: this.query });
    const view = OF_INBOX.has(this.view) || this.view.startsWith("saved-") ? "all" : this.view;
    return this.api.conversations({ ...wanted, view });
  }

  #take({ conversations = [], hits = [], next }, { more, quiet }) {
    const keyOf = (row) => row.mention?.message ?? row.id;
    const fresh = new Set(conversations.map(keyOf));
    if (more) {
      const known = new Set(this.rows.map(keyOf));
      this.rows = [...this.rows, ...conversations.filter((row) => !known.has(keyOf(row)))];
      this.hits = [...this.hits, ...hits];
    } else {
      const below = quiet ? this.rows.slice(conversations.length).filter((row) => !fresh.has(keyOf(row))) : [];
      this.rows = [...conversations, ...below];
      if (!quiet || this.hits.length <= hits.length) this.hits = hits;
    }
    if (more || !quiet) this.next = next ?? null;
  }
}
