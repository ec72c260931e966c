// The fields of an article, each over one path of its content: text, list, choices, day. Each shows its own problems.
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { t } from "/page/static/js/texts.js";
import { MarkupBar } from "./markup-bar.js";
import { growing, isComposing } from "./typing.js";

// From here on a text says how long it is.
const NEAR_LIMIT = 0.7;

let ids = 0;

/** What all fields share: a label, a place for the control, and a list of what is wrong with it. */
export class Field {
  constructor(path, { label, hint = null, onChange }) {
    Object.assign(this, { path, onChange, parts: partsOf(copyOf("entry")), id: `field-${(ids += 1)}` });
    this.element = this.parts.root;
    this.element.dataset.field = path;
    this.element.dataset.testid = `field-${path}`;
    setText(this.parts.label, t(label));
    this.parts.label.htmlFor = this.id;
    this.parts.label.id = `${this.id}-label`;
    setText(this.parts.hint, hint ? t(hint) : "");
    this.parts.hint.id = `${this.id}-hint`;
    this.parts.problems.id = `${this.id}-problems`;
  }

  /** Ties label, hint and problems to the control, for who cannot see them beside it. */
  describe(control, { isLabelled = false } = {}) {
    control.id = this.id;
    if (isLabelled) control.setAttribute("aria-labelledby", this.parts.label.id);
    control.setAttribute("aria-describedby", `${this.parts.hint.id} ${this.parts.problems.id}`);
    this.control = control;
    return control;
  }

  show(value) {
    this.value = value;
  }

  changed(value) {
    this.value = value;
    this.onChange(this.path, value);
  }

  showProblems(problems) {
    this.parts.problems.hidden = problems.length === 0;
    this.parts.problems.replaceChildren(...problems.map(({ text, level }) => {
      const parts = partsOf(copyOf("field-problem"));
      parts.root.classList.add(level);
      setText(parts.text, text);
      return parts.root;
    }));
    this.element.classList.toggle("has-error", problems.some(({ level }) => level === "error"));
    this.control?.setAttribute("aria-invalid", String(problems.some(({ level }) => level === "error")));
  }

  focus() {
    (this.control ?? this.element.querySelector("input, textarea, select, button"))?.focus();
  }
}

export class TextField extends Field {
  constructor(path, { hasMarkup = false, limit = null, rows = 1, ...options }) {
    super(path, options);
    this.limit = limit;
    const area = this.describe(document.createElement("textarea"));
    area.rows = rows;
    area.dir = "auto";
    area.lang = path.split(".")[1] ?? "";
    area.dataset.testid = path;
    area.addEventListener("input", () => {
      this.changed(area.value);
      this.#count();
    });
    this.grow = growing(area);
    if (hasMarkup) this.parts.place.append(new MarkupBar(area).element);
    else area.addEventListener("keydown", (event) => event.key === "Enter" && !isComposing(event) && rows === 1 && event.preventDefault());
    this.parts.place.append(area);
  }

  show(value) {
    super.show(value);
    if (this.control.value !== value) this.control.value = value;
    this.grow();
    this.#count();
  }

  #count() {
    if (!this.limit) return;
    const length = Array.from(this.control.value).length;
    setText(this.parts.note, length > this.limit * NEAR_LIMIT ? t("field.count", { count: length, limit: this.limit }) : "");
    this.parts.note.classList.toggle("over", length > this.limit);
  }
}

export class DayField extends Field {
  constructor(path, options) {
    super(path, options);
    const input = this.describe(document.createElement("input"));
    input.type = "date";
    input.dataset.testid = path;
    input.addEventListener("change", () => this.changed(input.value || null));
    this.parts.place.append(input);
  }

  show(value) {
    super.show(value);
    this.control.value = value ?? "";
  }
}

export class ChoicesField extends Field {
  /** `choices`: words of the server; `names` finds the text for one. */
  constructor(path, { choices, names, ...options }) {
    super(path, options);
    Object.assign(this, { choices, names });
    const group = this.describe(document.createElement("div"), { isLabelled: true });
    group.className = "choices";
    group.setAttribute("role", "group");
    this.parts.place.append(group);
  }

  show(value) {
    super.show(value);
    const all = [...new Set([...this.choices, ...value])];
    this.control.replaceChildren(...all.map((choice) => {
      const parts = partsOf(copyOf("choice"));
      parts.box.checked = value.includes(choice);
      parts.box.value = choice;
      setText(parts.name, this.names(choice));
      parts.box.addEventListener("change", () => this.changed([...this.control.querySelectorAll(":checked")].map((box) => box.value)));
      return parts.root;
    }));
  }
}

