/* The chat's window, its parts from top to bottom, and the bubble that opens it. */

import { button, h, icon } from "./dom.js";
import { Log } from "./messages.js";
import { LOCALES } from "./texts.js";

const PHONE = matchMedia("(max-width: 480px), (max-height: 480px)");
const NOTICE_MS = 6000;

/* How the shop's page scrolled before a full-screen panel held it still. */
let pageOverflow = null;

export class Panel {
  constructor(texts, chat) {
    Object.assign(this, { texts, chat });
    const { session } = chat;
    this.header = new Header(texts, { close: () => chat.close(), more: () => this.#browse("openMore", this.header.more), chooseLanguage: (locale) => chat.chooseLanguage(locale), sound: chat.sound });
    this.waiting = new WaitingBanner(texts, { leave: () => chat.leaveQueue(), leaveMessage: () => chat.leaveMessage() });
    this.log = new Log(texts, {
      session,
      gateway: session.gateway,
      contacts: () => chat.contacts,
      say: (text) => chat.say(text),
      press: (message, button) => chat.press(message, button),
      rate: (message, helpful) => chat.rate(message, helpful),
      rateService: (rating, score, comment) => chat.rateService(rating, score, comment),
      retry: (clientId) => chat.outbox.retry(clientId),
      discard: (clientId) => chat.outbox.discard(clientId),
      seen: () => chat.seen(),
      wear: (name) => chat.wear(name),
      tell: (frame) => chat.connection.send(frame),
      files: () => chat.files(),
    });
    this.actions = new Actions(texts, {
      askPerson: () => chat.askPerson(),
      browse: () => this.#browse("openFaq", this.actions.browse),
      orders: () => this.#browse("openOrders", this.actions.orders),
    });
    this.composer = new Composer(texts, { chat, send: (text) => chat.send(text), typing: (typing) => chat.typing(typing), drafts: chat.tab });
    this.line = h("div", { class: "notice", role: "status", "data-testid": "connection-notice", hidden: true });
    this.problem = h("div", { class: "notice is-problem", role: "alert", "data-testid": "notice", hidden: true });
    this.element = h(
      "section",
      { class: "panel", role: "dialog", "aria-label": texts.t("chat"), "data-testid": "panel", hidden: true,
        onkeydown: (event) => this.#key(event),
        ondragover: (event) => this.#drag(event, true), ondragleave: (event) => this.#drag(event, false), ondrop: (event) => this.#drop(event) },
      this.header.element, this.waiting.element, this.line,
      (this.stage = h("div", { class: "stage" }, this.log.element)),
      this.problem, this.actions.element, this.composer.element,
    );
    window.visualViewport?.addEventListener("resize", () => this.#fit());
    window.visualViewport?.addEventListener("scroll", () => this.#fit());
  }

  get isAtEnd() {
    return this.log.isAtEnd;
  }

  show(view) {
    const opens = view.isOpen && this.element.hidden;
    this.element.hidden = !view.isOpen;
    this.element.dataset.status = view.state.status;
    for (const part of [this.header, this.waiting, this.log, this.actions]) part.show(view);
    this.line.hidden = !["lost", "refused"].includes(view.line);
    this.line.textContent = this.line.hidden ? "" : this.texts.t(`line_${view.line}`);
    if (opens) {
      this.#fit();
      this.composer.fit();
      this.log.toEnd();
    }
    this.#holdPage(view.isOpen);
  }

  focus() {
    // On a phone the keyboard would cover the greeting.
    (matchMedia("(pointer: coarse)").matches ? this.element.querySelector(".log") : this.composer.field).focus({ preventScroll: true });
  }

  toConversation() {
    this.pages?.close();
    this.log.toEnd();
  }

  notice({ code, message }) {
    const key = `problem_${code}`;
    this.problem.textContent = this.texts.has(key) ? this.texts.t(key) : message || this.texts.t("problem_other");
    this.problem.hidden = false;
    clearTimeout(this.noticeTimer);
    this.noticeTimer = setTimeout(() => (this.problem.hidden = true), NOTICE_MS);
  }

  /* The pages over the conversation are loaded with the first wish for one. */
  async #browse(what, opener) {
    try {
      const [{ Pages }] = await Promise.all([import(`./help.js${this.again ?? ""}`), this.texts.need("help"), this.chat.wear("help.css")]);
      if (!this.pages) {
        this.pages = new Pages(this.texts, this.chat);
        this.stage.append(this.pages.element);
      }
      this.pages[what](opener);
    } catch {
      // A browser may remember that an address could not be loaded.
      this.again = `?${Date.now()}`;
      this.notice({ message: this.texts.t("could_not_load") });
    }
  }

  #key(event) {
    if (event.key === "Escape" && !event.isComposing && event.keyCode !== 229) {
      event.stopPropagation();
      if (this.pages?.isOpen) this.pages.goBack();
      else this.chat.close();
    }
    if (event.key === "Tab" && PHONE.matches) this.#keepFocus(event);
  }

  /* Files only: text may be dragged into the field as ever. */
  #drag(event, isOver) {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    this.element.classList.toggle("is-target", isOver);
  }

  #drop(event) {
    this.#drag(event, false);
    if (event.dataTransfer.files.length) this.chat.attach(event.dataTransfer.files);
  }

  /* Full screen on a phone: Tab goes round in it. */
  #keepFocus(event) {
    const stops = [...this.element.querySelectorAll("button, select, textarea, input, a[href], [tabindex='0']")].filter(
      (stop) => !stop.disabled && (stop.checkVisibility?.() ?? true));
    const [first, last] = [stops[0], stops.at(-1)];
    const at = this.element.getRootNode().activeElement;
    if (at !== (event.shiftKey ? first : last)) return;
    event.preventDefault();
    (event.shiftKey ? last : first).focus();
  }

