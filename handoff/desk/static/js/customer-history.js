// Who changed what about a customer, from what to what, with a way back; and which records were united.
import { fieldName, shownValue } from "./customer-facts.js";
import { ago, dateTime } from "/page/static/js/formats.js";
import { oneLine } from "/page/static/js/safe-text.js";
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { errorText, locale, named, t } from "/page/static/js/texts.js";

const PAGE = 30;

export class CustomerHistory {
  #turn = 0;

  /** `thread()` is the conversation whose customer it is about. */
  constructor({ desk, body, thread }) {
    Object.assign(this, { desk, body, thread });
    this.problem = Object.assign(document.createElement("p"), { className: "form-error", hidden: true });
    this.problem.setAttribute("role", "alert");
    this.list = Object.assign(document.createElement("ol"), { className: "changes" });
    this.more = Object.assign(document.createElement("button"), { type: "button", className: "button quiet small", hidden: true });
    this.more.addEventListener("click", () => this.read(this.last));
    body.replaceChildren(this.problem, this.list, this.more);
  }

  async read(before = null) {
    this.#turn += 1;
    const turn = this.#turn;
    try {
      const query = before ? { before, locale: locale() } : { locale: locale() };
      const { changes, merges } = await this.desk.api.customerHistory(this.thread().id, query);
      if (turn === this.#turn) this.#show(changes, merges, before);
    } catch (error) {
      if (turn === this.#turn) this.#tell(error);
    }
  }

  #show(changes, merges, before) {
    const views = changes.map((one) => this.#change(one));
    if (before) this.list.append(...views);
    else this.list.replaceChildren(...merges.map((one) => this.#merge(one)), ...views);
    this.last = changes.at(-1)?.id;
    this.more.hidden = changes.length < PAGE;
    setText(this.more, t("customer.history_more"));
    if (!this.list.children.length) this.list.append(Object.assign(document.createElement("li"), { className: "empty", textContent: t("customer.history_none") }));
  }

  #change(change) {
    const parts = partsOf(copyOf("change"));
    this.#head(parts, change);
    setText(parts.what, whatChanged(change));
    parts.undo.hidden = !change.may_undo;
    parts.undo.setAttribute("aria-label", `${t("customer.undo")}${t("colon")}${parts.what.textContent}`);
    parts.undo.addEventListener("click", () => this.#try(parts.undo, ({ id, customer }) => this.desk.undoChange(id, change.id, customer.record.version)));
    return parts.root;
  }

  #merge(merge) {
    const parts = partsOf(copyOf("merge"));
    this.#head(parts, merge);
    setText(parts.what, t("customer.united", { channels: channelNames(merge.channels), account: oneLine(merge.account, 80) }));
    parts.undo.hidden = !merge.may_undo;
    parts.undo.addEventListener("click", () => this.#try(parts.undo, ({ id }) => this.desk.partCustomers(id, merge.id)));
    return parts.root;
  }

  #head(parts, { by, at }) {
    setText(parts.by, oneLine(by, 60));
    setText(parts.at, ago(at));
    parts.at.dateTime = at;
    parts.at.title = dateTime(at);
  }

  async #try(button, work) {
    this.problem.hidden = true;
    button.disabled = true;
    try {
      await work(this.thread());
      await this.read();
    } catch (error) {
      button.disabled = false;
      this.#tell(error);
    }
  }

  #tell(error) {
    setText(this.problem, errorText(error));
    this.problem.hidden = false;
  }
}

export const channelNames = (channels) => channels.map((one) => named("channel", one)).join(t("customer.comma"));

function whatChanged({ field, name, before, after, undoes, merge }) {
  if (field === "merged" || field === "parted") return t(`customer.change_${field}`, { channels: channelNames(after ?? []) });
  if (field === "tied" || field === "untied") {
    return t(`customer.change_${field}_${after.proof}`, { value: oneLine(after.value, 80), channel: named("channel", after.channel) });
  }
  const label = fieldName(field, name);
  const values = { field: label, before: shownValue(before), after: shownValue(after) };
  const what = t(!values.before ? "customer.change_set" : !values.after ? "customer.change_emptied" : "customer.change", values);
  if (undoes) return `${what} ${t("customer.change_undone")}`;
  return merge ? `${what} ${t("customer.change_by_merge")}` : what;
}
