// What the console asks of the gateway.
import { Server, part } from "/page/static/js/server.js";

// The whole set of articles is indexed anew for these; with thousands of articles that takes its time.
const LONG_MS = 120_000;

export class Api extends Server {
  tree = (query = {}) => this.#call("GET", `/tree?${new URLSearchParams(query)}`);
  live = (after) => this.#call("GET", `/live?${new URLSearchParams({ after })}`);
  article = (id) => this.#call("GET", `/articles/${part(id)}`);
  saveDraft = (id, draft) => this.#call("PUT", `/articles/${part(id)}/draft`, draft);
  discardDraft = (id, version) => this.#call("DELETE", `/articles/${part(id)}/draft`, { draft_version: version });
  delete = (id) => this.#call("POST", `/articles/${part(id)}/delete`, {});
  rename = (id, to) => this.#call("POST", `/articles/${part(id)}/rename`, { to });
  check = (id) => this.#call("POST", `/articles/${part(id)}/check`, {}, LONG_MS);
  replay = (id) => this.#call("POST", `/articles/${part(id)}/replay`, {}, LONG_MS);
  review = (id, note) => this.#call("POST", `/articles/${part(id)}/review`, { note });
  schedule = (id, publishAt) => this.#call("POST", `/articles/${part(id)}/schedule`, { publish_at: publishAt });
  unschedule = (id) => this.#call("POST", `/articles/${part(id)}/unschedule`, {});
  publish = (id, version) => this.#call("POST", `/articles/${part(id)}/publish`, { draft_version: version, replayed: true }, LONG_MS);
  history = (id) => this.#call("GET", `/articles/${part(id)}/history`);
  revert = (id, revision) => this.#call("POST", `/articles/${part(id)}/revert`, { revision }, LONG_MS);
  ask = (text, locale, article = null) => this.#call("POST", "/ask", { text, locale, article }, LONG_MS);
  words = () => this.#call("GET", "/words");
  replayWords = (lines) => this.#call("POST", "/words/replay", { lines }, LONG_MS);
  saveWords = (lines, version) => this.#call("PUT", "/words", { lines, version }, LONG_MS);
  addCategory = (category) => this.#call("POST", "/categories", category);
  changeCategory = (id, category) => this.#call("PUT", `/categories/${part(id)}`, category);
  misses = (query) => this.#call("GET", `/misses?${new URLSearchParams(query)}`);
  dismissMisses = (ids) => this.#call("POST", "/misses/dismiss", { miss_ids: ids });
  draftFromMisses = (draft) => this.#call("POST", "/misses/draft", draft);
  stats = (query) => this.#call("GET", `/stats?${new URLSearchParams(query)}`);
  uploadImage = (file) => this.#call("POST", "/images", form({ image: file }), LONG_MS);
  importFile = (file, isRehearsal) => this.#call("POST", "/import", form({ file, dry_run: isRehearsal ? "1" : "0" }), LONG_MS);
  exportAddress = (format) => `/faq/api/export?format=${part(format)}`;

  #call(method, path, body, timeout) {
    return this.call(method, `/faq/api${path}`, body, { timeout });
  }
}

function form(fields) {
  const filled = new FormData();
  for (const [name, value] of Object.entries(fields)) filled.append(name, value);
  return filled;
}
