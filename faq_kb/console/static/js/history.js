// Who changed what and when: each revision with its differences by field, and one press to go back to how it was before.
import { ago, dateTime } from "/page/static/js/formats.js";
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { errorText, named, t } from "/page/static/js/texts.js";
import { differences, normal, valueAt } from "./content.js";
import { asText, showDifference } from "./diff.js";
import { confirmed } from "./dialogs.js";
import { nameOfAuthor } from "./people.js";
import { fieldName } from "./problems.js";

class History extends HTMLElement {
  start({ state, onReverted }) {
    Object.assign(this, { state, onReverted, parts: partsOf(this) });
  }

  async of(article) {
    this.article = article;
    this.parts.list.setAttribute("aria-busy", "true");
    try {
      const { revisions } = await this.state.api.history(article.id);
      if (article !== this.article) return;
      setText(this.parts.about, revisions.length ? "" : t("history.none"));
      this.parts.list.replaceChildren(...revisions.map((revision, index) => this.#row(revision, index)));
    } catch (error) {
      setText(this.parts.about, error.status === 404 ? t("history.none") : errorText(error));
      this.parts.list.replaceChildren();
    }
    this.parts.list.removeAttribute("aria-busy");
  }

  #row(revision, index) {
    const parts = partsOf(copyOf("revision"));
    setText(parts.action, named("action_done", revision.action));
    setText(parts.actor, nameOfAuthor(revision.actor));
    setText(parts.when, ago(revision.at));
    parts.when.title = dateTime(revision.at);
    parts.when.dateTime = revision.at;
    setText(parts.note, revision.note);
    const paths = differences(revision.before, revision.after);
    setText(parts.fields, paths.length ? paths.map(fieldName).join(t("list.comma")) : "");
    parts.changes.replaceChildren(...paths.map((path) => changeRow(path, revision.before, revision.after)));
    parts.details.open = index === 0;
    parts.revert.hidden = revision.before === null && revision.after === null;
    parts.revert.addEventListener("click", () => this.#revert(revision));
    return parts.root;
  }

  async #revert(revision) {
    if (!(await confirmed("history.confirm", "history.revert", { values: { when: dateTime(revision.at) } }))) return;
    try {
      await this.state.api.revert(this.article.id, revision.id);
      this.state.notify("history.reverted");
      this.onReverted();
    } catch (error) {
      this.state.notifyError(error);
    }
  }
}

export function changeRow(path, before, after) {
  const parts = partsOf(copyOf("change"));
  setText(parts.field, fieldName(path));
  parts.text.lang = path.split(".")[1] ?? "";
  showDifference(parts.text, asText(valueAt(normal(before), path)), asText(valueAt(normal(after), path)));
  return parts.root;
}

customElements.define("faq-history", History);
