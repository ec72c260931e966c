// The left pane: waiting tickets, my conversations, others', or what was searched for.
import { showConversations, showQueue, showWait } from "./rows.js";
import { forgetRows, partsOf, setText } from "/page/static/js/templates.js";
import { errorText, t } from "/page/static/js/texts.js";

const SEARCH_PAUSE_MS = 250;

class InboxPane extends HTMLElement {
  start({ desk, alerts, sounds, route }) {
    Object.assign(this, { desk, alerts, sounds, route, parts: partsOf(this) });
    this.rowActions = { desk, onOpen: (id) => route.open(id), onClaim: (number) => this.claim(number) };
    const { parts } = this;
    parts.claimNext.addEventListener("click", () => this.claimNext());
    parts.silence.addEventListener("click", () => alerts.silence());
    parts.soundOn.addEventListener("click", () => sounds.wake());
    parts.more.addEventListener("click", () => desk.readList({ more: true }));
    parts.search.addEventListener("input", (event) => event.isComposing || this.#searchSoon());
    parts.search.addEventListener("compositionend", () => this.#searchSoon());
    parts.search.addEventListener("keydown", (event) => this.#searchKey(event));
    desk.on("inbox agent", () => this.#showInbox());
    desk.on("list inbox", () => this.#showFound());
    desk.on("selected list", () => this.#showAll());
    desk.on("tick", () => this.#tick());
    desk.on("locale", () => this.#inNewLanguage());
    desk.on("ticket", (ticket) => this.#mark(ticket));
    alerts.on("change", () => this.#showBell());
    sounds.on("change", () => this.#showBell());
  }

  async claim(number) {
    const row = await this.desk.claim(number);
    if (row) this.route.open(row.id, { write: true });
  }

  async claimNext() {
    if (this.isClaimingNext) return;
    this.isClaimingNext = true;
    try {
      const row = await this.desk.claimNext();
      if (row) this.route.open(row.id, { write: true });
    } finally {
      this.isClaimingNext = false;
    }
  }

  focusSearch() {
    this.parts.search.focus();
    this.parts.search.select();
  }

  /** Moves the focus by one row, over all lists that show. */
  step(by) {
    const rows = [...this.querySelectorAll(".row-main")].filter((row) => row.checkVisibility({ contentVisibilityAuto: false }));
    if (!rows.length) return;
    const now = rows.indexOf(document.activeElement);
    const chosen = rows.findIndex((row) => row.parentElement.classList.contains("chosen"));
    const from = now >= 0 ? now : chosen;
    const next = from < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.max(0, Math.min(rows.length - 1, from + by));
    rows[next].focus();
    rows[next].scrollIntoView({ block: "nearest" });
  }

  clearSearch() {
    clearTimeout(this.searchTimer);
    this.parts.search.value = "";
  }

  #searchSoon() {
    clearTimeout(this.searchTimer);
    this.searchTimer = setTimeout(() => this.desk.showList(this.desk.list.view, this.parts.search.value.trim()), SEARCH_PAUSE_MS);
  }

  #searchKey(event) {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") {
      event.preventDefault();
      if (this.parts.search.value) {
        this.clearSearch();
        this.desk.showList(this.desk.list.view);
      } else this.parts.search.blur();
    } else if (event.key === "ArrowDown" || event.key === "Enter") {
      event.preventDefault();
      this.step(1);
    }
  }

  #showAll() {
    this.#showInbox();
    this.#showFound();
  }

  #inNewLanguage() {
    for (const list of ["queue", "mine", "others", "found"]) forgetRows(this.parts[list]);
    this.#showAll();
    this.#showBell();
  }

  #showInbox() {
    const { parts, desk } = this;
    const { queue, mine, others, isRead } = desk.inbox;
    const isInbox = desk.list.view === "inbox" && !desk.list.query;
    for (const section of ["queueSection", "mineSection", "othersSection"]) parts[section].hidden = !isInbox;
    parts.othersSection.hidden ||= others.length === 0;
    setText(parts.title, t(`view.${desk.list.view}`));
    parts.waiting.hidden = queue.length === 0;
    setText(parts.waiting, queue.length);
    parts.waiting.setAttribute("aria-label", t("queue.waiting", { count: queue.length }));
    parts.waiting.title = t("queue.waiting", { count: queue.length });
    parts.claimNext.disabled = queue.length === 0;
    if (!isInbox) return;
    showQueue(parts.queue, queue, this.rowActions);
    showConversations(parts.mine, mine, { ...this.rowActions, testid: "mine-row" });
    showConversations(parts.others, others, { ...this.rowActions, testid: "others-row", showAgent: true });
    setText(parts.queueCount, queue.length);
    setText(parts.mineCount, mine.length);
    setText(parts.othersCount, others.length);
    this.#showLeftOut(this.desk.inbox.leftOut ?? []);
    parts.queueEmpty.hidden = !isRead || queue.length > 0;
    parts.mineEmpty.hidden = !isRead || mine.length > 0;
  }

  #showLeftOut(channels) {
    this.parts.channelsOut.hidden = channels.length === 0;
    setText(this.parts.channelsOut, t("inbox.channels_left_out", { names: channels.map(({ channel }) => channel).join(", ") }));
    this.parts.channelsOut.title = channels.map(({ channel, why }) => `${channel}: ${why}`).join("\n");
  }

  #showFound() {
    const { parts, desk } = this;
    const { view, query, rows, hasMore, isLoading, problem } = desk.list;
    const isInbox = view === "inbox" && !query;
    parts.foundSection.hidden = isInbox;
    if (isInbox) return;
    showConversations(parts.found, rows, { ...this.rowActions, showStatus: true, showAgent: view !== "closed" });
    parts.more.hidden = !hasMore;
    parts.foundEmpty.hidden = rows.length > 0;
    if (problem) setText(parts.foundEmpty, errorText(problem));
    else setText(parts.foundEmpty, isLoading ? t("conversation.loading") : query ? t("search.nothing", { query }) : t("list.empty"));
  }

  #showBell() {
    const { parts, alerts, sounds } = this;
    parts.silence.hidden = !alerts.isRinging;
    parts.waiting.classList.toggle("ringing", alerts.isRinging);
    parts.soundHint.hidden = !(alerts.isRinging && sounds.isBlocked);
  }

  #tick() {
    for (const clock of this.parts.queue.querySelectorAll("[data-since]")) showWait(clock);
  }

  #mark(ticket) {
    const row = this.parts.queue.keptRows?.get(ticket.number);
    row?.node.classList.add("fresh");
  }
}

customElements.define("desk-inbox", InboxPane);
