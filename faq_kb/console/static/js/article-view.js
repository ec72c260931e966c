// The open article: its head with state and deeds, the form, and beside it preview, ask it, check and history.
import { clockTime, dateTime } from "/page/static/js/formats.js";
import { partsOf, setText } from "/page/static/js/templates.js";
import { LOCALES, errorText, locale, t } from "/page/static/js/texts.js";
import { Article } from "./article.js";
import { ArticleForm } from "./article-form.js";
import { showFindings, summary, toldOnce } from "./checks.js";
import { settleConflict } from "./conflict-dialog.js";
import { confirmed } from "./dialogs.js";
import { nameOfAuthor } from "./people.js";
import { fieldName, placeOf, problemText } from "./problems.js";
import { publishInSteps } from "./publish-dialog.js";
import { renameArticle } from "./article-dialogs.js";

// A check reads all articles; it can wait until the editor pauses.
const CHECK_PAUSE_MS = 2000;
const NOTHING_FOUND = { problems: [], collisions: [] };
// Where a sentence that a link brings along may go.
const FILLED = ["asked_as", "not_asked_as"];
const SIDES = ["preview", "ask", "check", "history"];

class ArticleView extends HTMLElement {
  #checkTimer = null;
  #checkTurn = 0;
  #isChecking = false;

  start({ state, route }) {
    Object.assign(this, { state, route, parts: partsOf(this), article: null, side: "preview", findings: NOTHING_FOUND, isChecked: false });
    const { parts } = this;
    parts.preview.start({ state });
    parts.ask.start({ state });
    parts.history.start({ state, onReverted: () => this.article.reload() });
    for (const side of ["edit", ...SIDES]) {
      const tab = parts[`tab_${side}`];
      tab.addEventListener("click", () => this.showSide(side));
      tab.addEventListener("keydown", (event) => this.#tabKey(event));
    }
    parts.back.addEventListener("click", () => route.go("articles"));
    parts.publish.addEventListener("click", () => this.publish());
    parts.discard.addEventListener("click", () => this.#discard());
    parts.unschedule.addEventListener("click", () => this.#do(async () => {
      await state.api.unschedule(this.article.id);
      await this.article.reload();
    }));
    parts.settle.addEventListener("click", () => this.#settle());
    state.on("tree", () => this.form?.showCategories());
    state.on("live", () => this.#showHead());
    state.on("locale", () => this.article && this.#rebuild());
    addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "s" || !this.article) return;
      event.preventDefault();
      this.#do(() => this.article.save());
    });
  }

