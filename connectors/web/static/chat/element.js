/* <switchboard-chat>: the gateway's frames go into the conversation, which the panel shows; what the customer does goes
 * into the outbox. */

import { Conversation, Outbox } from "./conversation.js";
import { Connection, Session, Store } from "./line.js";
import { Bubble, Panel } from "./panel.js";
import { loadTexts, nearestLocale, Sound } from "./texts.js";

export class SwitchboardChat extends HTMLElement {
  async start(wishes) {
    Object.assign(this, { wishes, looks: {} });
    this.attachShadow({ mode: "open" });
    this.store = new Store(wishes.inbox, () => localStorage);
    this.tab = new Store(wishes.inbox, () => sessionStorage);
    this.sound = new Sound(this.store, this);
    this.session = new Session(wishes, this.store);
    this.outbox = new Outbox(this.tab, (frame) => this.connection.send(frame), () => this.show());
    this.conversation = new Conversation(this.outbox);
    this.connection = new Connection({
      session: this.session,
      cursor: () => this.conversation.cursor,
      locale: () => this.texts.locale,
      receive: (frame) => this.#receive(frame),
      ready: () => this.#caughtUp(),
      changed: () => this.show(),
    });
    this.#listen();
    const locale = nearestLocale(wishes.locale, document.documentElement.lang, navigator.languages);
    this.#notePageLocale(locale);
    const [texts] = await Promise.all([loadTexts(locale), this.wear("chat.css")]);
    this.isOpen = this.tab.read("open") === true;
    this.setTheme(wishes.theme);
    this.#build(texts);
    // The page says that nobody is signed in, so whoever used this browser before is not either.
    if (wishes.identity === "" && this.session.visitor.signed_in) await this.logout();
    // A visitor begins with the first opening; who already is one gets the badge at once.
    if (this.isOpen || this.session.token || wishes.identity) this.connection.start();
  }

  /* Each once; what could not be loaded is tried again when it is next needed. */
  wear(name) {
    return (this.looks[name] ??= this.putOn(name).catch(() => (this.looks[name] = null)));
  }

  /* Needs no `style-src` in the shop's policy. */
  async putOn(name) {
    const response = await fetch(new URL(name, import.meta.url));
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(await response.text());
    this.shadowRoot.adoptedStyleSheets = [...this.shadowRoot.adoptedStyleSheets, sheet];
  }

  #listen() {
    this.conversation.addEventListener("changed", () => this.#showSoon());
    this.conversation.addEventListener("arrived", ({ detail }) => this.#arrived(detail));
    this.conversation.addEventListener("state", ({ detail }) => this.#stateChanged(detail));
    this.conversation.addEventListener("problem", ({ detail }) => this.#refused(detail));
    this.session.onFollow = () => this.#follow();
    this.session.onIdentityRefused = (error) => this.#tell("identity_refused", error);
    this.store.follow("seen", () => this.show());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.setTheme(this.wishes.theme));
    document.addEventListener("visibilitychange", () => this.show());
  }

  /* The conversation keeps its language until the shop's page comes in another one. */
  #notePageLocale(locale) {
    const before = this.store.read("page_locale");
    if (before && before !== locale) this.languageWish = locale;
    this.store.write("page_locale", locale);
  }

  #build(texts) {
    this.texts = texts;
    this.panel = new Panel(texts, this);
    this.bubble = new Bubble(texts, () => (this.isOpen ? this.close() : this.open()));
    this.root = document.createElement("div");
    this.root.className = "root";
    this.root.lang = texts.locale;
    this.root.append(this.panel.element, this.bubble.element);
    this.shadowRoot.replaceChildren(this.root);
    this.fileDesk?.moveInto(this.panel);
    this.show();
  }

