// Who is on the shop's pages now, and inviting them to chat in one's own words.
import { announce } from "./alerts.js";
import { textFor } from "./canned.js";
import { tagView } from "./tag-view.js";
import { ago, money, wait } from "/page/static/js/formats.js";
import { oneLine, webLink } from "/page/static/js/safe-text.js";
import { copyOf, forgetRows, keepRows, partsOf, setText } from "/page/static/js/templates.js";
import { errorText, locale, named, t } from "/page/static/js/texts.js";

const READ_PAUSE_MS = 400;
// Whoever leaves sends no word of it.
const READ_EVERY_MS = 10_000;
// A first sentence in the visitor's language, to be changed or sent.
const GREETINGS = {
  "zh-HK": "你好，我係{agent.name}，有咩可以幫到你？",
  "zh-TW": "您好，我是{agent.name}，有什麼可以為您服務的嗎？",
  "zh-CN": "您好，我是{agent.name}，有什么可以帮您？",
  en: "Hello, I'm {agent.name}. Can I help you with anything?",
};
const FILTERS = {
  all: () => true,
  invitable: (one) => !reasonAgainst(one),
  returning: (one) => one.returning,
  cart: (one) => one.cart?.value > 0,
  chatting: (one) => Boolean(one.chat?.lively),
};

export class VisitorsDialog {
  visitors = [];
  total = 0;
  you = null;

