// Promises: one is made from a draft with a press and the sending, stands over the conversation until it is kept, and is
// told before it is due.
import { announce } from "./alerts.js";
import { showNotification } from "./notification.js";
import { clockTime, comingDay, dateTime } from "/page/static/js/formats.js";
import { oneLine } from "/page/static/js/safe-text.js";
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { named, t } from "/page/static/js/texts.js";

const LOOK_PAUSE_MS = 350;
// Who sends without a pause waits no longer for the warning than this.
const WAITS_MS = 1500;
const DEFAULT_HOUR = 18;

export const whenShort = (iso) => `${comingDay(iso)} ${clockTime(iso)}`;

/** The button in the composer: shows the time that the draft names; pressed, the line that is sent promises it. */
class PromiseMaker extends HTMLElement {
  #timer = null;
  #asked = "";
  #found = null;
  #looking = null;
  #vague = null;
  #isArmed = false;
  #isOwnTime = false;

  start({ desk, text, onChange, onLooked }) {
    Object.assign(this, { desk, text, onChange, onLooked, parts: partsOf(this) });
    text.addEventListener("input", () => this.#lookSoon());
    this.parts.make.addEventListener("click", () => this.#press());
    this.parts.drop.addEventListener("click", () => this.#arm(false));
    this.parts.due.addEventListener("input", () => (this.#isOwnTime = true));
    desk.on("locale", () => this.#show());
  }

  get isArmed() {
    return this.#isArmed;
  }

  /** What goes with the line that is sent now; nothing is promised after it. */
  take() {
    const due = this.#isArmed ? new Date(this.parts.due.value) : null;
    this.forget();
    return due && !Number.isNaN(due.getTime()) ? { due_at: due.toISOString() } : null;
  }

  /** A line that was taken back promised this. */
  restore({ due_at }) {
    this.#isOwnTime = true;
    this.#arm(true);
    this.parts.due.value = localValue(due_at);
  }

  /** Another draft lies in the composer. */
  forget() {
    clearTimeout(this.#timer);
    this.#found = null;
    this.#asked = "";
    this.#isOwnTime = false;
    this.#arm(false);
    this.#lookSoon();
  }

  #lookSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), LOOK_PAUSE_MS);
  }

  /** What promises without saying when in this draft, `{kind, said}`, as soon as that is known; null when it cannot be. */
  async vagueIn(text) {
    clearTimeout(this.#timer);
    const looked = this.#asked === text ? this.#looking : this.#look(text);
    await Promise.race([looked, new Promise((done) => setTimeout(done, WAITS_MS))]);
    return this.#asked === text ? this.#vague : null;
  }

  /** Promises a time: the one the draft names, or one the agent chooses. */
  arm() {
    if (!this.#isArmed) this.#press();
  }

  #look(text = this.text.value) {
    if (this.hidden || text === this.#asked) return this.#looking;
    this.#asked = text;
    this.#vague = null;
    this.#looking = this.#ask(text);
    return this.#looking;
  }

  async #ask(text) {
    let answer = { moment: null, vague: null };
    try {
      if (text.trim()) answer = await this.desk.api.moment(text, this.desk.selected?.row?.language);
    } catch {
      // A hint only: the button promises a time that the agent chooses as well.
    }
    if (text !== this.#asked) return;
    this.#vague = answer.vague;
    this.#is(answer.moment);
    this.onLooked(text, answer.vague);
  }

  #is(moment) {
    this.#found = moment;
    if (this.#isArmed && moment && !this.#isOwnTime) this.parts.due.value = localValue(moment.due_at);
    this.#show();
  }

  #press() {
    if (!this.#isArmed && !this.parts.due.value) this.#isOwnTime = false;
    this.#arm(!this.#isArmed);
    if (this.#isArmed && this.#found) this.text.focus();
    else if (this.#isArmed) this.parts.due.focus();
  }

  #arm(isArmed) {
    this.#isArmed = isArmed;
    if (isArmed) {
      this.parts.due.min = localValue(new Date().toISOString());
      this.parts.due.value = localValue(this.#found?.due_at ?? tomorrowEvening());
    }
    this.#show();
    this.onChange();
  }

  #show() {
    const { parts } = this;
    parts.row.hidden = !this.#isArmed;
    parts.make.setAttribute("aria-pressed", String(this.#isArmed));
    this.classList.toggle("found", Boolean(this.#found) && !this.#isArmed);
    setText(parts.makeText, this.#found && !this.#isArmed ? t("promise.found", { time: whenShort(this.#found.due_at) }) : t("promise.make"));
  }
}

/** What was promised to this customer and not yet done, over the conversation. */
class PromiseStrip extends HTMLElement {
  #promises = [];
  #of = null;
  #turn = 0;

  start({ desk, live }) {
    this.desk = desk;
    desk.on("selected agent", () => this.#read());
    desk.on("thread", (id) => id === desk.selectedId && id !== this.#of && this.#read());
    desk.on("messages", ({ id, messages }) => id === desk.selectedId && messages.some(({ author }) => author === "agent") && this.#read());
    desk.on("locale", () => this.#show());
    live.on("frame", (frame) => frame.type === "promise" && this.#read());
  }

  async #read() {
    const { agent, selectedId } = this.desk;
    const turn = (this.#turn += 1);
    if (!agent || selectedId === null) {
      this.#of = null;
      this.#promises = [];
      return this.#show();
    }
    try {
      const { promises } = await this.desk.api.promisesOf(selectedId);
      if (turn !== this.#turn) return;
      this.#of = selectedId;
      this.#promises = promises.filter((promise) => promise.settled_at === null);
    } catch {
      if (turn === this.#turn) this.#promises = [];
    }
    this.#show();
  }

  #show() {
    this.replaceChildren(...this.#promises.map((promise) => promiseView(promise, this.desk, () => this.#read())));
    this.hidden = this.#promises.length === 0;
  }
}

export function promiseView(promise, desk, onChanged, onOpen = null) {
  const parts = partsOf(copyOf("promise"));
  parts.root.dataset.promise = promise.id;
  parts.root.classList.toggle("overdue", promise.is_overdue);
  setText(parts.when, t(promise.is_overdue ? "promise.overdue" : "promise.due", { time: whenShort(promise.due_at) }));
  parts.when.title = dateTime(promise.due_at);
  setText(parts.kind, `${named("promise.kind", promise.kind)} · ${promise.owner ? oneLine(promise.owner.name, 40) : named("team", promise.team)}`);
  setText(parts.what, oneLine(promise.what, 300));
  parts.open.hidden = !onOpen;
  if (onOpen) {
    setText(parts.open, oneLine(promise.customer, 60));
    parts.open.addEventListener("click", () => onOpen(promise.conversation));
  }
  const isSenior = ["supervisor", "admin"].includes(desk.agent?.role);
  const may = isSenior || !promise.owner || promise.owner.id === desk.agent?.id;
  parts.kept.hidden = !may;
  parts.withdraw.hidden = !may || promise.is_overdue;
  for (const [part, call] of [["kept", desk.api.keepPromise], ["withdraw", desk.api.withdrawPromise]]) {
    parts[part].addEventListener("click", async () => {
      await call(promise.id).catch((error) => desk.notifyError(error));
      onChanged();
    });
  }
  return parts.root;
}

/** Tells the owner before a promise is due, everybody concerned when it is overdue, and supervisors after that. */
export class PromiseAlerts {
  constructor({ desk, live, sounds, preferences, onOpen, dialog, button, count }) {
    Object.assign(this, { desk, sounds, preferences, onOpen, dialog, button, count, list: dialog.querySelector("[data-part=list]"), empty: dialog.querySelector("[data-part=empty]"), problem: dialog.querySelector("[data-part=problem]") });
    live.on("frame", (frame) => frame.type === "promise" && this.#hear(frame));
    desk.on("agent", () => this.#read());
    desk.on("locale", () => this.#show());
    button.addEventListener("click", () => this.open());
  }

  open() {
    this.#read();
    this.dialog.showModal();
  }

  async #read() {
    this.promises = [];
    if (this.desk.agent) {
      const { role } = this.desk.agent;
      try {
        const { promises, phrases_problem: problem } = await this.desk.api.promises(role === "agent" ? "mine" : "all");
        this.promises = promises;
        this.problem.hidden = !problem;
        setText(this.problem, problem ?? "");
      } catch {
        // Read again with the next alert or opening.
      }
    }
    this.#show();
  }

  #show() {
    const shown = (this.promises ?? []).map((promise) => promiseView(promise, this.desk, () => this.#read(), (id) => this.#go(id)));
    this.list.replaceChildren(...shown);
    this.empty.hidden = shown.length > 0;
    const overdue = (this.promises ?? []).filter((promise) => promise.is_overdue).length;
    this.count.hidden = overdue === 0;
    setText(this.count, overdue);
  }

  #go(conversation) {
    this.dialog.close();
    this.onOpen(conversation);
  }

  #hear({ stage, promise }) {
    this.#read();
    if (stage === "settled" || !this.#concerns(stage, promise)) return;
    const text = t(`promise.alert_${stage}`, { customer: oneLine(promise.customer, 60), time: clockTime(promise.due_at), owner: promise.owner ? oneLine(promise.owner.name, 40) : named("team", promise.team) });
    announce(text);
    this.desk.emit("notice", { key: `promise.alert_${stage}`, values: { customer: oneLine(promise.customer, 60), time: clockTime(promise.due_at), owner: promise.owner ? oneLine(promise.owner.name, 40) : named("team", promise.team) }, kind: "problem" });
    if (this.preferences.get("messageSound")) this.sounds.tap();
    showNotification({ preferences: this.preferences, title: text, lines: [oneLine(promise.what, 140)], tag: `promise-${promise.id}`, onClick: () => this.#go(promise.conversation) });
  }

  #concerns(stage, promise) {
    const { agent } = this.desk;
    if (!agent) return false;
    const isOwner = !promise.owner || promise.owner.id === agent.id;
    if (stage === "soon") return isOwner;
    if (stage === "overdue") return true;
    return isOwner || ["supervisor", "admin"].includes(agent.role);
  }
}

function tomorrowEvening() {
  const at = new Date();
  at.setDate(at.getDate() + 1);
  at.setHours(DEFAULT_HOUR, 0, 0, 0);
  return at.toISOString();
}

/** What an input of type datetime-local takes. */
function localValue(iso) {
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

customElements.define("desk-promise-maker", PromiseMaker);
customElements.define("desk-promises", PromiseStrip);
