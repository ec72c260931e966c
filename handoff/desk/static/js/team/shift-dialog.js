// One shift: a day, from, to, a note. What the server refuses is said in the dialog, and nothing typed is lost.
import { errorText, t } from "/page/static/js/texts.js";

const element = (id) => document.getElementById(id);

export class ShiftDialog {
  constructor({ page, onDone }) {
    Object.assign(this, { page, onDone, dialog: element("shift-dialog"), form: element("shift-form") });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send(() => (this.shift ? page.api.changeShift(this.shift.id, this.#given()) : page.api.addShift({ agent: this.agent.id, ...this.#given() })), "roster.saved");
    });
    element("shift-remove").addEventListener("click", () => this.#send(() => page.api.removeShift(this.shift.id), "roster.removed"));
    this.form.addEventListener("input", () => this.#showOvernight());
  }

  add(agent, day) {
    this.#open(agent, null, { day, from: this.last?.from ?? "09:00", to: this.last?.to ?? "18:00", note: "" });
  }

  change(agent, shift) {
    this.#open(agent, shift, shift);
  }

  #open(agent, shift, values) {
    Object.assign(this, { agent, shift });
    element("shift-title").textContent = t(shift ? "roster.change_of" : "roster.new_of", { name: agent.name });
    for (const name of ["day", "from", "to", "note"]) this.form.elements[name].value = values[name];
    element("shift-remove").hidden = !shift;
    element("shift-error").textContent = "";
    this.#showOvernight();
    this.dialog.showModal();
    this.form.elements.from.focus();
  }

  #given() {
    const { day, from, to, note } = this.form.elements;
    return { day: day.value, from: from.value, to: to.value, note: note.value };
  }

  #showOvernight() {
    const { from, to } = this.#given();
    element("overnight").hidden = !(from && to && to <= from);
  }

  async #send(work, said) {
    element("shift-error").textContent = "";
    try {
      await work();
    } catch (error) {
      element("shift-error").textContent = refusal(error);
      return;
    }
    this.last = this.#given();
    this.dialog.close();
    this.page.notify(said);
    await this.onDone();
    this.page.read();
  }
}

function refusal({ code, status, details = {} }) {
  if (code === "impossible_shift" && details.why) return t(`roster.${details.why}`);
  if (code === "shifts_overlap") return t("roster.overlaps", { from: local(details.starts_at), to: local(details.ends_at) });
  return errorText({ code, status });
}

const local = (iso) => new Intl.DateTimeFormat(document.documentElement.lang, { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(iso));
