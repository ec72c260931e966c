// What an agent answers: teams, languages, skills, how many customers at a time. For supervisors.
import { LOCALES, LOCALE_NAMES, errorText, t } from "/page/static/js/texts.js";

const element = (id) => document.getElementById(id);

export class WorkDialog {
  constructor({ page }) {
    Object.assign(this, { page, dialog: element("work-dialog"), form: element("work-form") });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save();
    });
  }

  open(agent) {
    this.agent = agent;
    const { teams, skills } = this.page.team;
    element("work-title").textContent = t("team.edit", { name: agent.name });
    showChecks(element("work-teams"), "teams", teams.map((team) => [team.id, team.name]), agent.teams);
    showChecks(element("work-languages"), "languages", LOCALES.map((one) => [one, LOCALE_NAMES[one]]), agent.languages);
    showChecks(element("work-skills"), "skills", skills.map((one) => [one, one]), agent.skills);
    element("work-skills-set").hidden = skills.length === 0;
    this.form.elements.capacity.value = agent.capacity ?? "";
    this.form.elements.capacity.placeholder = agent.places;
    element("work-error").textContent = "";
    this.dialog.showModal();
  }

  async #save() {
    const { capacity } = this.form.elements;
    const chosen = (name) => [...this.form.querySelectorAll(`input[name="${name}"]:checked`)].map((one) => one.value);
    const work = { teams: chosen("teams"), languages: chosen("languages"), skills: chosen("skills"), capacity: capacity.value === "" ? null : Number(capacity.value) };
    try {
      await this.page.api.setWork(this.agent.id, work);
    } catch (error) {
      element("work-error").textContent = errorText(error);
      return;
    }
    this.dialog.close();
    this.page.notify("team.saved");
    this.page.read();
  }
}

function showChecks(place, name, choices, chosen) {
  place.replaceChildren(...choices.map(([value, text]) => {
    const label = document.createElement("label");
    const box = document.createElement("input");
    Object.assign(box, { type: "checkbox", name, value, checked: chosen.includes(value) });
    label.append(box, text);
    return label;
  }));
}
