// The middle pane: one conversation, who has it, what was said, and what may be done with it.
import { announce } from "./alerts.js";
import { briefView } from "./brief.js";
import { showWindow, stateOf } from "./reply-window.js";
import { TemplateDialog } from "./template-dialog.js";
import { ColleaguesDialog } from "./colleagues.js";
import { isAsleep } from "./inbox.js";
import { MessageList } from "./message-list.js";
import { nameOf } from "./message-view.js";
import { SnoozeMenu } from "./snooze-menu.js";
import { tagView } from "./tag-view.js";
import { TagsEditor } from "./tags-editor.js";
import { WrongDialog } from "./wrong-dialog.js";
import { soonTime } from "/page/static/js/formats.js";
import { oneLine } from "/page/static/js/safe-text.js";
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { errorText, locale, named, t } from "/page/static/js/texts.js";

// Within this distance of the end the reader follows the conversation.
const NEAR_END_PX = 80;
const PHONE = matchMedia("(max-width: 719px)");

class ConversationPane extends HTMLElement {
  #missed = 0;
  #briefStamp = null;
  #briefClosed = new Map();
  #shown = null;
  #follows = true;
  #scrolls = 0;

  start({ desk, route, canned, onCopy, onFaq, onArticle, onClose, onManage, onOther }) {
    Object.assign(this, { desk, route, onCopy, onClose, parts: partsOf(this) });
    const { parts } = this;
    this.composer = parts.composer;
    this.list = new MessageList(parts.messages, { outbox: desk.outbox, onCopy, onWrong: (...answer) => this.wrong.open(...answer), onEdit: (item) => item && this.composer.takeBack(item), onSendAgain: (id) => desk.sendAgain(id), onOther: (id) => onOther(desk.selectedId, id) });
    this.composer.start({ desk, canned, onFaq, onManage, onSent: () => this.#toEnd() });
    this.onArticle = onArticle;
    this.templates = new TemplateDialog({ desk, dialog: document.getElementById("template-dialog"), onSend: (...what) => this.composer.sendTemplate(...what) });
    parts.template.addEventListener("click", () => this.templates.open(desk.selectedId));
    this.wrong = new WrongDialog({ desk, dialog: document.getElementById("wrong-dialog") });
    this.colleagues = new ColleaguesDialog({ desk });
    this.tags = new TagsEditor({ desk, button: parts.tagsButton, panel: document.getElementById("tags-menu") });
    this.snoozing = new SnoozeMenu({ desk, button: parts.snooze, panel: document.getElementById("snooze-menu") });

    for (const button of [parts.claim, parts.claimFoot]) button.addEventListener("click", () => this.#takeIt());
    parts.takeover.addEventListener("click", () => this.#takeIt());
    parts.release.addEventListener("click", () => this.#move("release"));
    parts.handback.addEventListener("click", () => this.#move("handback"));
    parts.close.addEventListener("click", () => this.onClose(this.thread.id));
    parts.transfer.addEventListener("click", () => this.colleagues.open("transfer"));
    parts.invite.addEventListener("click", () => this.colleagues.open("invite"));
    parts.wake.addEventListener("click", () => desk.snooze(desk.selectedId, null));
    parts.back.addEventListener("click", () => route.back());
    parts.showCustomer.addEventListener("click", () => route.showSide());
    parts.noteHere.addEventListener("click", () => this.#noteHere());
    parts.reload.addEventListener("click", () => desk.readThread(desk.selectedId));
    parts.earlier.addEventListener("click", () => this.#showEarlier());
    parts.jump.addEventListener("click", () => this.#toEnd());
    parts.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#follows && this.#scrollToEnd()).observe(parts.scroller);

    desk.on("selected agent", () => this.#show());
    desk.on("thread", (id) => id === desk.selectedId && this.#show());
    desk.on("messages", (event) => event.id === desk.selectedId && this.#arrived(event.messages));
    desk.on("read", (id) => id === desk.selectedId && this.#showMessages());
    desk.on("outbox", (id) => id === desk.selectedId && this.#showMessages());
    desk.on("typing", (id) => id === desk.selectedId && this.#showTyping());
    desk.on("locale", () => this.#inNewLanguage());
    desk.on("window", (id) => id === desk.selectedId && this.#showWindow());
    desk.on("tick", () => this.thread && desk.agent && this.#showWindow());
  }

  get thread() {
    return this.desk.selected;
  }

  /** Which moves the agent has on the open conversation: the toolbar and the keys ask the same. */
  get may() {
    const row = this.thread?.row;
    const status = row?.status;
    const mine = this.desk.isMine(row);
    const role = this.desk.agent?.role;
    const isSenior = role === "supervisor" || role === "admin";
    return {
      claim: status === "waiting" && Boolean(row.ticket ?? this.thread.ticket?.number),
      takeover: status === "bot" || (status === "agent" && !mine && isSenior),
      release: mine || (status === "agent" && isSenior),
      handback: mine,
      close: mine || (isSenior && status !== "closed" && Boolean(status)),
      reply: this.desk.mayReply(row),
      // Whoever has the word, or may take it, also decides who shares it.
      pass: status === "agent" && (mine || isSenior),
      snooze: mine && !isAsleep(row),
    };
  }

  reply() {
    if (this.may.reply) this.composer.setNote(false, { focus: true });
    else if (this.may.claim || this.may.takeover) (this.parts.claim.hidden ? this.parts.takeover : this.parts.claim).focus();
  }

  note() {
    if (!this.thread?.row) return;
    if (this.may.reply) this.composer.setNote(true, { focus: true });
    else this.#noteHere();
  }

  takeOver() {
    if (this.may.claim || this.may.takeover) this.#takeIt();
  }

  #noteHere() {
    this.composer.hidden = false;
    this.composer.setNote(true, { focus: true });
  }

  async #takeIt() {
    const { thread, desk } = this;
    if (this.may.claim) {
      const row = await desk.claim(thread.row.ticket ?? thread.ticket.number);
      if (row) this.composer.write();
      else desk.readThread(thread.id);
      return;
    }
    await desk.move(thread.id, "takeover");
    if (this.may.reply) this.composer.write();
  }

  async #move(move) {
    await this.desk.move(this.thread.id, move);
    this.focus();
  }

  #inNewLanguage() {
    this.list.forget();
    this.#briefStamp = null;
    if (this.thread) this.#show();
  }

  #show() {
    // Signed out, the desk lies still under the sign-in page.
    if (!this.desk.agent) return;
    const { thread, parts } = this;
    const isOpen = thread !== null;
    parts.nothing.hidden = isOpen;
    for (const part of ["head", "scroller", "foot"]) parts[part].hidden = !isOpen;
    if (!isOpen) {
      this.#shown = null;
      parts.brief.replaceChildren();
      parts.jump.hidden = parts.wornLine.hidden = true;
      return;
    }
    const isOther = this.#shown !== thread.id;
    if (isOther) {
      this.#shown = thread.id;
      this.#missed = 0;
      this.#follows = true;
      this.#briefStamp = null;
    }
    this.#showHead();
    this.#showWorn();
    this.#showBrief();
    this.#showMessages();
    this.#showTyping();
    this.#showWindow();
    this.#showFoot(isOther);
  }

  #showWindow() {
    const { thread, parts } = this;
    showWindow(parts.window, thread);
    const { window } = thread;
    parts.template.hidden = parts.window.hidden || !this.may.reply || window.after !== "template" || stateOf(window) !== "closed";
  }

  #showHead() {
    const { thread, parts, may } = this;
    const row = thread.row ?? this.desk.inbox.find(thread.id) ?? rowOfTicket(this.desk.inbox.ticketOf(thread.id));
    setText(parts.customer, oneLine(row?.customer, 80));
    parts.status.dataset.status = row?.status ?? "";
    setText(parts.status, this.#statusText(row));
    setText(parts.ticket, row?.ticket ?? "");
    setText(parts.channel, named("channel", row?.channel));
    setText(parts.language, named("language", row?.language));
    for (const move of ["claim", "takeover", "release", "handback", "close"]) parts[move].hidden = !may[move];
  }

  /** Tags, who sits beside, and until when it is put aside. */
  #showWorn() {
    const { thread, parts, may } = this;
    const { row } = thread;
    parts.wornLine.hidden = !row;
    if (!row) return;
    parts.worn.replaceChildren(...(row.tags ?? []).map(tagView));
    parts.beside.replaceChildren(...(row.guests ?? []).map((guest) => this.#guest(guest)));
    parts.asleep.hidden = !isAsleep(row);
    if (isAsleep(row)) setText(parts.asleepText, t("snooze.until", { time: soonTime(row.snoozed_until) }));
    parts.transfer.hidden = parts.invite.hidden = !may.pass;
    parts.snooze.hidden = !may.snooze;
    parts.wake.hidden = !may.pass;
  }

  #guest({ id, name }) {
    const guest = partsOf(copyOf("guest"));
    setText(guest.name, oneLine(name, 40));
    guest.root.title = t("invite.beside", { name: oneLine(name, 60) });
    const isMe = String(id) === String(this.desk.agent.id);
    guest.away.hidden = !this.may.pass && !isMe;
    guest.away.setAttribute("aria-label", t(isMe ? "invite.leave" : "invite.send_away", { name: oneLine(name, 60) }));
    guest.away.title = guest.away.getAttribute("aria-label");
    guest.away.addEventListener("click", () => this.desk.sendAway(this.thread.id, id));
    return guest.root;
  }

  #statusText(row) {
    if (!row) return "";
    if (row.status !== "agent") return named("status", row.status);
    return this.desk.isMine(row) ? t("status.mine") : t("status.with", { agent: oneLine(row.agent?.name, 40) });
  }

  #showBrief() {
    const { thread, parts } = this;
    const { ticket } = thread;
    const stamp = ticket ? JSON.stringify([thread.id, ticket, thread.brief, thread.customer?.tier, locale()]) : "";
    if (stamp === this.#briefStamp) return;
    this.#briefStamp = stamp;
    parts.brief.replaceChildren();
    if (!ticket) return;
    // On a phone the brief would hide the conversation from who already answers.
    const isOpen = !(this.#briefClosed.get(thread.id) ?? (PHONE.matches && ticket.status !== "waiting"));
    const brief = briefView(thread, { onCopy: this.onCopy, onArticle: this.onArticle, onMessage: (id) => this.showMessage(id), isOpen });
    // On the click and not on "toggle", which also fires for a brief that is born open.
    brief.querySelector("summary").addEventListener("click", () => this.#briefClosed.set(thread.id, brief.open));
    parts.brief.append(brief);
  }

  #showMessages() {
    const { thread, parts } = this;
    if (!thread) return;
    this.hidesEarlier = this.list.show(thread);
    parts.earlier.hidden = !this.hidesEarlier && !thread.hasEarlier;
    parts.loading.hidden = thread.isRead || Boolean(thread.problem);
    parts.loadError.hidden = !thread.problem || (thread.isRead && thread.problem.isPassing);
    if (thread.problem) setText(parts.loadErrorText, errorText(thread.problem));
    if (this.#follows) this.#scrollToEnd();
    this.#showJump();
  }

  #arrived(messages) {
    const others = messages.filter((message) => message.author !== "agent" || message.name !== this.desk.agent?.name);
    if (!this.#follows) this.#missed += others.length;
    this.#showMessages();
    this.#showTyping();
    for (const message of others) announce(`${nameOf(message, this.thread.row?.customer)}${t("colon")}${oneLine(message.text, 300)}`);
  }

  async #showEarlier() {
    const { scroller } = this.parts;
    if (!this.hidesEarlier) await this.desk.readEarlier(this.thread.id);
    const fromEnd = scroller.scrollHeight - scroller.scrollTop;
    this.list.showEarlier();
    this.#showMessages();
    scroller.scrollTop = scroller.scrollHeight - fromEnd;
  }

  /** Brings one line of the open conversation into view, from however far back. */
  async showMessage(id) {
    const conversation = this.desk.selectedId;
    if (conversation === null || !(await this.desk.readBackTo(conversation, id)) || conversation !== this.desk.selectedId) return;
    this.#follows = false;
    this.list.showFrom(id);
    this.#showMessages();
    const line = this.parts.messages.querySelector(`[data-id="${Number(id)}"]`);
    line?.scrollIntoView({ block: "center" });
    if (line?.classList.contains("found")) {
      line.classList.remove("found");
      // Read, so that the same line can light up twice.
      void line.offsetWidth;
    }
    line?.classList.add("found");
  }

  #showTyping() {
    const { thread, parts } = this;
    const types = thread?.typing && thread.row?.status !== "closed";
    parts.typing.hidden = !types;
    if (!types) return;
    const text = oneLine(thread.typing.text, 200);
    setText(parts.typingText, text ? t("typing.customer_text", { text }) : t("typing.customer"));
    if (this.#follows) this.#scrollToEnd();
  }

  #showFoot(isOther) {
    const { thread, parts, may } = this;
    const row = thread.row;
    const isKnown = Boolean(row);
    parts.foot.hidden = !isKnown;
    if (!isKnown) return;
    parts.notMine.hidden = may.reply;
    parts.claimFoot.hidden = !may.claim && !may.takeover;
    setText(parts.claimFootText, t(may.claim ? "action.claim" : "action.takeover"));
    setText(parts.notMineText, this.#whyNotMine(row));
    const hasDraft = this.desk.drafts.has(thread.id);
    if (may.reply || hasDraft) this.composer.hidden = false;
    else if (isOther || !this.composer.isNote || this.composer.isEmpty) this.composer.hidden = true;
    this.composer.show(thread.id, { mayReply: may.reply, language: row.language, takesFiles: thread.takesFiles, fileLimits: thread.fileLimits, fileLinkDays: thread.fileLinkDays });
  }

  #whyNotMine(row) {
    if (row.status === "agent") return t("foot.with", { agent: oneLine(row.agent?.name, 40) });
    return t(`foot.${row.status}`);
  }

  #scrolled() {
    const { scroller } = this.parts;
    this.#follows = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END_PX;
    if (this.#follows) this.#missed = 0;
    this.#showJump();
  }

  #showJump() {
    this.parts.jump.hidden = this.#follows;
    setText(this.parts.jumpText, this.#missed ? t("conversation.new_messages", { count: this.#missed }) : t("conversation.to_end"));
  }

  #toEnd() {
    this.#follows = true;
    this.#missed = 0;
    this.#scrollToEnd();
    this.#showJump();
  }

  /** Once a frame, however much was shown in it: where the end is costs a layout of the page. */
  #scrollToEnd() {
    if (this.#scrolls) return;
    this.#scrolls = requestAnimationFrame(() => {
      this.#scrolls = 0;
      if (this.#follows) this.parts.scroller.scrollTop = this.parts.scroller.scrollHeight;
    });
  }
}

function rowOfTicket(ticket) {
  return ticket && { ...ticket, ticket: ticket.number, status: "waiting" };
}

customElements.define("desk-conversation", ConversationPane);
