// Editing what is written down about a customer, in place. What was typed stays when somebody else saves first: they are
// named, what they changed is shown, and the next press saves over it knowingly.
import { OWN_FIELDS, fieldName, wordsByField } from "./customer-facts.js";
import { COLOURS, tagView } from "./tag-view.js";
import { oneLine } from "/page/static/js/safe-text.js";
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { errorText, t } from "/page/static/js/texts.js";

const MOST = { name: 120, phone: 30, email: 200 };
const KINDS = { name: ["text", "name"], phone: ["tel", "tel"], email: ["email", "email"] };

export class CustomerForm {
  #inputs = new Map();
  #worn;
  #colour = COLOURS[0];
  #record;
  #before;

  /** `onDone(saved)` when it may go; whoever opens it puts `element` into the page. */
  constructor({ desk, id, customer, onDone }) {
    Object.assign(this, { desk, id, onDone });
    this.parts = partsOf(copyOf("customer-form"));
    this.element = this.parts.root;
    this.#record = customer.record;
    this.#before = wordsByField(customer);
    this.#worn = [...customer.record.values.tags];
    this.parts.fields.replaceChildren(...OWN_FIELDS.map((name) => this.#own(name)), ...customer.record.fields.map((field) => this.#custom(field)));
    this.#showWorn();
    this.parts.known.replaceChildren(...desk.tags.slice(0, 60).map(({ name }) => Object.assign(document.createElement("option"), { value: name })));
    this.parts.add.addEventListener("click", () => this.#addTag());
    this.parts.tag.addEventListener("input", () => this.#showColours());
    this.parts.tag.addEventListener("keydown", (event) => this.#tagKey(event));
    this.parts.cancel.addEventListener("click", () => onDone(false));
    this.element.addEventListener("submit", (event) => this.#save(event));
    this.element.addEventListener("keydown", (event) => this.#key(event));
  }

  focus() {
    this.#inputs.get("name").focus();
  }

  // The fields

  #own(name) {
    if (name === "class") return this.#place("class", t("customer_field.class"), this.#select(this.#record.classes, this.#record.values.class, t("customer.class_by_shop")));
    const [type, autocomplete] = KINDS[name];
    const input = Object.assign(document.createElement("input"), { type, maxLength: MOST[name], value: this.#record.values[name] ?? "", autocomplete: "off" });
    input.inputMode = autocomplete === "name" ? "text" : autocomplete;
    return this.#place(name, t(`customer_field.${name}`), input);
  }

  #custom(field) {
    return this.#place(`field.${field.id}`, oneLine(field.name, 60), this.#control(field));
  }

  #control(field) {
    const { type, value } = field;
    if (type === "choice") return this.#select(field.choices, value, t("customer.not_said"));
    if (type === "yes_no") return this.#select([{ id: "yes", name: t("customer.yes") }, { id: "no", name: t("customer.no") }], value === null ? null : value ? "yes" : "no", t("customer.not_said"));
    const input = Object.assign(document.createElement("input"), { value: value ?? "", autocomplete: "off" });
    if (type === "text") input.maxLength = field.max_chars;
    if (type === "date") Object.assign(input, { type: "date", min: field.earliest ?? "", max: field.latest ?? "" });
    if (type === "number") Object.assign(input, { type: "number", min: field.least ?? "", max: field.most ?? "", step: String(10 ** -field.decimals) });
    return input;
  }

  #select(choices, value, none) {
    const select = document.createElement("select");
    const options = [{ id: "", name: none }, ...choices];
    select.replaceChildren(...options.map((one) => Object.assign(document.createElement("option"), { value: one.id, textContent: oneLine(one.name, 60) })));
    select.value = value ?? "";
    return select;
  }

  #place(name, label, input) {
    const parts = partsOf(copyOf("customer-field"));
    setText(parts.name, label);
    input.dataset.testid = `edit-${name.replace(/^field\./, "")}`;
    input.dir = "auto";
    parts.place.append(input);
    this.#inputs.set(name, input);
    return parts.root;
  }

  // Tags

  #showWorn() {
    this.parts.worn.replaceChildren(...this.#worn.map((tag) => {
      const parts = partsOf(copyOf("worn-tag"));
      parts.tag.replaceWith(tagView(tag));
      const label = t("customer.tag_off", { tag: oneLine(tag.name, 40) });
      parts.off.setAttribute("aria-label", label);
      parts.off.title = label;
      parts.off.addEventListener("click", () => this.#takeOff(tag));
      return parts.root;
    }));
  }

  #takeOff(tag) {
    this.#worn = this.#worn.filter((one) => one !== tag);
    this.#showWorn();
    this.parts.tag.focus();
  }

  #addTag() {
    const name = this.parts.tag.value.trim();
    this.parts.tag.value = "";
    this.parts.tag.focus();
    if (!name || this.#worn.some((one) => one.name.toLowerCase() === name.toLowerCase())) return;
    this.#worn.push(this.#known(name) ?? { name, colour: this.#colour });
    this.#showWorn();
    this.#showColours();
  }

  #known(name) {
    return this.desk.tags.find((one) => one.name.toLowerCase() === name.toLowerCase());
  }

