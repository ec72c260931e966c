// The console's state: who is signed in, the tree of articles, who edits what. Views listen here and call here.
import { ApiError } from "/page/static/js/server.js";
import { inLocale } from "/page/static/js/formats.js";
import { Signals } from "/page/static/js/signals.js";
import { LOCALES, useLocale } from "/page/static/js/texts.js";
import { Unsaved } from "./unsaved.js";

const POLL_MS = 4000;
const EDITING_ROLES = ["editor", "supervisor", "admin"];

/** Events: agent, locale, tree, found, live, connection, notice. */
export class Console extends Signals {
  agent = null;
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

  constructor({ api, preferences }) {
    super();
    Object.assign(this, { api, preferences });
    api.onSignedOut = () => this.agent && this.#leave("expired");
  }

  // Signing in and out

  async resumeSession() {
    await this.#begin(await this.api.me());
  }

  async signIn(login, password) {
    await this.#begin(await this.api.logIn(login, password));
  }

  async signOut() {
    await this.api.logOut().catch(() => {});
    this.#leave("by_choice");
  }

  async #begin(agent) {
    if (!EDITING_ROLES.includes(agent.role)) throw new ApiError(403, { code: "not_an_editor" });
    this.agent = agent;
    this.unsaved = new Unsaved(agent.id);
    if (LOCALES.includes(agent.language)) await this.showIn(agent.language);
    this.emit("agent");
    await this.readTree().catch((error) => this.notifyError(error));
    clearInterval(this.polling);
    this.polling = setInterval(() => this.#poll(), POLL_MS);
  }

  #leave(reason) {
    clearInterval(this.polling);
    this.lastLogin = reason === "expired" ? this.agent.login : "";
    this.agent = null;
    this.leftBecause = reason;
    this.emit("agent");
  }

  async showIn(locale) {
    await useLocale(locale);
    this.preferences.set("locale", locale);
    this.emit("locale");
  }

  async setLanguage(locale) {
    await this.showIn(locale);
    if (this.agent) await this.api.setLanguage(locale).catch((error) => this.notifyError(error));
  }

  // The tree

  async readTree() {
    this.tree = await this.api.tree();
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

  // Telling

  notify(key, values = {}, { kind = "plain" } = {}) {
    this.emit("notice", { key, values, kind });
  }

  notifyError(error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status !== 401) this.emit("notice", { error, kind: "problem" });
  }
}
