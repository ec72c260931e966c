// All articles out as a table and back in: first a rehearsal that says what would change, then drafts. Nothing goes live here.
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { errorText, t } from "/page/static/js/texts.js";
import { PATHS } from "./content.js";
import { fieldName, pathOf, problemText } from "./problems.js";

const MOST_SHOWN = 200;

class Transfer extends HTMLElement {
  start({ state }) {
    Object.assign(this, { state, parts: partsOf(this), file: null });
    const { parts } = this;
    parts.csv.href = state.api.exportAddress("csv");
    parts.xlsx.href = state.api.exportAddress("xlsx");
    parts.choose.addEventListener("click", () => parts.input.click());
    parts.input.addEventListener("change", () => parts.input.files.length && this.#rehearse(parts.input.files[0]));
    parts.drop.addEventListener("dragover", (event) => {
      event.preventDefault();
      parts.drop.classList.add("over");
    });
    parts.drop.addEventListener("dragleave", () => parts.drop.classList.remove("over"));
    parts.drop.addEventListener("drop", (event) => {
      event.preventDefault();
      parts.drop.classList.remove("over");
      if (event.dataTransfer.files.length) this.#rehearse(event.dataTransfer.files[0]);
    });
    parts.take.addEventListener("click", () => this.#take());
  }

  async #rehearse(file) {
    const { parts } = this;
    this.file = file;
    parts.input.value = "";
    parts.result.hidden = true;
    setText(parts.about, t("import.reading", { name: file.name }));
    try {
      this.#show(await this.state.api.importFile(file, true));
      setText(parts.about, "");
    } catch (error) {
      setText(parts.about, errorText(error));
    }
  }

  #show(found) {
    const { parts } = this;
    const { rows, changed, problems } = found;
    parts.result.hidden = false;
    setText(parts.summary, t("import.summary", { name: this.file.name, rows, added: found.new.length, changed: changed.length }));
    this.#articles(parts.added, parts.addedTitle, found.new);
    this.#articles(parts.changed, parts.changedTitle, changed);
    parts.problemPlace.hidden = problems.length === 0;
    parts.problems.replaceChildren(...problems.slice(0, MOST_SHOWN).map((problem) => {
      const row = partsOf(copyOf("field-problem"));
      row.root.classList.add("error");
      setText(row.text, t("import.problem", { row: problem.row, field: fieldOf(problem), problem: problemText(problem, this.state) }));
      return row.root;
    }));
    parts.take.disabled = found.new.length + changed.length === 0;
    setText(parts.takeText, t("import.take", { count: found.new.length + changed.length }));
  }

  #articles(list, title, ids) {
    title.hidden = ids.length === 0;
    list.replaceChildren(...ids.slice(0, MOST_SHOWN).map((id) => {
      const item = document.createElement("li");
      item.textContent = this.state.nameOf(id);
      return item;
    }));
  }

  async #take() {
    const { parts } = this;
    parts.take.disabled = true;
    try {
      const taken = await this.state.api.importFile(this.file, false);
      parts.result.hidden = true;
      await this.state.readTree();
      this.state.notify("import.done", { count: taken.new.length + taken.changed.length });
    } catch (error) {
      this.state.notifyError(error);
    }
    parts.take.disabled = false;
  }
}

const fieldOf = (problem) => {
  const path = pathOf(problem, PATHS);
  return path ? fieldName(path) : problem.field;
};

customElements.define("faq-transfer", Transfer);