  async open(id, { isNew = false, category = "", ask = null, as = null, miss = null, side = null } = {}) {
    this.close();
    const article = new Article({ api: this.state.api, unsaved: this.state.unsaved, id, isNew, category });
    this.article = article;
    this.parts.loading.hidden = false;
    this.parts.loadError.hidden = true;
    this.parts.body.hidden = true;
    article.on("loaded", () => this.article === article && this.#loaded());
    try {
      await article.open();
    } catch (error) {
      if (this.article !== article) return;
      this.article = null;
      this.parts.loading.hidden = true;
      this.parts.loadError.hidden = false;
      setText(this.parts.loadError, error.status === 404 ? t("article.unknown", { id }) : errorText(error));
      return;
    }
    if (this.article !== article) return;
    article.on("typed", () => this.#typed());
    article.on("fields", (paths) => {
      this.form.show(paths);
      this.state.notify("article.others_text");
      this.#typed();
    });
    article.on("state conflict", () => this.#showHead());
    if (article.hasRestored) this.state.notify("article.restored");
    if (ask && FILLED.includes(as)) {
      this.#goTo(as);
      this.form.propose(as, ask, () => (article.missId = miss));
    } else if (ask) {
      this.showSide("ask");
      this.parts.ask.askFor(ask);
    } else if (side) this.showSide(side);
    if (isNew) this.form.focus(`question.${LOCALES.includes(locale()) ? locale() : "en"}`);
  }

  close() {
    clearTimeout(this.#checkTimer);
    this.article?.close();
    this.article = null;
    this.form = null;
    this.findings = NOTHING_FOUND;
    this.isChecked = false;
    this.parts.form.replaceChildren();
  }

  #loaded() {
    this.parts.loading.hidden = true;
    this.parts.body.hidden = false;
    this.#rebuild();
    this.#checkSoon(0);
  }

  #rebuild() {
    this.form = new ArticleForm({ place: this.parts.form, state: this.state, article: this.article, onTryPin: (text) => this.#tryPin(text) });
    this.form.onDelete = () => this.#delete();
    this.form.onRename = () => renameArticle({ state: this.state, article: this.article, route: this.route });
    this.parts.ask.about(this.article);
    this.parts.preview.of(this.article, LOCALES.includes(locale()) ? locale() : "en");
    this.#showHead();
    this.#showFindings();
    this.showSide(matchMedia("(max-width: 719px)").matches ? "edit" : this.side === "edit" ? "preview" : this.side);
  }

  // The head

  #showHead() {
    const { article, parts } = this;
    if (!article?.isLoaded) return;
    const { state } = article;
    setText(parts.title, this.#title());
    parts.state.dataset.state = state;
    setText(parts.state, t(`state.${state}`));
    setText(parts.saving, this.#savingText());
    parts.saving.dataset.saving = article.saving;
    const others = article.editors.filter((name) => name !== this.state.agent?.name);
    parts.editors.hidden = others.length === 0;
    setText(parts.editors, others.length ? t("article.also_here", { names: others.join(t("list.comma")) }) : "");
    parts.conflict.hidden = !article.conflict;
    setText(parts.conflictText, article.conflict ? t("conflict.banner", { name: nameOfAuthor(article.conflict.by) }) : "");
    parts.banner.hidden = !["scheduled", "deletes", "review"].includes(state) && !article.draft?.failure;
    setText(parts.bannerText, this.#bannerText(state));
    parts.unschedule.hidden = state !== "scheduled";
    parts.publish.disabled = !article.isChanged && !article.isNew;
    parts.discard.hidden = !article.isChanged;
    this.form.parts.remove.hidden = !article.published || state === "deletes";
    parts.form.toggleAttribute("inert", state === "deletes");
    setText(parts.publishText, t(state === "deletes" ? "article.publish_deletion" : "article.publish"));
  }

  #title() {
    const { question } = this.article.content;
    return this.state.nameOf(this.article.id, question);
  }

  #savingText() {
    const { article } = this;
    if (article.saving === "refused") return t("saving.refused", { why: errorText(article.problem) });
    if (article.saving === "saved") return article.draft ? t("saving.saved", { time: clockTime(article.draft.updated_at), name: nameOfAuthor(article.draft.updated_by) }) : "";
    return t(`saving.${article.saving}`);
  }

  #whyFailed({ code, fields, problems }) {
    const said = problems.map((problem) => [placeOf(problem), problemText(problem, this.state)]);
    if (!said.length) said.push([fields.map(fieldName).join(t("list.comma")), errorText({ code })]);
    return said.map((parts) => parts.filter(Boolean).join(t("colon"))).join(" ");
  }

  #bannerText(state) {
    const { draft } = this.article;
    if (draft?.failure) return t("article.schedule_failed", { why: this.#whyFailed(draft.failure) });
    if (state === "scheduled") return t("article.scheduled", { time: dateTime(draft.publish_at) });
    if (state === "review") return draft.note ? t("article.in_review_note", { name: nameOfAuthor(draft.updated_by), note: draft.note }) : t("article.in_review", { name: nameOfAuthor(draft.updated_by) });
    return state === "deletes" ? t("article.will_be_deleted") : "";
  }

  // Typing and checking

  #typed() {
    this.form.showGaps();
    this.parts.preview.show();
    this.#showHead();
    this.#checkSoon();
  }

  #checkSoon(pause = CHECK_PAUSE_MS) {
    clearTimeout(this.#checkTimer);
    this.#checkTimer = setTimeout(() => this.#checkInTurn(), pause);
  }

  /** One at a time: what is typed meanwhile is checked afterwards. */
  async #checkInTurn() {
    if (this.#isChecking) return this.#checkSoon();
    this.#isChecking = true;
    await this.check().catch(() => {});
    this.#isChecking = false;
  }

  async check() {
    const { article } = this;
    const turn = (this.#checkTurn += 1);
    if (!article || article.conflict || article.state === "deletes") return this.findings;
    if (article.isChanged) await article.save();
    if (article.isNew) return this.findings;
    const findings = toldOnce(await this.state.api.check(article.id));
    if (turn === this.#checkTurn && article === this.article) {
      this.findings = findings;
      this.isChecked = true;
      this.#showFindings();
    }
    return findings;
  }

  #showFindings() {
    const { parts, findings } = this;
    const errors = showFindings(parts.findings, findings, { state: this.state, onGo: (path) => this.#goTo(path) });
    setText(parts.checkSummary, this.isChecked ? summary(findings) : t("check.running"));
    const count = findings.problems.length + findings.collisions.length;
    parts.checkCount.hidden = count === 0;
    parts.checkCount.classList.toggle("error", errors > 0);
    setText(parts.checkCount, count);
    this.form?.showProblems(findings);
  }

  #goTo(path) {
    if (matchMedia("(max-width: 719px)").matches) this.showSide("edit");
    this.form.focus(path);
  }

  async #tryPin(text) {
    await this.article.save();
    const { hits } = await this.state.api.ask(text, locale(), this.article.id);
    if (hits[0]?.id !== this.article.id) return "pins.elsewhere";
    return hits[0].rule === "pinned" ? "pins.works" : "pins.works_without";
  }

  // Beside the form

  /** `side` is one of preview, ask, check, history; on a phone also edit. */
  showSide(side) {
    const { parts } = this;
    this.side = side;
    this.dataset.side = side;
    for (const one of ["edit", ...SIDES]) {
      parts[`tab_${one}`].setAttribute("aria-selected", String(one === side));
      parts[`tab_${one}`].tabIndex = one === side ? 0 : -1;
      if (one !== "edit") parts[`panel_${one}`].hidden = one !== side;
    }
    if (side === "preview") this.parts.preview.show();
    if (side === "history" && this.article) this.parts.history.of(this.article);
  }

  #tabKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const tabs = [...this.parts.tabs.querySelectorAll("[role=tab]")].filter((tab) => tab.checkVisibility());
    const next = tabs[(tabs.indexOf(event.currentTarget) + step + tabs.length) % tabs.length];
    next.click();
    next.focus();
  }

  // Deeds

  async publish() {
    const { article } = this;
    if (article.conflict) return this.#settle();
    await this.#do(async () => {
      if (article.state !== "deletes") await article.save();
      publishInSteps({ state: this.state, article, onGo: (path) => this.#goTo(path), onDone: () => this.#published() });
    });
  }

  async #published() {
    const id = this.article.id;
    await this.state.readTree();
    if (this.state.articleRow(id)) await this.#do(() => this.article.reload());
    else this.route.go("articles");
  }

  #settle() {
    settleConflict(this.article, { onSettled: (choices) => this.#do(() => this.article.settle(choices)) });
  }

  async #discard() {
    if (!(await confirmed("article.confirm_discard", "article.discard", { isDangerous: true }))) return;
    await this.#do(async () => {
      const { published } = this.article;
      await this.article.discard();
      await this.state.readTree();
      if (published) await this.article.reload();
      else {
        this.close();
        this.route.go("articles");
      }
    });
  }

  async #delete() {
    if (!(await confirmed("article.confirm_delete", "article.delete", { values: { name: this.#title() }, isDangerous: true }))) return;
    await this.#do(async () => {
      await this.state.api.delete(this.article.id);
      await this.article.reload();
      await this.state.readTree();
    });
  }

  async #do(deed) {
    try {
      await deed();
    } catch (error) {
      if (error?.code === "edit_conflict") return;
      this.state.notifyError(error);
    }
  }
}

customElements.define("faq-article", ArticleView);
