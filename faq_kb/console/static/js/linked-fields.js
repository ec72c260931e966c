// The fields of an article that point elsewhere: related articles, links, a picture, and pins that lead here.
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { LOCALES, errorText, locale, t } from "/page/static/js/texts.js";
import { Field } from "./fields.js";
import { isComposing } from "./typing.js";

const MOST_OFFERED = 8;
const PICTURES = ["image/png", "image/jpeg", "image/webp", "image/gif"];
const PICTURE_BYTES = 2_000_000;
const PIN_KINDS = ["exact", "contains", "pattern"];

/** Related articles, found by typing a part of their question. */
export class RelatedField extends Field {
  #offered = [];
  #active = -1;

  constructor(path, { state, article, ...options }) {
    super(path, options);
    Object.assign(this, { state, article });
    this.chips = document.createElement("ul");
    this.chips.className = "chips";
    const picker = partsOf(copyOf("picker"));
    Object.assign(this, { picker });
    this.describe(picker.text);
    picker.options.id = `${this.id}-options`;
    picker.text.setAttribute("aria-controls", picker.options.id);
    picker.text.placeholder = t("related.placeholder");
    picker.text.addEventListener("input", () => this.#offer());
    picker.text.addEventListener("keydown", (event) => this.#key(event));
    picker.text.addEventListener("blur", () => this.#close());
    this.parts.place.append(this.chips, picker.root);
  }

  show(value) {
    super.show(value);
    this.chips.replaceChildren(...value.map((id) => {
      const parts = partsOf(copyOf("chip"));
      const name = this.state.nameOf(id);
      setText(parts.name, name);
      parts.name.href = `#/articles/${encodeURIComponent(id)}`;
      parts.root.classList.toggle("missing", this.state.isRead && !this.state.articleRow(id));
      parts.remove.setAttribute("aria-label", t("related.remove", { name }));
      parts.remove.addEventListener("click", () => {
        this.changed(this.value.filter((one) => one !== id));
        this.show(this.value);
        this.picker.text.focus();
      });
      return parts.root;
    }));
  }

  #offer() {
    const words = this.picker.text.value.trim().toLowerCase();
    const fits = ({ id, question }) => id !== this.article.id && !this.value.includes(id) && [id, ...Object.values(question ?? {})].some((text) => text.toLowerCase().includes(words));
    this.#offered = words ? this.state.articles.filter(fits).slice(0, MOST_OFFERED) : [];
    this.#active = this.#offered.length ? 0 : -1;
    this.#showOffered();
  }

  #showOffered() {
    const { options, text } = this.picker;
    options.hidden = this.#offered.length === 0;
    text.setAttribute("aria-expanded", String(!options.hidden));
    options.replaceChildren(...this.#offered.map(({ id, question }, index) => {
      const option = document.createElement("li");
      option.id = `${this.id}-option-${index}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", String(index === this.#active));
      option.textContent = this.state.nameOf(id, question);
      // The press must come before the field loses the focus.
      option.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        this.#choose(id);
      });
      return option;
    }));
    if (this.#active >= 0) text.setAttribute("aria-activedescendant", `${this.id}-option-${this.#active}`);
    else text.removeAttribute("aria-activedescendant");
  }

  #choose(id) {
    this.picker.text.value = "";
    this.changed([...this.value, id]);
    this.show(this.value);
    this.#close();
  }

  #close() {
    this.#offered = [];
    this.#active = -1;
    this.#showOffered();
  }

  #key(event) {
    if (isComposing(event)) return;
    const count = this.#offered.length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!count) return;
      event.preventDefault();
      this.#active = (this.#active + (event.key === "ArrowDown" ? 1 : count - 1)) % count;
      this.#showOffered();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (this.#active >= 0) this.#choose(this.#offered[this.#active].id);
    } else if (event.key === "Escape" && count) {
      event.stopPropagation();
      this.#close();
    }
  }
}

/** Rows that are added with a button, each a small record. */
class RowsField extends Field {
  constructor(path, { add, ...options }) {
    super(path, options);
    this.list = this.describe(document.createElement("ol"), { isLabelled: true });
    this.list.className = "rows-list";
    this.adding = document.createElement("button");
    this.adding.type = "button";
    this.adding.className = "button small";
    this.adding.dataset.testid = `${path}-add`;
    setText(this.adding, t(add));
    this.adding.addEventListener("click", () => {
      this.show([...this.value, this.empty()]);
      this.list.lastElementChild.querySelector("input, select").focus();
    });
    this.parts.place.append(this.list, this.adding);
  }

  show(value) {
    // The same rows again, as after a save, must not take the focus away.
    const isShown = JSON.stringify(value) === JSON.stringify(this.value) && this.list.childElementCount === value.length;
    super.show(value);
    if (!isShown) this.list.replaceChildren(...value.map((record, index) => this.row(record, index)));
  }

