// The desk's state and what an agent can do with it. Views listen here and call here; nothing else talks to the server.
import { ApiError } from "/page/static/js/server.js";
import { Inbox, isHeldBy } from "./inbox.js";
import { List } from "./list.js";
import { oneLine } from "/page/static/js/safe-text.js";
import { Session } from "/page/static/js/session.js";
import { Thread } from "./thread.js";
import { LOCALES, locale } from "/page/static/js/texts.js";

// While the live connection is down, the desk asks by itself this often; while it is up, seldom, in case a push was lost.
const POLL_LOST_SECONDS = 4;
const POLL_LIVE_SECONDS = 60;
const INBOX_PAUSE_MS = 250;
// Lists and conversation may disagree for good (a list has an end); ask again no more often than this.
const WINDOW_PAUSE_MS = 200;
const CHECK_PAUSE_MS = 2000;
// A transcript is caught up in pages; this many pages is more than any conversation has.
const MOST_PAGES = 200;

/** Events: agent, locale, inbox, ticket, taken, escalated, list, selected, thread, messages, read, typing, outbox, people, tags, customer, told, connection, notice. */
export class Desk extends Session {
  inbox = new Inbox();
  selectedId = null;
  threads = new Map();
  /** Who may be named, invited, passed on to. */
  people = { colleagues: [], teams: [] };
  tags = [];
  connection = "starting";
  #seenAt = new Map();
  #readingInbox = null;
  #inboxAgain = false;
  #inboxReadAt = 0;
  #filling = new Set();
  #claiming = new Set();
  #taking = 0;
  #polledAt = 0;
  #checkedAt = 0;
  #windowTimer = 0;

  constructor({ api, live, drafts, outbox, preferences }) {
    super({ api, preferences });
    Object.assign(this, { live, drafts, outbox });
    this.list = new List(api, () => this.emit("list"));
    outbox.onStored = (conversation, message) => this.#take(conversation, message);
    outbox.on("change", (conversation) => this.emit("outbox", conversation));
    live.on("ready", () => this.#connected());
    live.on("lost", () => this.#setConnection("lost"));
    live.on("signedOut", () => this.signedOut());
    live.on("frame", (frame) => this.#receive(frame));
  }

  // Signing in and out

  async begin(agent) {
    if (agent.role === "editor") throw new ApiError(403, { code: "not_allowed" });
    const isSame = String(this.lastAgentId) === String(agent.id);
    if (!isSame) {
      this.inbox = new Inbox();
      this.threads.clear();
      this.#seenAt.clear();
      if (this.lastAgentId !== undefined) this.selectedId = null;
    }
    this.agent = agent;
    this.lastAgentId = agent.id;
    this.drafts.openFor(agent.id);
    this.outbox.openFor(agent);
    if (LOCALES.includes(agent.language)) await this.showIn(agent.language);
    this.#setConnection("starting");
    this.emit("agent");
    this.live.start();
    this.readInbox();
    if (this.selectedId !== null) this.readThread(this.selectedId);
    this.readList();
  }

  async signOut() {
    await this.outbox.settle();
    await super.signOut();
  }

  leave(reason) {
    this.live.stop();
    super.leave(reason);
  }

  async setLanguage(locale) {
    await super.setLanguage(locale);
    // Order states and articles come from the server in the agent's language.
    if (this.agent && this.selectedId !== null) this.readThread(this.selectedId);
  }

  /** What colleagues and the router see; away and offline give customers without a word back to the queue. */
  async setPresence(presence) {
    try {
      await this.api.setPresence(presence);
      this.agent = { ...this.agent, presence };
    } catch (error) {
      this.notifyError(error);
    }
    this.emit("agent");
  }

  // The live connection

  async #connected() {
    // Subscribed first, then read; what is pushed while we read wins over what was read. No moment falls between.
    this.#setConnection("live");
    this.outbox.resume();
    await this.catchUp();
  }

  async catchUp() {
    this.#polledAt = Date.now();
    const open = this.threads.get(this.selectedId);
    await Promise.allSettled([this.readInbox(), open ? this.readThread(open.id) : null, this.readList({ quiet: true })]);
  }

  /** Called once a second. */
  tick() {
    if (!this.agent) return;
    this.live.tick();
    this.outbox.tick();
    const thread = this.threads.get(this.selectedId);
    if (thread?.typingIsOver()) this.emit("typing", thread.id);
    const pause = this.live.isReady ? POLL_LIVE_SECONDS : POLL_LOST_SECONDS;
    if (Date.now() - this.#polledAt >= pause * 1000) {
      if (this.outbox.isWaiting) this.outbox.resume();
      this.catchUp();
    }
    this.emit("tick");
  }

  #setConnection(state) {
    if (this.connection === state) return;
    this.connection = state;
    this.emit("connection");
  }

  #receive(frame) {
    if (!this.agent) return;
    switch (frame.type) {
      case "ticket":
        this.inbox.add(frame.ticket);
        this.emit("inbox");
        this.emit("ticket", frame.ticket);
        this.readInbox();
        break;
      case "inbox":
        this.readInbox();
        break;
      case "message":
        this.#take(frame.conversation, frame.message);
        break;
      case "escalated":
        this.emit("escalated", frame.ticket);
        this.readInbox();
        break;
      case "conversation":
        this.#placeRow(frame.conversation);
        break;
      case "delivery":
        if (this.threads.get(frame.conversation)?.deliver(frame.deliveries)) this.emit("outbox", frame.conversation);
        this.#windowMoved(frame.conversation);
        break;
      case "typing":
        this.threads.get(frame.conversation)?.customerTypes(frame);
        this.emit("typing", frame.conversation);
        break;
      case "read":
        this.#readByCustomer(frame);
        break;
      case "customer":
        this.#customerChanged(frame);
        break;
      case "mention":
      case "invited":
      case "woke":
        this.#told(frame);
        break;
      default: // A newer server may say more than this page knows.
    }
  }