  /* What the phone's keyboard leaves free. */
  #fit() {
    const { visualViewport } = window;
    if (!visualViewport || visualViewport.scale > 1.05) return;
    this.element.style.setProperty("--free-height", `${visualViewport.height}px`);
    this.element.style.setProperty("--free-top", `${visualViewport.offsetTop}px`);
  }

  #holdPage(isOpen) {
    const hold = isOpen && PHONE.matches;
    this.element.setAttribute("aria-modal", String(hold));
    if (hold === (pageOverflow !== null)) return;
    const { style } = document.documentElement;
    [style.overflow, pageOverflow] = hold ? ["hidden", style.overflow] : [pageOverflow, null];
  }
}

class Header {
  constructor(texts, { close, more, chooseLanguage, sound }) {
    this.texts = texts;
    this.sound = sound;
    const t = (key) => texts.t(key);
    this.avatar = h("span", { class: "avatar large", "aria-hidden": "true" });
    this.name = h("strong", { class: "speaker", "data-testid": "speaker", dir: "auto" });
    this.status = h("span", { class: "status", "data-testid": "status" });
    this.language = h(
      "select",
      { "aria-label": t("language"), title: t("language"), "data-testid": "language-select",
        onchange: () => chooseLanguage(this.language.value) },
      Object.entries(LOCALES).map(([locale, name]) =>
        h("option", { value: locale, lang: locale, selected: locale === texts.locale }, name)),
    );
    this.soundSwitch = button({ class: "tool", "data-testid": "sound-switch", onclick: () => this.#switchSound() });
    this.more = button({ class: "tool", "aria-label": t("more"), title: t("more"), "data-testid": "more", hidden: true, onclick: more },
      icon("more"));
    this.element = h(
      "header", { class: "header" },
      this.avatar,
      h("div", { class: "who" }, this.name, this.status),
      h("label", { class: "tool language" }, icon("globe"), this.language),
      this.more,
      this.soundSwitch,
      button({ class: "tool", "aria-label": t("close_chat"), title: t("close_chat"), "data-testid": "close", onclick: close },
        icon("down")),
    );
    this.#showSound();
  }

  #switchSound() {
    this.sound.isMuted = !this.sound.isMuted;
    this.#showSound();
    this.sound.chime();
  }

  #showSound() {
    const label = this.texts.t(this.sound.isMuted ? "sound_on" : "sound_off");
    this.soundSwitch.replaceChildren(icon(this.sound.isMuted ? "mute" : "sound"));
    this.soundSwitch.setAttribute("aria-label", label);
    this.soundSwitch.title = label;
  }

