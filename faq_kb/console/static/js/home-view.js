// What stands where no article is open: what waits for somebody, what is wrong with the files, and the ask-it box.
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { t } from "/page/static/js/texts.js";
import { nameOfAuthor } from "./people.js";
import { placeOf, problemText } from "./problems.js";
import { showState, shownState } from "./tree-view.js";

const WAITING = ["failed", "deletes", "review", "scheduled", "draft", "new"];
const MOST_SHOWN = 30;

class Home extends HTMLElement {
  start({ state }) {
    Object.assign(this, { state, parts: partsOf(this) });
    this.parts.ask.start({ state });
    this.parts.ask.about(null);
    state.on("tree", () => this.show());
    state.on("locale", () => {
      this.parts.ask.start({ state });
      this.parts.ask.about(null);
      this.show();
    });
  }

  show() {
    const { state, parts } = this;
    const waiting = WAITING.flatMap((kind) => state.articles.filter((article) => shownState(article) === kind));
    const gaps = state.articles.filter(({ missing }) => missing.length).length;
    setText(parts.count, t("home.count", { count: state.articles.length }));
    setText(parts.gaps, gaps ? t("home.gaps", { count: gaps }) : t("home.no_gaps"));
    parts.waitingEmpty.hidden = waiting.length > 0;
    parts.waiting.replaceChildren(...waiting.slice(0, MOST_SHOWN).map((article) => {
      const row = partsOf(copyOf("waiting-row"));
      row.open.href = `#/articles/${encodeURIComponent(article.id)}`;
      setText(row.name, state.nameOf(article.id, article.question));
      showState(row.state, article);
      setText(row.by, article.updated_by ? nameOfAuthor(article.updated_by) : "");
      return row.root;
    }));
    const { problems } = state.tree;
    parts.problemSection.hidden = problems.length === 0;
    setText(parts.problemCount, problems.length || "");
    parts.problems.replaceChildren(...problems.slice(0, MOST_SHOWN).map((problem) => {
      const row = partsOf(copyOf("finding"));
      row.root.classList.add(problem.level);
      setText(row.level, t(`level.${problem.level}`));
      setText(row.where, `${placeOf(problem)} ${problem.field ?? ""}`.trim());
      setText(row.text, problemText(problem, state));
      row.go.hidden = true;
      return row.root;
    }));
  }
}

customElements.define("faq-home", Home);
