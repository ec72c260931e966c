/* Tells the gateway that somebody looks at this page, and shows the invitation that may come back. Loaded after the chat;
 * silent while the page is hidden, and for good once the customer has said that they want none of it. */

import { uuid } from "./line.js";

const ANOTHER_VISIT_MS = 30 * 60_000;
const AGAIN_AFTER_TROUBLE_SECONDS = 60;
/* Of several tabs the one that is used speaks. */
const OTHER_TAB_MS = 25_000;

export class Visit {
  constructor(chat, wishes) {
    Object.assign(this, { chat, wishes, tab: uuid() });
    this.isOver = navigator.globalPrivacyControl === true || navigator.doNotTrack === "1" || wishes.tag.visits === "off";
    const known = chat.store.read("visit");
    const isReturning = known ? known.returning || Date.now() - known.at > ANOTHER_VISIT_MS : false;
    this.#remember({ key: known?.key ?? uuid(), returning: isReturning });
    document.addEventListener("visibilitychange", () => this.beat());
    addEventListener("focus", () => this.beat());
    chat.on("open", () => this.#hide());
    // Whoever begins to chat, or stops, is seen to at once.
    for (const event of ["open", "close", "state"]) chat.on(event, () => this.#again(0.5));
    this.beat();
  }

  get isAllowed() {
    return this.chat.store.read("invitations") !== false;
  }

  /* What the customer chose is kept in their browser; the gateway hears a no once, and nothing after it. */
  async allow(allowed) {
    this.chat.store.write("invitations", Boolean(allowed));
    if (allowed || this.isOver) return this.beat();
    clearTimeout(this.timer);
    await this.#ask({ invitations: false }).catch(() => {});
  }

  async beat(more = {}) {
    clearTimeout(this.timer);
    if (this.isOver || !this.isAllowed || document.hidden || this.#isOtherTabUsed()) return this.#again(this.seconds);
    try {
      const { next_seconds, invitation } = await this.#ask(more);
      this.isOver = next_seconds === null;
      this.#again(next_seconds);
      if (this.isAllowed) await this.#show(invitation);
    } catch (problem) {
      this.isOver = problem.status === 400 || problem.status === 403;
      if (this.isOver) console.warn(`Switchboard: visits are not told: ${problem.message}`);
      this.#again(problem.retryAfter ?? AGAIN_AFTER_TROUBLE_SECONDS);
    }
  }

  #again(seconds = 15) {
    clearTimeout(this.timer);
    this.seconds = Math.max(seconds, 15);
    if (!this.isOver && this.isAllowed) this.timer = setTimeout(() => this.beat(), seconds * 1000);
  }

  #isOtherTabUsed() {
    const { tab, at } = this.chat.store.read("visit") ?? {};
    return tab !== this.tab && Date.now() - at < OTHER_TAB_MS && !document.hasFocus();
  }

  #remember({ key, returning }) {
    this.chat.store.write("visit", { key, returning, at: Date.now(), tab: this.tab });
    Object.assign(this, { key, returning });
  }

  async #ask(more) {
    const { chat } = this;
    this.#remember(this);
    const body = {
      visit: this.key,
      page: { url: location.origin + location.pathname, title: document.title.slice(0, 300) },
      language: chat.texts.locale,
      locale: navigator.language,
      returning: this.returning,
      cart: this.#cart(),
      chat_open: chat.isOpen,
      ...more,
    };
    const response = await chat.session.fetch("widget/visit", { method: "POST", token: chat.session.token, body: JSON.stringify(body) });
    const answer = await response.json();
    if (response.ok) return answer;
    const { message, details } = answer.error ?? {};
    throw Object.assign(new Error(message), { status: response.status, retryAfter: details?.retry_after });
  }

  /* What the page last said with setCart, or wrote on the tag. */
  #cart() {
    const { tag, cart = [tag.cart, tag.currency] } = this.wishes;
    const [said, currency] = cart;
    if (said == null || said === "") return null;
    const value = Number(said);
    if (value >= 0 && value <= 1e9 && /^[A-Z]{3}$/.test(currency)) return { value, currency };
    if (!this.hasWarned) console.warn(`Switchboard: the cart must be a number and a currency such as "HKD", not ${JSON.stringify(cart)}.`);
    this.hasWarned = true;
    return null;
  }

  async #show(invitation) {
    if (!invitation || this.chat.isOpen || invitation.id === this.answered) return this.#hide();
    const isOnScreen = this.card?.isConnected && this.card.dataset.invitation === String(invitation.id) && this.card.lang === this.chat.texts.locale;
    if (isOnScreen) return;
    const { cardOf } = await import("./invitation.js");
    const card = await cardOf(invitation, this.chat, {
      accept: () => this.#accept(invitation),
      dismiss: () => this.#dismiss(invitation),
      never: () => this.allow(false),
    });
    this.#hide();
    if (this.chat.isOpen) return;
    this.card = card;
    this.chat.shadowRoot.append(card);
    if (!invitation.shown) {
      this.chat.sound.chime();
      await this.#ask({ shown: invitation.id });
    }
  }

  #hide() {
    this.card?.remove();
    this.card = null;
  }

  #accept({ id }) {
    this.answered = id;
    this.#hide();
    this.chat.open();
    this.chat.outbox.add({ type: "invitation", visit: this.key, invitation: id });
  }

  #dismiss({ id }) {
    this.answered = id;
    this.#hide();
    this.chat.bubble.element.focus({ preventScroll: true });
    this.beat({ dismissed: id });
  }
}