  #receive(frame) {
    if (frame.type === "session") this.#become(frame);
    this.conversation.receive(frame);
  }

  #become(frame) {
    const before = this.visitor;
    if (frame.token !== this.session.token) this.session.adopt(frame);
    this.visitor = this.session.visitor;
    if (before && before.id !== this.visitor.id) {
      this.conversation.clear();
      this.fileDesk?.forget();
      // What one customer had not yet sent is never sent as the next.
      if (before.signed_in) this.outbox.clear();
    }
    this.outbox.belongTo(this.visitor.id);
    const seen = this.store.read("seen");
    if (seen?.visitor !== this.visitor.id) this.#remember(frame.cursor ?? 0);
    this.#tell("session", { signed_in: this.visitor.signed_in });
  }

  #caughtUp() {
    this.outbox.sendAll();
    this.#wishLanguage();
    this.seen();
    this.#tell("unread", { count: this.unread });
  }

  #follow() {
    this.conversation.clear();
    this.outbox.clear();
    this.fileDesk?.forget();
    this.visitor = this.session.visitor;
    this.outbox.belongTo(this.visitor.id);
    if (this.session.token) this.connection.restart();
    else this.connection.stop();
    this.show();
  }

  #arrived(messages) {
    const isLooking = this.isOpen && document.hasFocus();
    if (!isLooking || messages.some(({ author }) => author === "agent")) this.sound.chime();
    for (const { id, author, name } of messages) this.#tell("message", { id, author, name });
    this.#tell("unread", { count: this.unread });
  }

  /* A message carries its own refusal; a wish's is told once. */
  #refused(error) {
    const item = this.outbox.items.get(error.client_id);
    if (item && (item.text !== null || error.code === "rate_limited")) return;
    if (item) this.outbox.taken(item.client_id);
    if (item?.frame.type === "contact") {
      this.tab.write("contacts", this.contacts.left.filter((ticket) => ticket !== item.frame.ticket));
      this.#build(this.texts);
    }
    this.panel.notice(error);
  }

  #stateChanged({ before, now }) {
    if (before.status !== now.status) this.#tell("state", { status: now.status });
    if (this.languageWish || !now.language || now.language === before.language) return;
    if (now.language !== this.texts.locale) this.#speak(now.language);
  }

  say(text) {
    this.#deliver({ type: "message", text }, text);
  }

  /* What stands in the composer, with the files beside it. */
  send(text) {
    const files = this.fileDesk?.take() ?? [];
    this.#deliver({ type: "message", text, attachments: files.map(({ id }) => id) }, text, files);
  }

  /* Few send or get files: what it takes is loaded with the first. */
  async files() {
    const { FileDesk } = await import("./files.js");
    this.fileDesk ??= new FileDesk(this);
    await this.fileDesk.speak(this.texts);
    return this.fileDesk;
  }

  /* Of files that were chosen; without any a voice note is recorded. */
  async attach(chosen) {
    const files = chosen && [...chosen];
    try {
      (await this.files()).add(files);
    } catch {
      this.panel.notice({ message: this.texts.t("could_not_load") });
    }
  }

  press(message, { index, title }) {
    this.#deliver({ type: "button", message_id: message.id, index }, title);
  }

  rate(message, helpful) {
    if (message.rating === helpful) return;
    message.rating = helpful;
    this.outbox.add({ type: "rate", message_id: message.id, helpful });
  }

  rateService(rating, score, comment) {
    this.outbox.add({ type: "csat", rating, score, ...(comment ? { comment } : {}) });
  }

  leaveMessage() {
    this.#wish({ type: "leave_message" });
  }

  askArticle({ id, question }) {
    // While a person speaks the assistant is silent.
    if (this.conversation.state.status === "agent") return this.say(question);
    this.#deliver({ type: "article", article_id: id }, question);
  }

  askOrder({ number }) {
    this.say(this.texts.t("order_question", { number }));
  }

  askPerson() {
    this.#wish({ type: "person" });
  }

  leaveQueue() {
    this.#wish({ type: "leave_queue" });
  }

  #wish(frame) {
    const earlier = this.outbox.find(frame.type);
    if (!earlier) this.#deliver(frame);
    else if (earlier.problem) this.outbox.retry(earlier.client_id);
  }

  typing(typing) {
    this.connection.send({ type: "typing", typing });
  }

  get contacts() {
    const left = this.tab.read("contacts") ?? [];
    return {
      left,
      name: this.session.visitor.name ?? "",
      isLeft: (ticket) => left.includes(ticket),
      leave: (ticket, contact) => {
        this.tab.write("contacts", [...left, ticket]);
        this.#deliver({ type: "contact", ticket, ...contact });
      },
    };
  }

  #deliver(frame, text = null, files = []) {
    this.connection.start();
    this.panel.toConversation();
    this.outbox.add(frame, text, files);
    // What was pressed may be gone now, and the focus with it.
    if (this.shadowRoot.activeElement !== this.panel.composer.field) this.panel.focus();
  }

  async chooseLanguage(locale) {
    this.languageWish = locale;
    await this.#speak(locale);
    this.#wishLanguage();
    this.#tell("language", { language: locale });
  }

  #wishLanguage() {
    if (this.languageWish && this.connection.send({ type: "language", language: this.languageWish })) this.languageWish = null;
  }

  async #speak(locale) {
    this.wanted = locale;
    const texts = await loadTexts(locale);
    if (this.wanted !== locale || this.texts.locale === locale) return;
    const hadFocus = this.shadowRoot.activeElement;
    this.#build(texts);
    if (hadFocus) this.panel.focus();
  }

  seen() {
    const last = this.conversation.lastId;
    if (!this.isOpen || document.hidden || !this.panel.isAtEnd) return;
    if (last > this.lastSeen) {
      this.#remember(last);
      this.#tell("unread", { count: 0 });
    }
    // While the line is lost nobody hears of it; it is told when the line is back.
    if (last > this.conversation.toldSeen && this.connection.send({ type: "read", message_id: last })) this.conversation.toldSeen = last;
  }

  #remember(last) {
    this.store.write("seen", { visitor: this.visitor?.id, last });
  }

  get lastSeen() {
    const seen = this.store.read("seen");
    return seen && seen.visitor === this.visitor?.id ? seen.last : 0;
  }

  get unread() {
    return this.conversation.unreadAfter(this.lastSeen);
  }

  /* A flood of frames is shown once. */
  #showSoon() {
    this.showTimer ??= setTimeout(() => this.show(), 16);
  }

  show() {
    clearTimeout(this.showTimer);
    this.showTimer = null;
    if (!this.panel) return;
    this.panel.show({
      isOpen: this.isOpen,
      messages: this.conversation.all,
      state: this.conversation.state,
      typing: this.conversation.typing,
      isKnown: this.conversation.isKnown,
      line: this.connection.status,
      isSignedIn: Boolean(this.session.visitor.signed_in),
      isAskingPerson: this.outbox.has("person"),
      isLeaving: this.outbox.has("leave_queue"),
    });
    this.seen();
    this.bubble.show({ isOpen: this.isOpen, unread: this.unread });
    this.root.classList.toggle("is-open", this.isOpen);
  }

  /* `draft` is put into the writing field for the customer to send. */
  open(draft) {
    const wasOpen = this.isOpen;
    this.#setOpen(true);
    this.connection.start();
    if (typeof draft === "string") this.panel.composer.write(draft);
    this.panel.focus();
    if (!wasOpen) this.#tell("open");
  }

  close() {
    if (!this.isOpen) return;
    this.#setOpen(false);
    this.bubble.element.focus();
    this.#tell("close");
  }

  #setOpen(isOpen) {
    this.isOpen = isOpen;
    this.tab.write("open", isOpen);
    this.show();
  }

  identify(jwt) {
    this.session.identity = jwt || "";
    this.session.isLive = false;
    this.connection.restart();
  }

  /* Screen and token are cleared at once, whether or not the gateway can be reached. */
  async logout() {
    const token = this.session.forget();
    this.connection.stop();
    this.conversation.clear();
    this.outbox.clear();
    this.fileDesk?.forget();
    this.tab.write("draft", null);
    this.visitor = null;
    this.#build(this.texts);
    this.#tell("session", { signed_in: false });
    if (!token) return;
    const body = JSON.stringify([{ type: "logout" }]);
    await this.session.fetch("widget/frames", { method: "POST", body, token, keepalive: true }).catch(() => {});
    if (this.isOpen) this.connection.start();
  }

  async setLocale(wish) {
    const locale = nearestLocale(wish);
    if (locale !== this.texts.locale) await this.chooseLanguage(locale);
  }

  setTheme(theme) {
    this.wishes.theme = theme;
    const isDark = theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
    this.dataset.scheme = isDark ? "dark" : "light";
  }

  /* open, close, message, state, unread, session, language, identity_refused. Returns how to stop listening. */
  on(event, heard) {
    const listener = ({ detail }) => heard(detail);
    this.addEventListener(`switchboard:${event}`, listener);
    return () => this.removeEventListener(`switchboard:${event}`, listener);
  }

  #tell(event, detail = {}) {
    this.dispatchEvent(new CustomEvent(`switchboard:${event}`, { detail }));
  }
}

export async function placeChat(wishes, Chat = SwitchboardChat) {
  if (!document.body) await new Promise((done) => document.addEventListener("DOMContentLoaded", done));
  customElements.define("switchboard-chat", Chat);
  const element = document.createElement("switchboard-chat");
  document.body.append(element);
  await element.start(wishes);
  return element;
}
