// The files beside what the agent writes: chosen, dropped or pasted, sent up at once, and gone with the next line. Each
// conversation has its own; those that are up stand in its draft.
import { addressOf, badge, icon, sizeOf } from "./files.js";
import { oneLine } from "/page/static/js/safe-text.js";
import { errorText, named, t } from "/page/static/js/texts.js";
import { setText } from "/page/static/js/templates.js";

const MOST_FILES = 10;

export class FileTray {
  #byConversation = new Map();
  #conversation = null;
  #owner = null;
  #isAllowed = true;
  #limits = null;
  #linkDays = null;

  constructor({ desk, parts, drop, onChange }) {
    Object.assign(this, { desk, parts, drop, onChange });
    const { attach, chosen, text } = parts;
    attach.addEventListener("click", () => chosen.click());
    chosen.addEventListener("change", () => {
      this.add(chosen.files);
      chosen.value = "";
    });
    text.addEventListener("paste", (event) => this.#paste(event));
    for (const name of ["dragover", "dragleave", "drop"]) drop.addEventListener(name, (event) => this.#drag(event));
    desk.on("locale", () => this.#show());
    desk.on("agent", () => this.#belongTo(desk.agent));
  }

  /** What somebody else left waiting at this page is theirs. */
  #belongTo(agent) {
    if (!agent || agent.id === this.#owner) return;
    if (this.#owner !== null) this.#byConversation.clear();
    this.#owner = agent.id;
    this.#show();
  }

  /** Shows what belongs to this conversation; `kept` is what its draft remembers. */
  show(conversation, kept = []) {
    this.#conversation = conversation;
    if (!this.#byConversation.has(conversation)) this.#byConversation.set(conversation, kept.map(asReady));
    this.#show();
  }

  /** Whether files can go with what is written now, how large those of each type may be, and for how long a link to
   * them holds, where they go as links. */
  allow(isAllowed, limits = null, linkDays = null) {
    this.#isAllowed = isAllowed;
    this.#limits = limits;
    this.#linkDays = linkDays;
    this.parts.attach.disabled = !isAllowed;
    this.#showNote();
  }

  get ready() {
    return this.#items.filter(({ state }) => state === "ready").map(({ attachment }) => attachment);
  }

  /** Whether the line has to wait: a file is on its way, or would not arrive. */
  get holdsBack() {
    return this.#items.some(({ state }) => state === "going") || this.#whyNot() !== "";
  }

  /** Why what is here would not reach the customer. */
  #whyNot() {
    const { ready } = this;
    if (!this.#isAllowed) return ready.length > 0 ? t("files.not_taken") : "";
    const unfit = this.#limits && ready.find(({ type, bytes }) => bytes > limitFor(this.#limits, type));
    if (!unfit) return "";
    const limit = limitFor(this.#limits, unfit.type);
    return t(limit ? "files.not_taken_size" : "files.not_taken_kind", { name: oneLine(unfit.name, 120), size: sizeOf(limit) });
  }

  take() {
    const { ready } = this;
    this.#keep(this.#items.filter(({ state }) => state === "failed"));
    return ready;
  }

  restore(files) {
    this.#keep([...files.map(asReady), ...this.#items]);
  }

  add(files) {
    if (this.#conversation === null || this.drop.querySelector("desk-composer").hidden) return;
    const conversation = this.#conversation;
    for (const file of files) {
      const item = { name: file.name, bytes: file.size, state: "going", percent: 0 };
      const taken = this.#items.filter(({ state }) => state !== "failed").length;
      this.#items.push(item);
      if (taken >= MOST_FILES) Object.assign(item, { state: "failed", why: () => t("files.refused.too_many", { count: MOST_FILES }) });
      else this.#send(conversation, item, file);
    }
    this.#changed(conversation);
  }

  get #items() {
    return this.#byConversation.get(this.#conversation) ?? [];
  }

  #keep(items) {
    this.#byConversation.set(this.#conversation, items);
    this.#changed(this.#conversation);
  }

  async #send(conversation, item, file) {
    const going = this.desk.api.attach(conversation, file, (percent) => {
      item.percent = percent;
      this.#showProgress(item);
    });
    Object.assign(item, { abort: going.abort, again: null });
    try {
      const { attachment } = await going.done;
      Object.assign(item, asReady(attachment));
    } catch (error) {
      // What may go better the next time is tried when the agent says so.
      const again = error.isPassing || error.code === "storage_full" ? () => this.#again(conversation, item, file) : null;
      Object.assign(item, { state: "failed", why: () => whyRefused(error), again });
    }
    this.#changed(conversation);
  }

  #again(conversation, item, file) {
    Object.assign(item, { state: "going", percent: 0 });
    this.#send(conversation, item, file);
    this.#changed(conversation);
  }

  #remove(item) {
    item.abort?.();
    this.#keep(this.#items.filter((one) => one !== item));
    this.parts.text.focus();
  }

  #paste(event) {
    const { files } = event.clipboardData;
    // What is copied from an office program is text first, and a picture of it beside.
    if (!files.length || event.clipboardData.getData("text/plain")) return;
    event.preventDefault();
    this.add(files);
  }

  #drag(event) {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    this.drop.classList.toggle("is-target", event.type === "dragover");
    if (event.type === "drop" && this.#isAllowed) this.add(event.dataTransfer.files);
  }

  #changed(conversation) {
    if (conversation !== this.#conversation) return;
    this.#show();
    this.onChange();
  }

  #show() {
    const { tray } = this.parts;
    tray.hidden = this.#items.length === 0;
    tray.replaceChildren(...this.#items.map((item) => this.#view(item)));
    this.#showNote();
  }

  #showNote() {
    const { trayNote, attach } = this.parts;
    const why = this.#whyNot();
    const how = this.#linkDays && this.ready.length > 0 ? t("files.goes_as_link", { days: this.#linkDays }) : "";
    trayNote.hidden = (why || how) === "";
    trayNote.classList.toggle("is-quiet", why === "");
    setText(trayNote, why || how);
    attach.title = t(this.#isAllowed ? "files.attach" : "files.not_taken");
  }

  #showProgress({ bar, percent }) {
    bar?.style.setProperty("--percent", `${percent}%`);
    bar?.setAttribute("aria-valuenow", String(percent));
  }

  #view(item) {
    const view = piece("div", "tray-item");
    view.setAttribute("role", "listitem");
    view.dataset.state = item.state;
    view.dataset.testid = "tray-item";
    const name = oneLine(item.name, 120);
    const said = piece("span", "file-words");
    said.append(piece("bdi", "file-name", name), this.#standing(item, name));
    const remove = piece("button", "icon-button tiny");
    Object.assign(remove, { type: "button", title: t("files.remove", { name }) });
    remove.setAttribute("aria-label", remove.title);
    remove.dataset.testid = "tray-remove";
    remove.append(icon("x"));
    remove.addEventListener("click", () => this.#remove(item));
    view.append(this.#preview(item), said);
    if (item.again) view.append(this.#retry(item));
    view.append(remove);
    this.#showProgress(item);
    return view;
  }

  #retry({ again }) {
    const retry = piece("button", "link", t("action.retry"));
    retry.type = "button";
    retry.dataset.testid = "tray-retry";
    retry.addEventListener("click", again);
    return retry;
  }

  #standing(item, name) {
    item.bar = null;
    if (item.state === "going") {
      item.bar = piece("span", "file-bar");
      for (const [key, value] of [["role", "progressbar"], ["aria-valuemin", "0"], ["aria-valuemax", "100"], ["aria-label", name]]) item.bar.setAttribute(key, value);
      return item.bar;
    }
    const said = piece("span", "file-size", item.state === "failed" ? item.why() : sizeOf(item.bytes));
    if (item.state === "failed") said.setAttribute("role", "alert");
    return said;
  }

  #preview({ attachment, name }) {
    if (attachment?.kind !== "image") return badge({ kind: attachment?.kind ?? "file", name });
    return Object.assign(piece("img", "tray-picture"), { src: addressOf(attachment), alt: "" });
  }
}

const asReady = (attachment) => ({ attachment, name: attachment.name, bytes: attachment.bytes, state: "ready" });

const limitFor = (limits, type) => limits[type] ?? limits[`${type.split("/")[0]}/*`] ?? limits["*"] ?? 0;

function whyRefused(error) {
  if (error.code === "attachment_too_large") return t("files.refused.too_large", { size: sizeOf(error.details.limit) });
  const known = error.code === "attachment_refused" && named("files.refused", error.details.reason);
  return known && known !== error.details.reason ? known : errorText(error);
}

function piece(tag, className, text = "") {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}
