/* The run of messages and the buttons under them. What only some messages hold is loaded with the first of them. */

import { button, followable, h, icon, later, words, written } from "./dom.js";

const GROUP_MS = 5 * 60 * 1000;
const NEAR_END_PX = 80;

export class Log {
  constructor(texts, deeds) {
    Object.assign(this, { texts, deeds });
    this.views = new Map();
    this.isAtEnd = true;
    this.below = 0;
    this.welcome = this.#welcome();
    this.list = h("div", { class: "messages" });
    this.typing = h("div", { class: "typing", "data-testid": "typing", "aria-live": "off", hidden: true },
      h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")), h("span", {}));
    this.pill = button({ class: "new-messages", "data-testid": "new-messages", hidden: true, onclick: () => this.toEnd(true) });
    this.scroller = h(
      "div",
      { class: "log", role: "log", "aria-live": "polite", "aria-label": texts.t("messages"), tabindex: "0", "data-testid": "log",
        onscroll: () => this.#scrolled() },
      this.welcome, this.list, this.typing,
    );
    this.element = h("div", { class: "log-frame" }, this.scroller, this.pill);
    const grows = new ResizeObserver(() => this.isAtEnd && this.toEnd());
    for (const part of [this.scroller, this.list]) grows.observe(part);
  }

  #welcome() {
    const { texts } = this;
    this.quick = h("div", { class: "quick" },
      texts.t("quick_questions").map((question) =>
        button({ class: "choice", "data-testid": "quick-question", onclick: () => this.deeds.say(question) }, question)));
    return h("div", { class: "welcome", "data-testid": "welcome" },
      h("h2", {}, texts.t("welcome_title")), h("p", {}, texts.t("welcome_text")), this.quick);
  }

  show({ messages, state, typing, isKnown }) {
    this.scroller.setAttribute("aria-busy", String(!isKnown));
    this.quick.hidden = messages.some(({ author }) => author === "customer") || ["waiting", "agent"].includes(state.status);
    const wasAtEnd = this.isAtEnd;
    const fresh = this.#place(messages, state);
    this.#showTyping(typing);
    if (wasAtEnd || fresh.some((message) => message.isPending)) this.toEnd();
    else this.below += fresh.filter((message) => message.author !== "customer").length;
    this.#showPill();
  }

  /* Returns the messages that were not there before. Elements stay, so a screen reader hears the new ones alone. */
  #place(messages, state) {
    const fresh = [];
    const kept = new Map();
    const newest = messages.findLast((message) => message.author !== "system");
    // The gateway's copy may read differently from the one shown while it was sent.
    for (const message of messages) {
      const view = this.views.get(keyOf(message));
      if (!view || said(view.message) === said(message)) continue;
      view.element.remove();
      this.views.delete(keyOf(message));
    }
    let place = this.list.firstChild;
    const put = (key, make) => {
      const view = kept.get(key) ?? this.views.get(key) ?? make();
      kept.set(key, view);
      if (view.element === place) place = place.nextSibling;
      else this.list.insertBefore(view.element, place);
      return view;
    };
    messages.forEach((message, index) => {
      const before = messages[index - 1];
      const after = messages[index + 1];
      if (!before || dayOf(before) !== dayOf(message)) {
        put(`day ${dayOf(message)}`, () => ({ element: divider(this.texts.day(message.at)) }));
      } else if (message.conversation && before.conversation && message.conversation !== before.conversation) {
        put(`conversation ${message.conversation}`, () => ({ element: divider(this.texts.t("new_conversation")) }));
      }
      const key = keyOf(message);
      if (!this.views.has(key)) fresh.push(message);
      const view = put(key, () => new MessageView(message, this.texts, this.deeds));
      view.show(message, {
        isFirst: !before || !together(before, message),
        isLast: !after || !together(message, after),
        hasButtons: message === newest && state.status !== "agent",
      });
    });
    for (const [key, view] of this.views) if (!kept.has(key)) view.element.remove();
    this.views = kept;
    return fresh;
  }

  #showTyping(typing) {
    this.typing.hidden = !typing;
    if (!typing) return;
    const name = typing.author === "agent" ? (typing.name ?? this.texts.t("person")) : this.texts.t("assistant");
    this.typing.lastChild.textContent = this.texts.t("is_typing", { name });
  }

  #showPill() {
    this.pill.hidden = this.isAtEnd || this.below === 0;
    if (!this.pill.hidden) this.pill.replaceChildren(icon("down"), this.texts.t("new_messages", { count: this.below }));
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    if (clientHeight === 0) return;
    // What grows below takes nobody from the end; scrolling up does.
    this.isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_END_PX || (this.isAtEnd && scrollTop >= this.top);
    this.top = scrollTop;
    if (this.isAtEnd) this.below = 0;
    this.#showPill();
    if (this.isAtEnd) this.deeds.seen();
  }

  toEnd(smoothly = false) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior: smoothly && !calm ? "smooth" : "instant" });
    if (smoothly) return;
    this.isAtEnd = true;
    this.below = 0;
    this.#showPill();
  }
}

const keyOf = ({ author, client_id, id }) => (author === "customer" && client_id) || id;
/* The text of a message without words only stands for its files. */
const said = ({ text, wordless }) => (wordless ? "" : text);
const dayOf = (message) => new Date(message.at).toDateString();