  #readByCustomer({ conversation, seq }) {
    this.threads.get(conversation)?.readUpTo(seq);
    this.emit("read", conversation);
  }

  /** Where a channel limits when and how often we write, what may still be written changed: asked once for what comes at once. */
  #windowMoved(id) {
    if (id !== this.selectedId || !this.selected?.window) return;
    clearTimeout(this.#windowTimer);
    this.#windowTimer = setTimeout(() => this.#readWindow(id), WINDOW_PAUSE_MS);
  }

  async #readWindow(id) {
    try {
      const { window } = await this.api.window(id);
      this.threads.get(id).window = window;
      this.emit("window", id);
    } catch (error) {
      // It is read with the conversation again when the connection is back.
      if (!(error instanceof ApiError)) throw error;
    }
  }

  /** Somebody named or invited this agent, or what they put aside is back. */
  #told(frame) {
    if (this.isWatching(frame.conversation)) this.#lookAt(frame.conversation);
    this.readInbox();
    if (this.list.view === "mentions" || this.list.view === "snoozed") this.readList({ quiet: true });
    this.emit("told", frame);
  }

  /** Notes there that name this agent are no news any more. */
  async #lookAt(id) {
    try {
      if ((await this.api.seen(id)).changed) this.readInbox();
    } catch {
      // They count as unseen until the next look.
    }
  }

  #take(conversation, message) {
    const thread = this.threads.get(conversation);
    const { isNew, gap } = thread ? thread.pushed(message) : { isNew: true, gap: false };
    this.outbox.remove(message.client_id);
    if (isNew) this.#arrived(conversation, [message]);
    if (gap) this.#fill(thread);
    // A line of the platform tells of a move, a card of a proof: who has the word and what may be seen changed with it.
    if (isNew && conversation === this.selectedId && (message.author === "system" || message.order)) this.readThread(conversation);
  }

  #arrived(conversation, messages) {
    const thread = this.threads.get(conversation);
    for (const message of messages) this.outbox.remove(message.client_id);
    const last = messages.at(-1);
    const row = this.inbox.find(conversation);
    if (row && last && !(row.last_at > last.at)) {
      const isUnseen = last.author === "customer" && !this.isWatching(conversation);
      this.inbox.place({ ...row, last_text: last.text, last_author: last.author, last_at: last.at, unread: (row.unread ?? 0) + (isUnseen ? 1 : 0) }, this.agent.id);
      this.#seeWhatShows();
      this.emit("inbox");
    }
    if (thread) this.emit("messages", { id: conversation, messages });
    for (const message of messages) if (message.author === "customer") this.emit("customerWrote", { conversation, message, row });
    if (messages.some(({ author }) => author === "customer")) this.#windowMoved(conversation);
  }

  #placeRow(row) {
    this.inbox.place(row, this.agent.id);
    this.#seeWhatShows();
    // A reading under way may have begun before this: read once more after it.
    if (this.#readingInbox) this.#inboxAgain = true;
    const isListed = this.list.replace(row);
    const thread = this.threads.get(row.id);
    if (thread) {
      const changed = thread.row?.status !== row.status || thread.row?.agent?.id !== row.agent?.id || thread.row?.ticket !== row.ticket;
      thread.own(row);
      this.emit("thread", row.id);
      // The ticket and what may be done with it changed too.
      if (changed && row.id === this.selectedId) this.readThread(row.id);
    }
    this.emit("inbox");
    if (isListed) this.emit("list");
  }

  // Reading

  /** Reads the inbox; calls that come while one is under way are answered by one more reading after it. */
  readInbox() {
    if (this.#readingInbox) {
      this.#inboxAgain = true;
      return this.#readingInbox;
    }
    this.#readingInbox = this.#readInboxNow().finally(() => {
      this.#readingInbox = null;
    });
    return this.#readingInbox;
  }

  async #readInboxNow() {
    do {
      // A long inbox is read less often: what is pushed moves its rows meanwhile.
      const pause = this.#inboxReadAt + INBOX_PAUSE_MS + 2 * (this.inbox.mine.length + this.inbox.queue.length) - Date.now();
      if (pause > 0) await new Promise((done) => setTimeout(done, pause));
      this.#inboxAgain = false;
      this.#inboxReadAt = Date.now();
      try {
        this.inbox.fill(await this.api.inbox());
        this.#seeWhatShows();
        this.emit("inbox");
        this.#checkSelected();
      } catch (error) {
        // The banner tells of a lost connection, the sign-in page of a lost session; both read again.
        if (!(error instanceof ApiError)) throw error;
      }
    } while (this.#inboxAgain && this.agent);
  }

  /** The open conversation moved without our hearing of it: read it again. */
  #checkSelected() {
    const row = this.selected?.row;
    if (row && !this.inbox.agreesWith(row, this.agent?.id) && this.#inboxReadAt - this.#checkedAt > CHECK_PAUSE_MS) {
      this.#checkedAt = this.#inboxReadAt;
      this.readThread(row.id);
    }
  }

  async readThread(id) {
    const thread = this.#thread(id);
    const before = thread.cursor;
    try {
      // First what we missed, so that a long absence leaves no hole; then who has it now.
      const missed = thread.isRead ? await this.#readAfter(thread) : [];
      const turn = thread.beginReading();
      const added = thread.fill(await this.api.conversation(id), turn);
      if (before && missed.length + added.length) this.#arrived(id, [...missed, ...added]);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      thread.problem = error;
    }
    if (this.isWatching(id)) this.markSeen(id);
    this.emit("thread", id);
  }

  async #readAfter(thread, from = thread.cursor) {
    const all = [];
    let cursor = from;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const turn = thread.beginReading();
      const { messages, cursor: next } = await this.api.messagesAfter(thread.id, cursor);
      all.push(...thread.caughtUp(messages, next, turn));
      if (!messages.length || !(next > cursor)) break;
      cursor = next;
    }
    return all;
  }

  /** Reads the messages before the first one we hold. */
  async readEarlier(id) {
    const thread = this.#thread(id);
    if (!thread.hasEarlier) return;
    try {
      const { messages } = await this.api.messagesBefore(id, thread.messages[0].id);
      thread.extendBack(messages);
    } catch (error) {
      this.notifyError(error);
    }
  }

  /** Reads back until a message is there; false when it is not in this conversation. */
  async readBackTo(id, message) {
    const thread = this.#thread(id);
    if (!thread.isRead) await this.readThread(id);
    for (let page = 0; page < MOST_PAGES; page += 1) {
      if (thread.messages.some((one) => one.id === message)) return true;
      if (!thread.hasEarlier || thread.messages[0].id < message) return false;
      const first = thread.messages[0].id;
      await this.readEarlier(id);
      if (thread.messages[0].id === first) return false;
    }
    return false;
  }

  async #fill(thread) {
    if (this.#filling.has(thread.id)) return;
    this.#filling.add(thread.id);
    try {
      const missed = await this.#readAfter(thread);
      if (missed.length) this.#arrived(thread.id, missed);
    } catch (error) {
      if (!error.isPassing) this.notifyError(error);
    } finally {
      this.#filling.delete(thread.id);
    }
  }

  #thread(id) {
    if (!this.threads.has(id)) this.threads.set(id, new Thread(id));
    return this.threads.get(id);
  }

  // Lists

  showList(view, query = "", filters = {}) {
    this.list.show(view, query, filters);
  }

  readList(how) {
    return this.list.read(how);
  }

  // People and tags, which menus and filters choose from

  async readPeople() {
    try {
      this.people = await this.api.colleagues();
      this.emit("people");
    } catch (error) {
      this.notifyError(error);
    }
  }

  async readTags() {
    try {
      this.tags = (await this.api.tags()).tags;
      this.emit("tags");
    } catch (error) {
      this.notifyError(error);
    }
  }

  // Opening

  get selected() {
    return this.selectedId === null ? null : this.threads.get(this.selectedId) ?? null;
  }

  open(id) {
    if (this.selectedId !== id) {
      this.selectedId = id;
      if (id !== null) this.#thread(id);
      this.live.watch(id);
      this.emit("selected");
    }
    if (id !== null && this.agent) {
      this.markSeen(id);
      this.#lookAt(id);
      this.readThread(id);
    }
  }

  /** This agent has the word. */
  isMine(row) {
    return row?.status === "agent" && String(row.agent?.id) === String(this.agent?.id);
  }

  /** This agent may speak: it is theirs, or they were invited beside. */
  mayReply(row) {
    return isHeldBy(row, this.agent?.id);
  }

  /** On screen and the window looked at: what arrives is seen. */
  isWatching(id) {
    return id === this.selectedId && !document.hidden && document.hasFocus();
  }

  unread(row) {
    return row.status === "closed" || this.#seenAt.get(row.id) === row.last_at ? 0 : row.unread ?? 0;
  }

  /** The agent looked at it: what the row counts as unread is seen up to its last message. */
  markSeen(id) {
    const row = this.inbox.find(id) ?? this.threads.get(id)?.row;
    if (!row || this.#seenAt.get(id) === row.last_at) return;
    this.#seenAt.set(id, row.last_at);
    this.emit("inbox");
  }

  #seeWhatShows() {
    const row = this.inbox.find(this.selectedId);
    if (row && this.isWatching(row.id)) this.#seenAt.set(row.id, row.last_at);
  }

  // Doing

  isClaiming(number) {
    return this.#claiming.has(number);
  }

  /** The agent is taking a customer by hand, and which one it becomes is not known yet. */
  get isTaking() {
    return this.#taking > 0;
  }

  /** Takes one ticket: the conversation's row, or null when it went to somebody else or the call failed (both are told). */
  async claim(number) {
    try {
      return await this.#claimOnce(number);
    } catch (error) {
      // Without a name nobody took it: the customer left the queue.
      if (error.code !== "ticket_already_claimed") this.notifyError(error);
      else if (error.details.agent) this.notify("notice.taken", { agent: oneLine(error.details.agent, 60), ticket: number }, { kind: "problem" });
      else this.notify("notice.gone", { ticket: number }, { kind: "problem" });
      this.readInbox();
      return null;
    }
  }

  /** Takes the ticket whose turn it is; the server chooses, so that two agents never run after the same one. */
  async claimNext() {
    this.#taking += 1;
    try {
      const { conversation } = await this.api.claimNext();
      if (conversation) this.#claimed(conversation);
      else this.notify("notice.queue_empty");
      return conversation;
    } catch (error) {
      this.notifyError(error);
      return null;
    } finally {
      this.#taking -= 1;
      this.readInbox();
    }
  }

  async #claimOnce(number) {
    this.#claiming.add(number);
    this.#taking += 1;
    this.emit("inbox");
    try {
      const { conversation } = await this.api.claim(number);
      this.#claimed(conversation);
      return conversation;
    } finally {
      this.#claiming.delete(number);
      this.#taking -= 1;
      this.emit("inbox");
    }
  }

  #claimed(conversation) {
    // Known before it is read, so that the agent can write at once.
    this.#thread(conversation.id);
    this.#placeRow(conversation);
    this.emit("taken", conversation.id);
  }

  /** Closes with what the agent says of it; rejects when the team wants more said. */
  async close(id, wrapUp) {
    await this.outbox.settle(id);
    const { conversation } = await this.api.close(id, wrapUp);
    this.#placeRow(conversation);
    this.notify("notice.close");
    await Promise.allSettled([this.readThread(id), this.readInbox()]);
  }

  /** release, handback or takeover. */
  async move(id, move) {
    try {
      await this.outbox.settle(id);
      const answer = await this.api.move(id, move);
      if (answer.conversation) this.#placeRow(answer.conversation);
      if (move !== "takeover") this.notify(`notice.${move}`);
    } catch (error) {
      this.notifyError(error);
    }
    await Promise.allSettled([this.readThread(id), this.readInbox()]);
  }

  // Sharing and putting aside. What the server refuses is the caller's to show.

  async transfer(id, to) {
    await this.outbox.settle(id);
    await this.#moved(id, this.api.transfer(id, to));
  }

  async invite(id, agent) {
    await this.#moved(id, this.api.invite(id, agent));
  }

  async sendAway(id, agent) {
    await this.#moved(id, this.api.sendAway(id, agent)).catch((error) => this.notifyError(error));
  }

  /** Until a time (ISO), or null to take it up again. */
  async snooze(id, until) {
    try {
      await this.#moved(id, this.api.snooze(id, until));
      this.notify(until ? "notice.snoozed" : "notice.woken");
    } catch (error) {
      this.notifyError(error);
    }
  }

  async tag(id, name, colour) {
    this.#wears(id, (await this.api.tag(id, name, colour)).tags);
    this.readTags();
  }

  async untag(id, tag) {
    this.#wears(id, (await this.api.untag(id, tag)).tags);
  }

  async #moved(id, call) {
    const { conversation } = await call;
    this.#placeRow(conversation);
    await Promise.allSettled([this.readThread(id), this.readInbox(), this.readList({ quiet: true })]);
  }

  #wears(id, tags) {
    const row = this.threads.get(id)?.row;
    if (row) this.#placeRow({ ...row, tags });
  }

  // What is known of a customer. What the server refuses is the caller's to show.

  readCustomer = (id) => this.#knows(id, this.api.customer(id, locale()));
  editCustomer = (id, version, values) => this.#knows(id, this.api.editCustomer(id, version, values));
  undoChange = (id, change, version) => this.#knows(id, this.api.undoChange(id, change, version));
  uniteCustomers = (id, wish) => this.#knows(id, this.api.uniteCustomers(id, wish));
  partCustomers = (id, merge) => this.#knows(id, this.api.partCustomers(id, merge));

  untieAccount = (id, link) => this.#knows(id, this.api.untieAccount(id, link));

  async #knows(id, call) {
    const known = await call;
    this.threads.get(id)?.know(known);
    this.emit("thread", id);
    this.emit("customer", id);
    return known;
  }

  /** Somebody changed what is known of the customer whose conversation is open; records of several channels are one. */
  #customerChanged({ conversation, record, version }) {
    const thread = this.selected;
    const known = thread?.customer?.record;
    const isOurs = known && (conversation === thread.id || record === known.id);
    if (isOurs && (record !== known.id || version !== known.version)) this.readCustomer(thread.id).catch((error) => error instanceof ApiError || Promise.reject(error));
  }

  /** Returns what the server made of it, or null when it could not be told. */
  async sendAgain(id) {
    try {
      await this.api.sendAgain(id);
    } catch (error) {
      this.notifyError(error);
    }
  }

  /** Goes on at another of the customer's channels: the conversation there, or null when it was refused (which is told). */
  async moveTo(id, to, message) {
    try {
      await this.outbox.settle(id);
      return (await this.api.moveTo(id, { to, ...(message ? { message } : {}) })).conversation;
    } catch (error) {
      this.notifyError(error);
      return null;
    }
  }
}
