// What can still be sent when the time to answer is over: a text that the provider approved, filled in and seen before it goes.
import { oneLine } from "/page/static/js/safe-text.js";
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { locale, named } from "/page/static/js/texts.js";

const PLACE = /\{\{\s*(\d+)\s*\}\}/g;

export class TemplateDialog {
  #conversation = null;
  #all = [];
  #turn = 0;

  /** `onSend(conversation, template, text)` sends it; `text` stands for it until it is stored. */
  constructor({ desk, dialog, onSend }) {
    Object.assign(this, { desk, dialog, onSend, parts: partsOf(dialog) });
    const { parts } = this;
    parts.choose.addEventListener("change", () => this.#choose());
    parts.fields.addEventListener("input", () => this.#showPreview());
    parts.form.addEventListener("submit", (event) => this.#send(event));
  }

  async open(conversation) {
    const turn = (this.#turn += 1);
    this.#conversation = conversation;
    try {
      const { templates, problem } = await this.desk.api.templates(conversation, locale());
      if (turn !== this.#turn) return;
      this.#all = templates;
      this.#show(problem);
      this.dialog.showModal();
      (templates.length ? this.parts.choose : this.parts.cancel).focus();
    } catch (error) {
      this.desk.notifyError(error);
    }
  }

  get #chosen() {
    return this.#all[Number(this.parts.choose.value)];
  }

  get #values() {
    return [...this.parts.fields.querySelectorAll("input")].map((input) => input.value.trim());
  }

  #show(problem) {
    const { parts } = this;
    const isEmpty = this.#all.length === 0;
    parts.nothing.hidden = !isEmpty;
    parts.body.hidden = parts.send.hidden = isEmpty;
    parts.problem.hidden = !problem;
    setText(parts.problem, problem ?? "");
    parts.choose.replaceChildren(...this.#all.map(({ title }, index) => new Option(oneLine(title, 80), String(index))));
    if (!isEmpty) this.#choose();
  }

  #choose() {
    this.parts.fields.replaceChildren(...this.#chosen.variables.map((variable, index) => field(variable, index)));
    this.#showPreview();
  }

  #showPreview() {
    const { language, text, variables } = this.#chosen;
    const values = this.#values;
    const shown = text.split(PLACE).map((piece, place) => {
      if (place % 2 === 0) return piece;
      const index = Number(piece) - 1;
      const filled = document.createElement("b");
      filled.className = values[index] ? "" : "missing";
      filled.textContent = values[index] || labelOf(variables[index]);
      return filled;
    });
    this.parts.preview.lang = language;
    this.parts.preview.replaceChildren(...shown);
  }

  #send(event) {
    event.preventDefault();
    const { name, text } = this.#chosen;
    const values = this.#values;
    if (!values.every(Boolean)) return this.parts.fields.querySelectorAll("input")[values.findIndex((value) => !value)].focus();
    this.dialog.close();
    this.onSend(this.#conversation, { name, values }, text.replace(PLACE, (_, place) => values[Number(place) - 1]));
  }
}

function field(variable, index) {
  const parts = partsOf(copyOf("template-field"));
  setText(parts.name, labelOf(variable));
  parts.value.value = variable.value;
  parts.value.dataset.testid = `template-value-${index + 1}`;
  return parts.root;
}

const labelOf = ({ blank, name }) => (blank ? named("blank", blank) : oneLine(name, 80));
