// Passing on and inviting: one dialog, where a colleague or a team is chosen and a note can go along.
import { oneLine } from "/page/static/js/safe-text.js";
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { errorText, named, t } from "/page/static/js/texts.js";

const element = (id) => document.getElementById(id);

export class ColleaguesDialog {
  #mode = "transfer";
  #chosen = null;
  #conversation = null;

  constructor({ desk }) {
    Object.assign(this, { desk, dialog: element("colleagues-dialog"), parts: partsOf(element("colleagues-dialog")) });
    this.parts.find.addEventListener("input", () => this.#show());
    this.parts.form.addEventListener("submit", (event) => this.#send(event));
    desk.on("people", () => this.dialog.open && this.#show());
  }

  /** `mode` is transfer or invite. */
  open(mode) {
    Object.assign(this, { wasFor: this.desk.selectedId });
    this.#mode = mode;
    this.#conversation = this.desk.selectedId;
    this.#chosen = null;
    this.parts.find.value = "";
    this.parts.note.value = "";
    this.parts.problem.hidden = true;
    setText(this.parts.title, t(`${mode}.title`));
    setText(this.parts.about, t(`${mode}.about`));
    setText(this.parts.send, t(`${mode}.send`));
    this.parts.noteField.hidden = mode === "invite";
    this.desk.readPeople();
    this.#show();
    this.dialog.showModal();
    this.parts.find.focus();
  }

  #show() {
    const { people, selected, agent } = this.desk;
    const words = this.parts.find.value.trim().toLowerCase();
    const fits = (...texts) => texts.some((text) => String(text).toLowerCase().includes(words));
    const holder = selected?.row?.agent?.id;
    const beside = new Set((selected?.row?.guests ?? []).map((guest) => guest.id));
    const colleagues = people.colleagues
      .filter((one) => one.id !== holder && (this.#mode === "transfer" || !beside.has(one.id)) && fits(one.name, one.login))
      .sort((one, other) => Number(other.present) - Number(one.present) || one.name.localeCompare(other.name));
    const teams = this.#mode === "transfer" ? people.teams.filter((team) => fits(team, named("team", team))) : [];
    this.parts.list.replaceChildren(
      ...colleagues.map((one) => this.#entry(`agent-${one.id}`, oneLine(one.name, 60) + (one.id === agent?.id ? ` (${t("people.you")})` : ""), t(one.present ? "people.here" : "people.away"), one.present)),
      ...teams.map((team) => this.#entry(`team-${team}`, named("team", team), t("people.team"), null)),
    );
    this.parts.nobody.hidden = colleagues.length + teams.length > 0;
    this.parts.send.disabled = this.#chosen === null;
  }

  #entry(value, name, about, isPresent) {
    const parts = partsOf(copyOf("person"));
    parts.choice.value = value;
    parts.choice.checked = value === this.#chosen;
    parts.choice.addEventListener("change", () => {
      this.#chosen = value;
      this.parts.send.disabled = false;
    });
    parts.dot.hidden = isPresent === null;
    parts.dot.classList.toggle("present", isPresent === true);
    setText(parts.name, name);
    setText(parts.about, about);
    return parts.root;
  }

  async #send(event) {
    event.preventDefault();
    if (this.#chosen === null) return;
    const [kind, id] = [this.#chosen.slice(0, this.#chosen.indexOf("-")), this.#chosen.slice(this.#chosen.indexOf("-") + 1)];
    this.parts.send.disabled = true;
    try {
      if (this.#mode === "invite") await this.desk.invite(this.#conversation, Number(id));
      else await this.desk.transfer(this.#conversation, { ...(kind === "agent" ? { agent: Number(id) } : { team: id }), note: this.parts.note.value });
      this.dialog.close();
      this.desk.notify(`notice.${this.#mode}`);
    } catch (error) {
      this.parts.problem.hidden = false;
      setText(this.parts.problem, errorText(error));
      this.parts.send.disabled = false;
    }
  }
}