  show({ state, line, messages }) {
    this.more.hidden = messages.length === 0;
    const person = state.status === "agent" ? (state.agent?.name ?? this.texts.t("person")) : null;
    this.avatar.className = `avatar large ${person ? "is-person" : "is-assistant"}`;
    this.avatar.replaceChildren(person ? [...person][0] : icon("spark"));
    this.name.textContent = person ?? this.texts.t("assistant");
    const status = ["lost", "refused"].includes(line) ? line : ["agent", "waiting"].includes(state.status) ? state.status : "bot";
    this.status.textContent = this.texts.t(`status_${status}`);
    this.status.dataset.status = status;
  }
}

class Actions {
  constructor(texts, { askPerson, browse, orders }) {
    const chip = (testid, name, key, act) =>
      button({ class: `chip chip-${name}`, "data-testid": testid, onclick: act },
        icon(name), h("span", {}, texts.t(key)));
    this.person = chip("person-button", "headset", "talk_to_person", askPerson);
    this.browse = chip("browse-faq", "book", "browse_faq", browse);
    this.orders = chip("my-orders", "box", "my_orders", orders);
    this.element = h("div", { class: "actions" }, this.person, this.browse, this.orders);
  }

  show({ state, isSignedIn, isAskingPerson }) {
    this.person.hidden = ["waiting", "agent"].includes(state.status);
    this.person.classList.toggle("is-busy", isAskingPerson);
    this.person.setAttribute("aria-disabled", String(isAskingPerson));
    this.orders.hidden = !isSignedIn;
  }
}

class WaitingBanner {
  constructor(texts, { leave, leaveMessage }) {
    this.texts = texts;
    this.title = h("strong", {});
    this.wait = h("span", { class: "waiting-wait", "data-testid": "waiting-wait", hidden: true });
    this.message = button({ class: "quiet-button", "data-testid": "leave-message", onclick: leaveMessage },
      texts.t("leave_message"));
    this.leave = button({ class: "quiet-button", "data-testid": "leave-queue", onclick: leave },
      texts.t("leave_queue"));
    this.element = h(
      "div", { class: "waiting-banner", role: "status", "data-testid": "waiting-banner", hidden: true },
      h("span", { class: "pulse", "aria-hidden": "true" }),
      h("div", { class: "waiting-words" }, this.title, this.wait, h("span", {}, texts.t("waiting_note"))),
      h("div", { class: "waiting-ways" }, this.message, this.leave),
    );
  }

  show({ state, isLeaving }) {
    this.element.hidden = state.status !== "waiting";
    if (this.element.hidden) return;
    const { position } = state;
    const title = this.texts.t(position > 1 ? "waiting_position" : position === 1 ? "waiting_next" : "status_waiting", { position });
    if (this.title.textContent !== title) this.title.textContent = title;
    this.#showWait(state.wait);
    this.element.dataset.position = position ?? "";
    this.leave.disabled = isLeaving;
  }

  #showWait(wait) {
    const from = wait?.least_minutes ?? null;
    this.wait.hidden = from === null;
    if (from === null) return;
    const to = wait.most_minutes;
    const text = this.texts.t(to === null ? "wait_long" : from ? "wait_band" : "wait_short", { from, to });
    if (this.wait.textContent !== text) this.wait.textContent = text;
  }
}

const MOST_CHARACTERS = 2000;
const COUNT_FROM = 1800;
const TYPING_AGAIN_MS = 3000;
const TYPING_STOPS_MS = 4000;

