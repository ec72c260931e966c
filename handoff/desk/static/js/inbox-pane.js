// The left pane: waiting tickets, my conversations, others', or what was searched for.
import { showHits } from "./found-rows.js";
import { GrowingList } from "./growing-list.js";
import { showConversations, showQueue, showWait } from "./rows.js";
import { forgetRows, partsOf, setText } from "/page/static/js/templates.js";
import { errorText, t } from "/page/static/js/texts.js";

const SEARCH_PAUSE_MS = 250;

class InboxPane extends HTMLElement {
  start({ desk, alerts, sounds, route }) {
    Object.assign(this, { desk, alerts, sounds, route, parts: partsOf(this) });
    this.rowActions = { desk, onOpen: (id, at) => route.open(id, at), onClaim: (number) => this.claim(number) };
    const { parts } = this;
    const growing = (list, show, onEnd) => new GrowingList(parts[list], parts.scroller, show, onEnd);
    this.lists = {
      queue: growing("queue", showQueue),
      mine: growing("mine", showConversations),
      others: growing("others", showConversations),
      found: growing("found", showConversations, () => desk.list.query || desk.readList({ more: true })),
      hits: growing("hits", showHits, () => desk.readList({ more: true })),
    };
    this.views = this.querySelector("desk-views");
    this.filters = this.querySelector("desk-filters");
    this.views.start({ desk, route });
    this.filters.start({ desk, onChange: (filters) => this.#narrow(filters) });
    parts.claimNext.addEventListener("click", () => this.claimNext());
    parts.silence.addEventListener("click", () => alerts.silence());
    parts.soundOn.addEventListener("click", () => sounds.wake());
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

  /** A view is shown: with the filters it was saved with, or with none. */
  showView(view) {
    clearTimeout(this.searchTimer);
    const { q = "", ...filters } = this.views.savedOf(view)?.filters ?? {};
    this.parts.search.value = q;
    this.filters.value = filters;
    this.#begin();
    this.desk.showList(view, q, filters);
  }

  #narrow(filters) {
    this.filters.value = filters;
    this.#begin();
    this.desk.showList(this.desk.list.view, this.parts.search.value.trim(), filters);
  }

  /** Another list begins at its head. */
  #begin() {
    for (const list of Object.values(this.lists)) list.reset();
    this.parts.scroller.scrollTop = 0;
  }

  #searchSoon() {
    clearTimeout(this.searchTimer);
    this.searchTimer = setTimeout(() => this.#narrow(this.desk.list.filters), SEARCH_PAUSE_MS);
  }

  #searchKey(event) {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") {
      event.preventDefault();
      if (this.parts.search.value) {
        this.parts.search.value = "";
        clearTimeout(this.searchTimer);
        this.#narrow(this.desk.list.filters);
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
    for (const list of ["queue", "mine", "others", "found", "hits"]) forgetRows(this.parts[list]);
    this.#showAll();
    this.#showBell();
  }

  #showInbox() {
    const { parts, desk, lists } = this;
    const { queue, mine, others, isRead } = desk.inbox;
    const { view, isOfInbox } = desk.list;
    const shows = (one) => isOfInbox && (view === "inbox" || view === one);
    parts.queueSection.hidden = !shows("queue");
    parts.mineSection.hidden = !shows("mine");
    parts.othersSection.hidden = !shows("others") || others.length === 0;
    parts.waiting.hidden = queue.length === 0;
    setText(parts.waiting, queue.length);
    parts.waiting.title = t("queue.waiting", { count: queue.length });
    setText(parts.waitingText, parts.waiting.title);
    parts.claimNext.disabled = queue.length === 0;
    if (!isOfInbox) return;
    if (shows("queue")) lists.queue.render(queue, this.rowActions);
    if (shows("mine")) lists.mine.render(mine, { ...this.rowActions, testid: "mine-row" });
    if (shows("others")) lists.others.render(others, { ...this.rowActions, testid: "others-row", showAgent: true });
    setText(parts.queueCount, queue.length);
    setText(parts.mineCount, mine.length);
    setText(parts.othersCount, others.length);
    this.#showLeftOut(this.desk.inbox.leftOut ?? []);
    parts.queueEmpty.hidden = !isRead || queue.length > 0;
    parts.mineEmpty.hidden = !isRead || mine.length > 0;
  }

  #showLeftOut(channels) {
    this.parts.channelsOut.hidden = channels.length === 0;
    setText(this.parts.channelsOut, t("inbox.channels_left_out", { names: [...new Set(channels.map(({ channel }) => channel))].join(", ") }));
    this.parts.channelsOut.title = channels.map(({ channel, why }) => `${channel}: ${why}`).join("\n");
  }

  #showFound() {
    const { parts, desk, lists } = this;
    const { view, query, rows, hits, isLoading, problem, isOfInbox } = desk.list;
    parts.foundSection.hidden = isOfInbox;
    parts.hitsSection.hidden = isOfInbox || !query || hits.length === 0;
    if (isOfInbox) return;
    parts.foundTitle.hidden = !query || rows.length === 0;
    setText(parts.foundCount, rows.length);
    setText(parts.hitsCount, desk.list.hasMore ? `${hits.length}+` : hits.length);
    lists.found.render(rows, { ...this.rowActions, showStatus: true, showAgent: view !== "closed" });
    if (query) lists.hits.render(hits, this.rowActions);
    parts.foundEmpty.hidden = rows.length + hits.length > 0;
    parts.foundLoading.hidden = !isLoading || rows.length + hits.length === 0;
    if (problem) setText(parts.foundEmpty, errorText(problem));
    else setText(parts.foundEmpty, isLoading ? t("conversation.loading") : query ? t("search.nothing", { query }) : t(`list.empty`));
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