  /** A new tag gets its colour here; one that is known has its own. */
  #showColours() {
    const name = this.parts.tag.value.trim();
    this.parts.colours.hidden = !name || Boolean(this.#known(name));
    this.parts.colours.replaceChildren(...COLOURS.map((colour) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "swatch", title: t(`colour.${colour}`) });
      button.dataset.colour = colour;
      button.setAttribute("aria-label", t(`colour.${colour}`));
      button.setAttribute("aria-pressed", String(colour === this.#colour));
      button.addEventListener("click", () => {
        this.#colour = colour;
        this.#showColours();
        this.parts.colours.querySelector(`[data-colour="${colour}"]`).focus();
      });
      return button;
    }));
  }

  #tagKey(event) {
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229 || !this.parts.tag.value.trim()) return;
    event.preventDefault();
    this.#addTag();
  }

  #key(event) {
    if (event.isComposing || event.keyCode === 229) return;
    event.stopPropagation(); // the desk's one-letter shortcuts
    // What was typed goes by a press on Cancel and not by the way.
    if (event.key === "Escape") Object.keys(this.#changes()).length ? this.parts.cancel.focus() : this.onDone(false);
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.element.requestSubmit();
  }

  // Saving

  #changes() {
    const changes = {};
    const { values, fields } = this.#record;
    for (const name of OWN_FIELDS) if (this.#inputs.get(name).value !== (values[name] ?? "")) changes[name] = this.#inputs.get(name).value;
    for (const field of fields) {
      const value = this.#typed(field);
      if (value !== (field.value ?? "")) changes[`field.${field.id}`] = value;
    }
    const names = (tags) => tags.map((tag) => tag.name).join("\n");
    if (names(this.#worn) !== names(values.tags)) changes.tags = this.#worn.map(({ name, colour }) => ({ name, colour }));
    return changes;
  }

  #typed(field) {
    const { value } = this.#inputs.get(`field.${field.id}`);
    if (field.type === "yes_no") return value === "" ? "" : value === "yes";
    if (field.type === "number") return value === "" ? "" : Number(value);
    return value;
  }

  async #save(event) {
    event.preventDefault();
    this.#addTagLeft();
    const wrong = [...this.#inputs].find(([, input]) => !input.checkValidity());
    if (wrong) {
      this.#refuse(wrong[0], wrong[1].validationMessage);
      return;
    }
    const changes = this.#changes();
    if (!Object.keys(changes).length) {
      this.onDone(false);
      return;
    }
    this.parts.problem.hidden = this.parts.conflict.hidden = true;
    this.parts.save.disabled = true;
    try {
      await this.desk.editCustomer(this.id, this.#record.version, changes);
      this.desk.readTags();
      this.onDone(true);
    } catch (error) {
      if (error.code === "customer_changed") await this.#conflict(error);
      else this.#refuse(error.details?.field, whatIsWrong(error));
    } finally {
      this.parts.save.disabled = false;
    }
  }

  /** A tag that was typed and not added is meant too. */
  #addTagLeft() {
    if (!this.parts.tag.value.trim()) return;
    const focused = document.activeElement;
    this.#addTag();
    focused?.focus();
  }

  #refuse(field, text) {
    for (const input of this.#inputs.values()) input.removeAttribute("aria-invalid");
    const input = this.#inputs.get(field) ?? this.#inputs.get(`field.${field}`) ?? (field === "tags" || field === "colour" ? this.parts.tag : null);
    const label = input?.closest("label")?.querySelector("[data-part=name]")?.textContent;
    setText(this.parts.problem, label ? `${label}${t("colon")}${text}` : text);
    this.parts.problem.hidden = false;
    input?.setAttribute("aria-invalid", "true");
    input?.focus();
  }

  /** Somebody was faster. What they wrote is shown; fields that only they changed take it over, so that saving keeps it. */
  async #conflict(error) {
    let known;
    try {
      known = (await this.desk.readCustomer(this.id)).customer;
    } catch (later) {
      this.#refuse(null, errorText(later));
      return;
    }
    const mine = this.#changes();
    const theirs = wordsByField(known);
    const names = new Map([...OWN_FIELDS, "tags"].map((name) => [name, fieldName(name)]));
    for (const field of known.record.fields) names.set(`field.${field.id}`, oneLine(field.name, 60));
    const changed = [...theirs].filter(([name, words]) => words !== this.#before.get(name));
    this.#takeOver(known.record, new Set(Object.keys(mine)));
    this.#record = known.record;
    this.#before = theirs;
    setText(this.parts.conflictText, t("customer.conflict", { by: oneLine(error.details?.by ?? known.record.changed_by, 60) }));
    this.parts.theirs.replaceChildren(...changed.map(([name, words]) => Object.assign(document.createElement("li"), { textContent: `${names.get(name)}${t("colon")}${words || t("customer.emptied")}` })));
    this.parts.conflict.hidden = false;
    this.parts.save.focus();
  }

  #takeOver(record, mine) {
    for (const name of OWN_FIELDS) if (!mine.has(name)) this.#inputs.get(name).value = record.values[name] ?? "";
    for (const { id, type, value } of record.fields) {
      const input = this.#inputs.get(`field.${id}`);
      if (!input || mine.has(`field.${id}`)) continue;
      input.value = type === "yes_no" && value !== null ? (value ? "yes" : "no") : value ?? "";
    }
    if (!mine.has("tags")) this.#worn = [...record.values.tags];
    this.#showWorn();
  }
}

/** In the agent's language: what is refused of a value. */
function whatIsWrong(error) {
  if (error.code !== "bad_input") return errorText(error);
  const field = error.details?.field;
  if (field === "phone" || field === "email") return t(`customer.no_${field}`);
  return t("customer.does_not_fit");
}