  put(index, record) {
    this.changed(this.value.map((one, place) => (place === index ? record : one)));
  }

  remove(index) {
    this.changed(this.value.filter((_, place) => place !== index));
    this.show([...this.value]);
    this.adding.focus();
  }
}

export class LinksField extends RowsField {
  empty() {
    return { label: {}, url: "" };
  }

  row({ label, url }, index) {
    const parts = partsOf(copyOf("link-row"));
    let record = { label: { ...label }, url };
    const put = (change) => this.put(index, (record = { ...record, ...change }));
    parts.url.value = url;
    parts.url.addEventListener("input", () => put({ url: parts.url.value }));
    parts.labels.append(...LOCALES.map((one) => {
      const input = document.createElement("input");
      Object.assign(input, { value: label[one] ?? "", lang: one, dir: "auto", placeholder: t(`language_short.${one}`) });
      input.setAttribute("aria-label", t("links.label_in", { language: t(`language.${one}`) }));
      input.addEventListener("input", () => put({ label: { ...record.label, [one]: input.value } }));
      return input;
    }));
    parts.remove.addEventListener("click", () => this.remove(index));
    return parts.root;
  }
}

/** Sentences and patterns that must lead here, and a place to try one. */
export class PinsField extends RowsField {
  constructor(path, { onTry, ...options }) {
    super(path, options);
    const trial = partsOf(copyOf("pin-trial"));
    const tryIt = async () => {
      if (!trial.text.value.trim()) return;
      setText(trial.result, t("pins.trying"));
      try {
        setText(trial.result, t(await onTry(trial.text.value)));
      } catch (error) {
        setText(trial.result, errorText(error));
      }
    };
    trial.try.addEventListener("click", tryIt);
    trial.text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || isComposing(event)) return;
      event.preventDefault();
      tryIt();
    });
    this.parts.place.append(trial.root);
  }

  empty() {
    return { exact: "" };
  }

  row(pin, index) {
    const parts = partsOf(copyOf("pin-row"));
    const [[kind, text]] = Object.entries(pin);
    parts.kind.replaceChildren(...PIN_KINDS.map((one) => new Option(t(`pins.${one}`), one, false, one === kind)));
    parts.text.value = text;
    const put = () => this.put(index, { [parts.kind.value]: parts.text.value });
    parts.kind.addEventListener("change", put);
    parts.text.addEventListener("input", put);
    parts.remove.addEventListener("click", () => this.remove(index));
    return parts.root;
  }
}

export class ImageField extends Field {
  constructor(path, { api, ...options }) {
    super(path, options);
    this.api = api;
    this.picture = partsOf(copyOf("picture"));
    const { choose, file, remove, root } = this.picture;
    this.describe(choose);
    choose.addEventListener("click", () => file.click());
    file.accept = PICTURES.join(",");
    file.addEventListener("change", () => file.files.length && this.#upload(file.files[0]));
    remove.addEventListener("click", () => {
      this.changed(null);
      this.show(null);
      choose.focus();
    });
    root.addEventListener("dragover", (event) => event.preventDefault());
    root.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer.files.length) this.#upload(event.dataTransfer.files[0]);
    });
    this.parts.place.append(root);
  }

  show(value) {
    super.show(value);
    const { choose, image, address, remove } = this.picture;
    // Pictures from elsewhere are shown to customers, and never fetched from an editor's browser.
    const isOurs = Boolean(value?.startsWith("/"));
    image.hidden = !isOurs;
    if (isOurs) image.src = value;
    else image.removeAttribute("src");
    setText(address, value && !isOurs ? value : "");
    remove.hidden = !value;
    setText(choose, t(value ? "image.replace" : "image.choose"));
  }

  async #upload(file) {
    if (!PICTURES.includes(file.type)) return this.#problem(t("image.wrong_kind"));
    if (file.size > PICTURE_BYTES) return this.#problem(t("image.too_large", { size: new Intl.NumberFormat(locale(), { maximumFractionDigits: 1 }).format(file.size / 1_000_000) }));
    this.#problem(t("image.uploading"), "plain");
    try {
      const { url } = await this.api.uploadImage(file);
      this.changed(url);
      this.show(url);
      this.own = [];
      this.showProblems(this.checked ?? []);
    } catch (error) {
      this.#problem(errorText(error));
    }
    this.picture.file.value = "";
  }

  /* A check of the article that answers later does not take away what is wrong with the file. */
  showProblems(problems) {
    this.checked = problems;
    super.showProblems([...(this.own ?? []), ...problems]);
  }

  #problem(text, level = "error") {
    this.own = [{ text, level }];
    this.showProblems(this.checked ?? []);
  }
}
