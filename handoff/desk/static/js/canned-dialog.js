// Keeping canned replies: the list, and one entry with its text in every language.
import { textFor } from "./canned.js";
import { insertHere } from "./writing.js";
import { oneLine } from "/page/static/js/safe-text.js";
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { LOCALES, LOCALE_NAMES, errorText, locale, named, t } from "/page/static/js/texts.js";

// There the keyboard would hide the list.
const PHONE = matchMedia("(max-width: 719px)");

export class CannedDialog {
  /** The reply in the form; null for a new one, undefined while the list is shown alone. */
  #open;
  #field = null;

  constructor({ desk, canned, dialog }) {
    Object.assign(this, { desk, canned, dialog, parts: partsOf(dialog) });
    const { parts } = this;
    parts.fresh.addEventListener("click", () => this.#edit(null));
    parts.find.addEventListener("input", () => this.#showList());
    parts.form.addEventListener("submit", (event) => this.#save(event));
    parts.remove.addEventListener("click", () => this.#remove());
    parts.back.addEventListener("click", () => this.#edit(undefined));
    parts.fields.addEventListener("focusin", (event) => (this.#field = event.target));
    canned.on("change", () => this.dialog.open && this.#showList());
  }

  open() {
    this.parts.find.value = "";
    this.#edit(undefined);
    this.dialog.showModal();
    if (!PHONE.matches) this.parts.find.focus();
    this.canned.read();
  }

  #showList() {
    const found = this.canned.fitting(this.parts.find.value.trim().toLowerCase());
    this.parts.list.replaceChildren(...found.map((reply) => {
      const parts = partsOf(copyOf("canned-entry"));
      const said = textFor(reply, locale());
      setText(parts.shortcut, `/${reply.shortcut}`);
      setText(parts.text, oneLine(said.text, 120));
      parts.text.lang = said.language;
      parts.own.hidden = reply.shared;
      parts.choose.setAttribute("aria-current", String(reply.id === this.#open?.id));
      parts.choose.addEventListener("click", () => this.#edit(reply));
      return parts.root;
    }));
    this.parts.nothing.hidden = found.length > 0;
    setText(this.parts.nothing, t(this.canned.all.length ? "canned.not_found" : "canned.none"));
  }

  #edit(reply) {
    this.#open = reply;
    const { parts } = this;
    const isOpen = reply !== undefined;
    const mayChange = isOpen && (reply === null || reply.may_change);
    this.dialog.classList.toggle("editing", isOpen);
    parts.form.hidden = !isOpen;
    this.#showList();
    if (!isOpen) return;
    parts.problem.hidden = true;
    parts.shortcut.value = reply?.shortcut ?? "";
    parts.shared.checked = reply ? reply.shared : this.#isSenior;
    parts.shared.disabled = reply !== null || !this.#isSenior;
    setText(parts.sharedHint, t(this.#isSenior ? "canned.shared_hint" : "canned.own_hint"));
    parts.fields.replaceChildren(...LOCALES.map((one) => this.#textField(one, reply?.texts[one] ?? "", mayChange)));
    this.#field = parts.fields.querySelector(`[name="${locale()}"]`);
    parts.variables.replaceChildren(...this.canned.variables.map((name) => this.#variable(name)));
    parts.shortcut.readOnly = !mayChange;
    parts.save.hidden = parts.variables.hidden = !mayChange;
    parts.remove.hidden = !reply || !mayChange;
    setText(parts.changed, reply ? t("canned.changed", { by: oneLine(reply.changed_by, 60) }) : "");
    if (mayChange) parts.shortcut.focus();
  }

  get #isSenior() {
    return ["supervisor", "admin"].includes(this.desk.agent?.role);
  }

  #textField(language, text, mayChange) {
    const parts = partsOf(copyOf("canned-text"));
    setText(parts.name, LOCALE_NAMES[language]);
    Object.assign(parts.text, { name: language, lang: language, value: text, readOnly: !mayChange });
    parts.text.dataset.testid = `canned-text-${language}`;
    return parts.root;
  }

  #variable(name) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "chip", textContent: named("blank", name), title: `{${name}}` });
    button.addEventListener("click", () => insertHere(this.#field, `{${name}}`));
    return button;
  }

  async #save(event) {
    event.preventDefault();
    const { parts } = this;
    const said = Object.fromEntries(LOCALES.map((one) => [one, parts.form.elements[one].value]));
    const reply = { shortcut: parts.shortcut.value, texts: said };
    const { api } = this.desk;
    await this.#try(async () => {
      if (this.#open) await api.changeReply(this.#open.id, { ...reply, version: this.#open.version });
      else await api.addReply({ ...reply, shared: parts.shared.checked });
    });
  }

  async #remove() {
    await this.#try(() => this.desk.api.removeReply(this.#open.id));
  }

  async #try(work) {
    const { parts } = this;
    parts.problem.hidden = true;
    try {
      await work();
      await this.canned.read();
      this.#edit(undefined);
      parts.find.focus();
    } catch (error) {
      setText(parts.problem, whatIsWrong(error));
      parts.problem.hidden = false;
      parts.form.elements[error.details?.field?.replace("texts.", "")]?.focus();
    }
  }
}

/** In the agent's language: what is refused of an entry, and where. */
function whatIsWrong(error) {
  const { field = "", variable } = error.details ?? {};
  const where = LOCALE_NAMES[field.replace("texts.", "")];
  if (variable) return `${where}${t("colon")}${t("canned.no_variable", { variable })}`;
  if (error.code === "bad_input" && field === "shortcut") return t("canned.shortcut_rule");
  if (error.code === "bad_input" && field === "texts") return t("canned.needs_text");
  const what = error.code === "bad_input" ? error.message : errorText(error);
  return where ? `${where}${t("colon")}${what}` : what;
}