/** One short text a row. Enter goes on to the next, many pasted lines become many rows. */
export class LinesField extends Field {
  constructor(path, { add, ...options }) {
    super(path, options);
    this.list = this.describe(document.createElement("ol"), { isLabelled: true });
    this.list.className = "lines";
    this.adding = partsOf(copyOf("line-add"));
    this.adding.text.placeholder = t(add);
    this.adding.text.setAttribute("aria-label", t(add));
    this.adding.text.dataset.testid = `${path}-add`;
    this.adding.text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || isComposing(event)) return;
      event.preventDefault();
      this.#take();
    });
    this.adding.text.addEventListener("paste", (event) => this.#paste(event));
    this.adding.text.addEventListener("blur", () => this.#isProposed || this.#take());
    this.adding.text.addEventListener("input", () => this.adding.text.value || this.#settle());
    this.adding.add.addEventListener("click", () => {
      this.#take();
      this.adding.text.focus();
    });
    this.parts.place.append(this.list, this.adding.root);
  }

  get #isProposed() {
    return this.adding.root.classList.contains("proposed");
  }

  /** Fills in what a customer asked, marked and not kept: only Enter or the plus keeps it. */
  propose(text, onTaken) {
    this.onTaken = onTaken;
    this.adding.text.value = text;
    this.adding.root.classList.add("proposed");
    setText(this.adding.why, t("lines.proposed"));
    this.adding.why.hidden = false;
    this.adding.text.scrollIntoView({ block: "center" });
    this.adding.text.focus();
  }

  #settle() {
    this.adding.root.classList.remove("proposed");
    this.adding.why.hidden = true;
  }

  show(value) {
    super.show(value);
    const rows = [...this.list.children];
    value.forEach((text, index) => {
      const row = rows[index] ?? this.list.appendChild(this.#row());
      const input = row.querySelector("input");
      if (input.value !== text && !(input === document.activeElement && input.value.trim() === text)) input.value = text;
      input.setAttribute("aria-label", t("field.line", { number: index + 1 }));
    });
    rows.slice(value.length).forEach((row) => row.remove());
    setText(this.parts.note, value.length ? t("field.lines", { count: value.length }) : "");
    this.#markTexts(this.marked ?? []);
  }

  /** Puts a mark on the rows with these texts, each `{text, why}`. */
  mark(marked) {
    this.marked = marked;
    this.#markTexts(marked);
  }

  /** Where something is to be mended, if that is known. */
  focus() {
    (this.list.querySelector(".marked input") ?? this.adding.text).focus();
  }

  #markTexts(marked) {
    for (const row of this.list.children) {
      const parts = partsOf(row);
      const why = marked.find(({ text }) => text === parts.text.value.trim())?.why ?? "";
      setText(parts.why, why);
      parts.why.hidden = !why;
      row.classList.toggle("marked", Boolean(why));
    }
  }

  #row() {
    const parts = partsOf(copyOf("line"));
    parts.text.addEventListener("input", () => this.changed(this.#values()));
    parts.text.addEventListener("paste", (event) => this.#paste(event));
    parts.text.addEventListener("keydown", (event) => this.#key(event, parts));
    parts.remove.addEventListener("click", () => this.#remove(parts.root));
    return parts.root;
  }

  #values() {
    return [...this.list.querySelectorAll("input")].map((input) => input.value);
  }

  #key(event, { root, text }) {
    if (isComposing(event)) return;
    if (event.key === "Enter") {
      event.preventDefault();
      (root.nextElementSibling?.querySelector("input") ?? this.adding.text).focus();
    } else if (event.key === "Backspace" && !text.value) {
      event.preventDefault();
      this.#remove(root);
    }
  }

  #remove(row) {
    const neighbour = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    this.changed(this.#values());
    this.show(this.value);
    (neighbour?.querySelector("input") ?? this.adding.text).focus();
  }

  #take() {
    if (this.#isProposed && this.adding.text.value.trim()) this.onTaken();
    this.#append([this.adding.text.value]);
    this.adding.text.value = "";
    this.#settle();
  }

  #append(texts) {
    const fresh = texts.map((text) => text.trim()).filter((text) => text && !this.value.includes(text));
    if (!fresh.length) return;
    this.changed([...this.value, ...new Set(fresh)]);
    this.show(this.value);
    this.list.scrollTop = this.list.scrollHeight;
  }

  #paste(event) {
    const lines = event.clipboardData.getData("text/plain").split(/[\r\n]+/).filter((line) => line.trim());
    if (lines.length < 2) return;
    event.preventDefault();
    // Lists come with bullets and quotes from wherever they were kept.
    this.#append(lines.map((line) => line.trim().replace(/^(?:[-*•·]|\d+[.)、])\s*/, "").replace(/^["「『“](.*)["」』”]$/, "$1")));
  }
}
