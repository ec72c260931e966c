// Words that mean the same to a customer, a line a group: 運費 = 郵費 = 送货费 = shipping fee.
import { read, write } from "/page/static/js/storage.js";
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { errorText, t } from "/page/static/js/texts.js";
import { confirmed, openDialog } from "./dialogs.js";
import { problemText } from "./problems.js";
import { showReplay } from "./replay-lists.js";

class Words extends HTMLElement {
  start({ state }) {
    Object.assign(this, { state, parts: partsOf(this), version: null, saved: "" });
    const { text, save, undo } = this.parts;
    text.addEventListener("input", () => {
      write(this.#key, text.value === this.saved ? null : text.value);
      this.#showChanged();
    });
    save.addEventListener("click", () => this.#replay());
    undo.addEventListener("click", async () => {
      if (!(await confirmed("words.confirm_undo", "words.undo", { isDangerous: true }))) return;
      write(this.#key, null);
      this.#fill(this.saved);
    });
  }

  get #key() {
    return `words.${this.state.agent.id}`;
  }

  async show() {
    if (this.version !== null && this.parts.text.value !== this.saved) return;
    try {
      const { lines, version } = await this.state.api.words();
      this.version = version;
      this.saved = typeof lines === "string" ? lines : lines.join("\n");
      const kept = read(this.#key);
      this.#fill(kept ?? this.saved);
      if (kept !== null && kept !== this.saved) this.state.notify("article.restored");
    } catch (error) {
      this.#problem([errorText(error)]);
    }
  }

  #fill(text) {
    this.parts.text.value = text;
    this.#problem([]);
    this.#showChanged();
  }

  #showChanged() {
    const isChanged = this.parts.text.value !== this.saved;
    this.parts.save.disabled = !isChanged;
    this.parts.undo.hidden = !isChanged;
  }

  /** What becomes of past questions, before anything is live. */
  async #replay() {
    const sent = this.parts.text.value;
    let isOpen = true;
    this.#problem([]);
    const parts = openDialog("words-dialog", { onClose: () => (isOpen = false) });
    parts.go.disabled = true;
    parts.go.addEventListener("click", () => {
      parts.root.close();
      this.#save(sent);
    });
    setText(parts.replaySummary, t("replay.running"));
    parts.root.setAttribute("aria-busy", "true");
    try {
      const replayed = await this.state.api.replayWords(sent.split("\n"));
      if (isOpen) showReplay(parts, replayed, (id, question) => this.state.nameOf(id, question));
    } catch (error) {
      if (!isOpen) return;
      if (error.details?.problems?.length) {
        parts.root.close();
        return this.#refused(error);
      }
      setText(parts.replaySummary, t("replay.failed"));
      setText(parts.problem, errorText(error));
    }
    // What could not be tried keeps nobody from mending words that are wrong.
    parts.root.removeAttribute("aria-busy");
    parts.go.disabled = false;
    if (isOpen) parts.go.focus();
  }

  async #save(sent) {
    this.parts.save.disabled = true;
    try {
      const { version } = await this.state.api.saveWords(sent.split("\n"), this.version);
      this.version = version;
      this.saved = sent;
      write(this.#key, null);
      this.#problem([]);
      this.state.notify("words.saved");
    } catch (error) {
      if (error.code === "edit_conflict") return this.#join(error.details);
      this.#refused(error);
    }
    this.#showChanged();
  }

  #refused(error) {
    const { problems } = error.details ?? {};
    this.#problem(problems?.length ? problems.map((problem) => (problem.line ? t("words.line", { line: problem.line, problem: problemText(problem, this.state) }) : problemText(problem, this.state))) : [errorText(error)]);
  }

  /** A colleague saved first: what either of us added stays, what either took out goes. */
  #join({ theirs, draft_version: version }) {
    const mine = this.parts.text.value.split("\n");
    const base = this.saved.split("\n");
    const gone = new Set(base.filter((line) => !mine.includes(line) || !theirs.includes(line)));
    this.version = version;
    this.saved = theirs.join("\n");
    const added = mine.filter((line) => !base.includes(line) && !theirs.includes(line));
    this.#fill([...theirs.filter((line) => !gone.has(line)), ...added].join("\n"));
    write(this.#key, this.parts.text.value);
    this.#problem([t("words.joined")]);
  }

  #problem(texts) {
    this.parts.problems.hidden = texts.length === 0;
    this.parts.problems.replaceChildren(...texts.map((text) => {
      const parts = partsOf(copyOf("field-problem"));
      parts.root.classList.add("error");
      setText(parts.text, text);
      return parts.root;
    }));
  }
}

customElements.define("faq-words", Words);
