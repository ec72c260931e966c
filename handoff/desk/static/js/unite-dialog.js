// Uniting two records of one person: both side by side, what will stand, and why it may be done.
import { fieldName, shownValue, wordsByField } from "./customer-facts.js";
import { channelNames } from "./customer-history.js";
import { oneLine } from "/page/static/js/safe-text.js";
import { partsOf, setText } from "/page/static/js/templates.js";
import { errorText, t } from "/page/static/js/texts.js";

export class UniteDialog {
  #wish = null;

  constructor({ desk, dialog }) {
    Object.assign(this, { desk, dialog, parts: partsOf(dialog) });
    this.parts.form.addEventListener("submit", (event) => this.#send(event));
  }

  open({ id, customer }, proposal) {
    this.#wish = { id, with: proposal.conversation, version: customer.record.version, other_version: proposal.version };
    const { parts } = this;
    parts.problem.hidden = true;
    setText(parts.about, t("unite.about", { account: oneLine(customer.proof.account ?? "", 80), channels: channelNames(proposal.channels) }));
    const own = wordsByField(customer);
    const names = new Map(customer.record.fields.map((field) => [`field.${field.id}`, field.name]));
    const other = new Map(proposal.said.map((one) => [one.field, shownValue(one.value)]));
    const fields = [...own.keys()].filter((field) => own.get(field) || other.get(field));
    parts.rows.replaceChildren(...fields.map((field) => row(fieldName(field, names.get(field)), own.get(field), other.get(field), field === "tags")));
    parts.rows.closest("table").hidden = fields.length === 0;
    this.dialog.showModal();
    parts.send.focus();
  }

  async #send(event) {
    event.preventDefault();
    const { id, ...wish } = this.#wish;
    this.parts.send.disabled = true;
    try {
      await this.desk.uniteCustomers(id, wish);
      this.dialog.close();
      this.desk.notify("notice.united");
    } catch (error) {
      // Looked at anew before it is tried again: what stood there may be another thing by now.
      if (error.code === "customer_changed") this.desk.readCustomer(id).catch(() => {});
      setText(this.parts.problem, error.code === "customers_not_proved" ? t(`unite.${error.details.reason}`) : errorText(error));
      this.parts.problem.hidden = false;
    } finally {
      this.parts.send.disabled = false;
    }
  }
}

function row(name, own, other, isJoined) {
  const line = document.createElement("tr");
  const head = Object.assign(document.createElement("th"), { scope: "row", textContent: name });
  const cells = [own, other].map((words, place) => {
    const cell = Object.assign(document.createElement("td"), { textContent: words || "–", dir: "auto" });
    cell.classList.toggle("stands", Boolean(words) && (isJoined || place === 0 || !own));
    return cell;
  });
  line.append(head, ...cells);
  return line;
}
