// Closing a conversation: how it ended, what it was about, and tags beside those it has. Three keys close the usual one: E, a digit, Enter.
import { setText } from "/page/static/js/templates.js";
import { inLocale } from "/page/static/js/formats.js";
import { errorText, t } from "/page/static/js/texts.js";
import { tagView } from "./tag-view.js";

const NOTHING = { resolutions: [], reasons: [], tags: [], required: [] };

export class WrapUpDialog {
  #conversation = null;
  #known = new Map();

  constructor({ desk, dialog }) {
    Object.assign(this, { desk, dialog });
    this.form = dialog.querySelector("form");
    this.problem = dialog.querySelector("[data-part=problem]");
    this.form.addEventListener("submit", (event) => this.#close(event));
    dialog.addEventListener("keydown", (event) => this.#key(event));
    desk.on("thread", (id) => id === desk.selectedId && desk.agent && !this.#known.has(this.#team()) && this.#learn(this.#team()));
  }

  /** Opens at once, so that the next key is already for it. */
  open(id) {
    this.#conversation = id;
    this.problem.hidden = true;
    const team = this.#team();
    this.#fill(this.#known.get(team) ?? NOTHING);
    this.dialog.showModal();
    this.#focus();
    if (!this.#known.has(team)) this.#learn(team).then((choices) => this.dialog.open && choices && (this.#fill(choices), this.#focus()));
  }

  #team() {
    return this.desk.selected?.ticket?.team ?? "";
  }

  #focus() {
    (this.form.querySelector("input[name=resolution]") ?? this.form.elements.reason).focus();
  }

  async #learn(team) {
    try {
      this.#known.set(team, await this.desk.api.wrapUpChoices(team));
      return this.#known.get(team);
    } catch {
      return null; // Asked again at the next opening.
    }
  }

  #fill({ resolutions, reasons, tags, required }) {
    const place = this.dialog.querySelector("[data-part=resolutions]");
    place.replaceChildren(...resolutions.map((one, index) => {
      const label = document.createElement("label");
      const input = Object.assign(document.createElement("input"), { type: "radio", name: "resolution", value: one.id, checked: index === 0 });
      const key = Object.assign(document.createElement("kbd"), { textContent: String(index + 1) });
      const name = document.createElement("span");
      setText(name, inLocale(one.label));
      label.append(input, name, key);
      return label;
    }));
    const reason = this.form.elements.reason;
    const none = Object.assign(document.createElement("option"), { value: "", textContent: t("wrap_up.no_reason") });
    reason.replaceChildren(none, ...reasons.map((one) => Object.assign(document.createElement("option"), { value: one.id, textContent: inLocale(one.label) })));
    reason.required = required.includes("reason");
    this.form.elements.tags.value = "";
    const worn = this.desk.selected?.row?.tags ?? [];
    this.dialog.querySelector("[data-part=worn]").replaceChildren(...worn.map(tagView));
    this.form.elements.tags.required = required.includes("tags") && worn.length === 0;
    const offered = tags.filter((tag) => !worn.some(({ name }) => name === tag));
    this.dialog.querySelector("#wrap-up-tags").replaceChildren(...offered.map((tag) => Object.assign(document.createElement("option"), { value: tag })));
  }

  #key(event) {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input:not([type=radio])")) return;
    const choice = [...this.form.querySelectorAll("input[name=resolution]")][Number(event.key) - 1];
    if (/^[1-9]$/.test(event.key) && choice) {
      event.preventDefault();
      choice.checked = true;
      choice.focus();
    } else if (event.key === "Enter" && event.target.matches("input, select")) {
      event.preventDefault();
      this.form.requestSubmit();
    }
  }

  async #close(event) {
    event.preventDefault();
    const { resolution, reason, tags } = this.form.elements;
    const wrap_up = {
      resolution: resolution?.value || null,
      reason: reason.value || null,
      tags: tags.value.split(/[,，、]/).map((tag) => tag.trim()).filter(Boolean),
    };
    try {
      await this.desk.close(this.#conversation, wrap_up);
      this.dialog.close();
    } catch (error) {
      const missing = error.details?.fields?.map((field) => t(`wrap_up.${field}`)).join(t("wrap_up.and"));
      setText(this.problem, missing ? t("wrap_up.missing", { what: missing }) : errorText(error));
      this.problem.hidden = false;
    }
  }
}
