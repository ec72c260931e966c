// Who works at this page: signing in and out, and the language that is kept with them. The page's own state extends this.
import { Signals } from "./signals.js";
import { useLocale } from "./texts.js";

/** Events: agent, locale, notice. */
export class Session extends Signals {
  agent = null;

  constructor({ api, preferences }) {
    super();
    Object.assign(this, { api, preferences });
    api.onSignedOut = () => this.signedOut();
  }

  /** Takes up a session that is still good; rejects when there is none. */
  async resume() {
    await this.begin(await this.api.me());
  }

  async signIn(login, password) {
    await this.begin(await this.api.logIn(login, password));
  }

  async signOut() {
    await this.api.logOut().catch(() => {});
    this.leave("by_choice");
  }

  /** The server no longer knows us. What is written and on screen stays for the next sign-in of the same person. */
  signedOut() {
    if (this.agent) this.leave("expired");
  }

  leave(reason) {
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
    if (!this.agent) return;
    this.agent = { ...this.agent, language: locale };
    await this.api.setLanguage(locale).catch((error) => this.notifyError(error));
  }

  notify(key, values = {}, { kind = "plain" } = {}) {
    this.emit("notice", { key, values, kind });
  }

  notifyError(error) {
    // Signed out shows the sign-in page, which says it better.
    if (error.status !== 401) this.emit("notice", { error, kind: "problem" });
  }
}