  constructor({ desk, live, canned, sounds, preferences, onOpen, dialog, button }) {
    Object.assign(this, { desk, canned, sounds, preferences, onOpen, dialog, parts: partsOf(dialog) });
    live.on("frame", (frame) => this.#hear(frame));
    desk.on("tick", () => this.dialog.open && this.#tick());
    desk.on("locale", () => (forgetRows(this.parts.list), this.#show()));
    desk.on("agent", () => desk.agent === null && this.#clear());
    button.addEventListener("click", () => this.open());
    for (const name of ["show", "language"]) this.parts[name].addEventListener("change", () => this.#show());
    this.parts.find.addEventListener("input", () => this.#show());
    this.parts.list.addEventListener("keydown", (event) => this.#walk(event));
  }

  open() {
    this.dialog.showModal();
    this.isRead = false;
    this.#show();
    this.#read();
    this.parts.find.focus();
  }

  /** Nothing of it stays for the next who signs in at this page. */
  #clear() {
    this.dialog.close();
    this.visitors = [];
    forgetRows(this.parts.list);
  }

  #hear(frame) {
    if (frame.type === "visitors" && this.dialog.open) this.readTimer ??= setTimeout(() => this.#read(), READ_PAUSE_MS);
    if (frame.type === "came") this.#came(frame.conversation);
  }

  #came(conversation) {
    announce(t("visitor.came"));
    if (this.preferences.get("messageSound")) this.sounds.tap();
    this.desk.emit("notice", { key: "visitor.came", act: { text: t("visitor.open_chat"), run: () => this.#go(conversation) } });
  }

  #go(conversation) {
    this.dialog.close();
    this.onOpen(conversation);
  }

  #tick() {
    if (Date.now() - this.readAt >= READ_EVERY_MS) this.#read();
    for (const [, row] of this.parts.list.keptRows ?? []) row.tick();
  }

  async #read() {
    clearTimeout(this.readTimer);
    this.readTimer = null;
    this.readAt = Date.now();
    try {
      const answer = await this.desk.api.visitors();
      Object.assign(this, { visitors: answer.visitors, total: answer.total, enabled: answer.enabled, you: answer.you, isRead: true });
      this.parts.problem.hidden = !answer.rules_problem;
      setText(this.parts.problem, answer.rules_problem ? t("visitor.rules_problem", { problem: answer.rules_problem }) : "");
    } catch (error) {
      this.parts.problem.hidden = false;
      setText(this.parts.problem, errorText(error));
    }
    this.#show();
  }

  #show() {
    if (!this.dialog.open) return;
    const { parts } = this;
    const words = parts.find.value.trim().toLowerCase();
    const shown = this.visitors.filter((one) => FILTERS[parts.show.value](one)
      && (!parts.language.value || one.language === parts.language.value)
      && (!words || `${one.name ?? ""}\n${one.title}\n${one.page}`.toLowerCase().includes(words)));
    setText(parts.count, this.isRead ? t("visitor.count", { count: this.total }) : "");
    parts.you.hidden = !this.isRead || !this.you;
    setText(parts.you, this.you ? t(`visitor.you_${this.you}`) : "");
    parts.empty.hidden = shown.length > 0;
    setText(parts.empty, !this.isRead ? t("conversation.loading") : !this.enabled ? t("visitor.off") : this.visitors.length ? t("visitor.none_fit") : t("visitor.nobody"));
    keepRows(parts.list, shown, {
      key: (one) => one.id,
      stamp: (one) => `${JSON.stringify(one)}${this.you}`,
      create: () => this.#create(),
      update: (row, one) => row.update(one),
    });
  }

  #create() {
    const row = new VisitorRow(this);
    return { node: row.node, update: (one) => row.update(one), tick: () => row.tick() };
  }

  /** Arrow keys, J and K go from visitor to visitor; Enter on one begins an invitation. */
  #walk(event) {
    const row = event.target.closest(".visitor");
    if (event.target !== row || event.isComposing) return;
    const by = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    const rows = [...this.parts.list.children];
    if (by) rows[rows.indexOf(row) + by]?.focus();
    else if (event.key === "Enter") row.querySelector("[data-part=act]:not([disabled])")?.click();
    else return;
    event.preventDefault();
  }
}

class VisitorRow {
  constructor(list) {
    this.list = list;
    this.node = copyOf("visitor");
    this.parts = partsOf(this.node);
    this.parts.act.addEventListener("click", () => this.#act());
    this.parts.cancel.addEventListener("click", () => this.#close());
    this.parts.canned.addEventListener("change", () => this.#take());
    this.parts.form.addEventListener("submit", (event) => this.#send(event));
    this.parts.text.addEventListener("keydown", (event) => this.#key(event));
  }

  update(visitor) {
    this.visitor = visitor;
    const { parts, node } = this;
    const { name, title, page, language, country, returning, cart, tags, chat, invitation } = visitor;
    node.dataset.visitor = visitor.id;
    setText(parts.name, name ? oneLine(name, 60) : t(returning ? "visitor.returning" : "visitor.new"));
    parts.kind.hidden = !name;
    setText(parts.kind, t(returning ? "visitor.returning" : "visitor.new"));
    setText(parts.from, [named("language", language), country && regionName(country)].filter(Boolean).join(" · "));
    parts.tags.replaceChildren(...tags.map(tagView));
    setText(parts.title, oneLine(title, 120) || t("visitor.no_title"));
    const address = readable(page);
    parts.page.replaceChildren(webLink(page, oneLine(address, 100)) ?? oneLine(address, 100));
    parts.cart.hidden = !cart;
    setText(parts.cart, cart ? t("visitor.cart", { amount: money(cart.value, cart.currency) }) : "");
    const against = reasonAgainst(visitor) ?? this.list.you;
    // Just accepted: their page has not said yet which chat is theirs.
    const isFresh = invitation?.state === "accepted" && !chat && Date.now() - Date.parse(invitation.settled_at) < 60_000;
    const talk = chat?.lively ? chat.id : isFresh ? invitation.conversation : null;
    this.talk = talk;
    setText(parts.actText, t(talk ? "visitor.open_chat" : "visitor.invite"));
    parts.icon.toggleAttribute("hidden", Boolean(talk));
    parts.act.classList.toggle("primary", !talk && !against);
    parts.act.disabled = !talk && Boolean(against);
    if (parts.act.disabled || talk) this.#close(false);
    parts.state.dataset.state = invitation?.state ?? "";
    this.tick();
  }

  tick() {
    const { parts, visitor } = this;
    const seconds = (iso) => (Date.now() - Date.parse(iso)) / 1000;
    setText(parts.time, t("visitor.times", { page: wait(seconds(visitor.page_since)), whole: wait(seconds(visitor.since)) }));
    setText(parts.state, this.#standing());
    parts.state.hidden = !parts.state.textContent;
  }

  /** What became of the invitation, or why there can be none. */
  #standing() {
    const { invitation: asked, chat, refusal, chat_open: isOpen } = this.visitor;
    if (chat?.lively) return chat.agent ? t("visitor.talks_with", { name: oneLine(chat.agent, 40) }) : t(`visitor.chat_${chat.status}`);
    if (asked) {
      const by = asked.by ? oneLine(asked.by, 40) : t("visitor.by_rule");
      const said = t(`visitor.${asked.state}`, { by, ago: ago(asked.settled_at ?? asked.sent_at) });
      return refusal === "often" ? `${said} · ${t("visitor.no_often")}` : said;
    }
    return isOpen ? t("visitor.no_chatting") : "";
  }

  #act() {
    if (this.talk) return this.list.onOpen && (this.list.dialog.close(), this.list.onOpen(this.talk));
    const { parts, visitor, list } = this;
    const isOpening = parts.form.hidden;
    parts.form.hidden = !isOpening;
    parts.act.setAttribute("aria-expanded", String(isOpening));
    if (!isOpening) return;
    this.#offerCanned();
    parts.refused.hidden = true;
    parts.text.lang = visitor.language;
    if (!parts.text.value) parts.text.value = this.#filled(GREETINGS[visitor.language] ?? GREETINGS.en);
    parts.text.focus();
    parts.text.select();
    parts.form.scrollIntoView({ block: "nearest" });
  }

  #close(withFocus = true) {
    if (this.parts.form.hidden) return;
    this.parts.form.hidden = true;
    this.parts.act.setAttribute("aria-expanded", "false");
    if (withFocus) this.node.focus();
  }

  /** Of the canned replies those that need nothing known of the customer. */
  #offerCanned() {
    const { canned } = this.list;
    const usable = canned.all.map((one) => [one, textFor(one, this.visitor.language)])
      .filter(([, said]) => said.text && said.text.length <= 280 && !/[{｛]/.test(said.text.replaceAll("{agent.name}", "")));
    this.offered = usable.map(([, said]) => said);
    const first = new Option(t("visitor.canned"), "");
    this.parts.canned.replaceChildren(first, ...usable.map(([one, said], at) => new Option(`/${one.shortcut}  ${oneLine(said.text, 50)}`, String(at))));
    this.parts.canned.hidden = usable.length === 0;
  }

  #take() {
    const said = this.offered[this.parts.canned.value];
    if (!said) return;
    this.parts.text.value = this.#filled(said.text);
    this.parts.text.lang = said.language;
    this.parts.canned.value = "";
    this.parts.text.focus();
  }

  #filled(text) {
    return text.replaceAll("{agent.name}", this.list.desk.agent.name);
  }

  #key(event) {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.parts.form.requestSubmit();
    } else if (event.key === "Escape") {
      // Only the form closes, not the list around it.
      event.preventDefault();
      event.stopPropagation();
      this.#close();
    }
  }

  async #send(event) {
    event.preventDefault();
    const { parts, visitor, list } = this;
    parts.send.disabled = true;
    try {
      const { invitation } = await list.desk.api.inviteVisitor(visitor.id, parts.text.value);
      parts.text.value = "";
      this.#close();
      this.update({ ...visitor, invitation, refusal: "invited" });
      announce(t("visitor.sent", { by: invitation.by, ago: ago(invitation.sent_at) }));
    } catch (error) {
      parts.refused.hidden = false;
      setText(parts.refused, error.code === "cannot_invite" ? t(`visitor.no_${error.details?.reason}`) : errorText(error));
    } finally {
      parts.send.disabled = false;
    }
  }
}

/** What speaks against inviting this visitor, whoever does it. */
function reasonAgainst({ refusal, chat, chat_open: isOpen }) {
  return refusal ?? (chat?.lively || isOpen ? "chatting" : null);
}

function regionName(country) {
  try {
    return new Intl.DisplayNames([locale()], { type: "region" }).of(country);
  } catch {
    return country;
  }
}

/** The address as people read it: without scheme, its letters decoded. */
function readable(page) {
  const bare = page.replace(/^https?:\/\//, "");
  try {
    return decodeURI(bare);
  } catch {
    return bare;
  }
}
