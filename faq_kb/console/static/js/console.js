// The console's state: who is signed in, the tree of articles, who edits what. Views listen here and call here.
import { ApiError } from "/page/static/js/server.js";
import { inLocale } from "/page/static/js/formats.js";
import { Session } from "/page/static/js/session.js";
import { LOCALES } from "/page/static/js/texts.js";
import { know } from "./people.js";
import { Unsaved } from "./unsaved.js";

const POLL_MS = 4000;
const EDITING_ROLES = ["editor", "supervisor", "admin"];

/** Events: agent, locale, tree, found, live, connection, notice. */
export class Console extends Session {
  unsaved = null;
  tree = { version: "", problems: [], categories: [] };
  /** What a search left of the tree, or null when nothing is searched for. */
  found = null;
  query = "";
  /** `[{id, by}]`: who has which article open. */
  editing = [];
  connection = "live";
  isRead = false;
  #searchTurn = 0;

  // Signing in and out

  async begin(agent) {
    if (!EDITING_ROLES.includes(agent.role)) throw new ApiError(403, { code: "not_an_editor" });
    this.agent = agent;
    this.unsaved = new Unsaved(agent.id);
    if (LOCALES.includes(agent.language)) await this.showIn(agent.language);
    this.emit("agent");
    await this.readTree().catch((error) => this.notifyError(error));
    clearInterval(this.polling);
    this.polling = setInterval(() => this.#poll(), POLL_MS);
  }

  leave(reason) {
    clearInterval(this.polling);
    super.leave(reason);
  }

  // The tree

  async readTree() {
    this.tree = await this.api.tree();
    know(this.tree.people);
    this.isRead = true;
    this.#connected(true);
    this.emit("tree");
    if (this.query) await this.search(this.query);
  }

  async search(query) {
    this.query = query;
    const turn = (this.#searchTurn += 1);
    if (!query) this.found = null;
    else {
      const found = await this.api.tree({ q: query });
      if (turn !== this.#searchTurn) return;
      this.found = found;
    }
    this.emit("found");
  }

  async #poll() {
    if (!this.agent || document.hidden) return;
    try {
      const { version, editing } = await this.api.live(this.tree.version);
      this.#connected(true);
      this.editing = editing ?? [];
      if (String(version) !== String(this.tree.version)) await this.readTree();
      else this.emit("live");
    } catch (error) {
      if (error.isPassing) this.#connected(false);
      else if (error.status !== 401) throw error;
    }
  }

  #connected(isLive) {
    const connection = isLive ? "live" : "lost";
    if (connection === this.connection) return;
    this.connection = connection;
    this.emit("connection");
  }

  get articles() {
    return this.tree.categories.flatMap((category) => category.articles);
  }

  articleRow(id) {
    return this.articles.find((article) => article.id === id);
  }

  /** How an article is called in lists: its question in the editor's language, or its id. */
  nameOf(id, question = this.articleRow(id)?.question) {
    return inLocale(question) || id;
  }

  notifyError(error) {
    // A mistake of the page's own belongs on the console, not in front of an editor.
    if (!(error instanceof ApiError)) throw error;
    super.notifyError(error);
  }
}