function together(one, other) {
  return (
    one.author === other.author && one.name === other.name && Boolean(one.waiting) === Boolean(other.waiting) &&
    dayOf(one) === dayOf(other) && new Date(other.at) - new Date(one.at) < GROUP_MS
  );
}

class MessageView {
  constructor(message, texts, deeds) {
    Object.assign(this, { message, texts, deeds });
    const { author } = message;
    const card = (make) => part("cards", texts, deeds, () => import("./cards.js"), make);
    this.label = h("div", { class: "label" }, this.#speaker());
    this.foot = h("div", { class: "foot" });
    this.buttons = this.#buttons();
    this.thumbs = message.can_rate && this.#thumbs();
    this.element = h(
      "div",
      { class: "message", "data-testid": "message", "data-author": author, "data-waiting": message.waiting ? "true" : null },
      this.label,
      said(message) && h("div", { class: "words", dir: "auto", lang: message.lang },
        message.article || author === "agent" ? written(message.text) : words(message.text)),
      this.#image(),
      message.attachments?.length > 0 && later(deeds.files, (files) => files.views(message)),
      message.order && card(({ orderCard }) => orderCard(message.order, texts)),
      message.card && card(({ shownCard }) => shownCard(message, texts, deeds)),
      message.csat?.length > 0 && part("csat", texts, deeds, () => import("./csat.js"), ({ csatCard }) => csatCard(message, { texts, rate: deeds.rateService })),
      message.contact_form && card(({ contactForm }) => contactForm(message, { texts, contacts: deeds.contacts() })),
      this.thumbs,
      this.buttons,
      this.foot,
    );
  }

  #speaker() {
    const { author, name, waiting } = this.message;
    if (author === "system") return "";
    if (author === "customer") return h("span", { class: "unseen" }, this.texts.t("you"));
    const isPerson = author === "agent";
    const speaker = isPerson ? (name ?? this.texts.t("person")) : this.texts.t("assistant");
    return [
      h("span", { class: `avatar ${isPerson ? "is-person" : "is-assistant"}`, "aria-hidden": "true" }, isPerson ? [...speaker][0] : icon("spark")),
      h("bdi", { class: "author" }, speaker),
      isPerson && h("span", { class: "tag is-person" }, this.texts.t("person")),
      waiting && h("span", { class: "tag is-waiting" }, this.texts.t("while_waiting")),
    ];
  }

  #image() {
    const url = this.message.image && followable(this.message.image, this.deeds.gateway);
    return url && h("img", { class: "picture", src: url.href, alt: "", loading: "lazy", referrerpolicy: "no-referrer" });
  }

  #buttons() {
    if (!this.message.buttons?.length) return null;
    return h(
      "div", { class: "buttons" },
      this.message.buttons.map((choice) =>
        button({ class: "choice", dir: "auto", "data-testid": "message-button", "data-index": choice.index,
          onclick: () => this.deeds.press(this.message, choice) }, choice.title)),
    );
  }

  #thumbs() {
    return h("div", { class: "thumbs", role: "group", "aria-label": this.texts.t("rate_answer") },
      ["helpful", "unhelpful"].map((name) =>
        button({ class: "thumb", "data-testid": name, "aria-label": this.texts.t(name), title: this.texts.t(name),
          onclick: () => this.deeds.rate(this.message, name === "helpful") }, icon("thumb"))));
  }

  show(message, { isFirst, isLast, hasButtons }) {
    const { element } = this;
    this.message = message;
    if (this.thumbs) {
      [...this.thumbs.children].forEach((thumb, index) => thumb.setAttribute("aria-pressed", String(message.rating === (index === 0))));
    }
    if (message.id !== null) element.dataset.id = message.id;
    element.dataset.state = message.problem ? "failed" : message.isPending ? "pending" : "sent";
    element.classList.toggle("is-first", isFirst);
    element.classList.toggle("is-last", isLast);
    this.label.hidden = !isFirst || message.author === "system";
    if (this.buttons) this.buttons.hidden = !hasButtons;
    this.#showFoot(message, isLast);
  }

  #showFoot(message, isLast) {
    const key = `${message.problem}|${message.isPending}|${isLast}`;
    if (this.footKey === key) return;
    this.footKey = key;
    this.foot.hidden = message.author === "system" || !(isLast || message.isPending);
    this.foot.replaceChildren(...(message.problem ? this.#failed(message) : [this.#time(message)]));
  }

  #time(message) {
    if (message.isPending) return h("span", { class: "sending" }, icon("clock"), this.texts.t("sending"));
    return h("time", { datetime: message.at, title: this.texts.write("full", message.at) }, this.texts.write("clock", message.at));
  }

  #failed({ problem, client_id }) {
    const key = `problem_${problem}`;
    const act = (testid, text, deed) => button({ class: "link-button", "data-testid": testid, onclick: deed }, text);
    return [
      h("span", { class: "failed", role: "alert" }, this.texts.t(this.texts.has(key) ? key : "problem_other")),
      act("retry", this.texts.t("retry"), () => this.deeds.retry(client_id)),
      act("discard", this.texts.t("discard"), () => this.deeds.discard(client_id)),
    ];
  }
}

/* Made of a module that has its own words and looks. */
const part = (name, texts, { wear }, load, make) => later(async () => (await Promise.all([load(), texts.need(name), wear(`${name}.css`)]))[0], make);

function divider(text) {
  return h("div", { class: "divider", role: "separator", "aria-label": text }, h("span", {}, text));
}