class Composer {
  constructor(texts, { chat, send, typing, drafts }) {
    Object.assign(this, { texts, chat, onSend: send, onTyping: typing, drafts });
    this.field = h("textarea", {
      class: "field", rows: "1", dir: "auto", enterkeyhint: "send", autocomplete: "off", "data-testid": "composer",
      "aria-label": texts.t("write_message"), placeholder: texts.t("write_message"),
      oninput: () => this.#changed(), onkeydown: (event) => this.#key(event), onblur: () => this.#stopTyping(),
      onpaste: (event) => this.#paste(event),
    });
    this.files = h("input", { type: "file", multiple: true, class: "unseen", "data-testid": "attach", "aria-label": texts.t("attach"), onchange: () => this.#choose() });
    this.count = h("span", { class: "count", "aria-live": "polite", hidden: true });
    this.button = button({ class: "send", type: "submit", "data-testid": "send", "aria-label": texts.t("send"), title: texts.t("send") },
      icon("send"));
    this.element = h("form", { class: "composer", onsubmit: (event) => this.#submit(event) },
      h("label", { class: "tool attach", title: texts.t("attach") }, icon("clip"), this.files),
      this.field, this.count,
      navigator.mediaDevices && button({ class: "tool attach", "data-testid": "record", "aria-label": texts.t("record"), title: texts.t("record"), onclick: () => chat.attach() }, icon("mic")),
      this.button);
    this.field.value = drafts.read("draft") ?? "";
  }

  write(text) {
    this.field.value = text;
    this.#changed();
  }

  fit() {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, 132)}px`;
    const length = [...this.field.value].length;
    this.count.hidden = length < COUNT_FROM;
    this.count.textContent = `${length} / ${MOST_CHARACTERS}`;
    this.count.classList.toggle("is-over", length > MOST_CHARACTERS);
    const files = this.chat.fileDesk;
    this.button.disabled = files?.isBusy || !(this.field.value.trim() || files?.hasReady) || length > MOST_CHARACTERS;
  }

  #choose() {
    this.chat.attach(this.files.files);
    this.files.value = "";
  }

  /* A picture; what is copied from an office program is text first, and a picture of it beside. */
  #paste(event) {
    const { files } = event.clipboardData;
    if (!files.length || event.clipboardData.getData("text/plain")) return;
    event.preventDefault();
    this.chat.attach(files);
  }

  #key(event) {
    // Safari ends a composition before its Enter, and tells only by this old code.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    this.#submit(event);
  }

  #submit(event) {
    event.preventDefault();
    this.fit();
    if (this.button.disabled) return;
    const text = this.field.value.trim();
    this.write("");
    this.onSend(text);
    this.field.focus();
  }

  #changed() {
    this.drafts.write("draft", this.field.value);
    this.fit();
    if (!this.field.value) return this.#stopTyping();
    clearTimeout(this.stopTimer);
    this.stopTimer = setTimeout(() => this.#stopTyping(), TYPING_STOPS_MS);
    if (Date.now() - (this.typedAt ?? 0) < TYPING_AGAIN_MS) return;
    this.typedAt = Date.now();
    this.onTyping(true);
  }

  #stopTyping() {
    clearTimeout(this.stopTimer);
    if (!this.typedAt) return;
    this.typedAt = null;
    this.onTyping(false);
  }
}

export class Bubble {
  constructor(texts, toggle) {
    this.texts = texts;
    this.badge = h("span", { class: "badge", "data-testid": "unread-badge", "aria-hidden": "true" });
    this.element = button({ class: "bubble", "data-testid": "bubble", "aria-expanded": "false", onclick: toggle },
      icon("chat"), icon("down"), this.badge,
    );
  }

  show({ isOpen, unread }) {
    const label = isOpen ? "close_chat" : unread ? "open_chat_unread" : "open_chat";
    this.element.setAttribute("aria-label", this.texts.t(label, { count: unread }));
    this.element.setAttribute("aria-expanded", String(isOpen));
    this.badge.hidden = isOpen || !unread;
    this.badge.textContent = unread > 99 ? "99+" : String(unread);
  }
}
