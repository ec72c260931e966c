// Before customers see it, three steps: what the check says, what past questions say, and then now, later or a colleague's look.
import { dateTime } from "/page/static/js/formats.js";
import { setText } from "/page/static/js/templates.js";
import { errorText, t } from "/page/static/js/texts.js";
import { showFindings, summary, toldOnce } from "./checks.js";
import { openDialog } from "./dialogs.js";
import { changeRow } from "./history.js";
import { showReplay } from "./replay-lists.js";

const STEPS = ["check", "replay", "publish"];
const HOUR_MS = 3600 * 1000;

export function publishInSteps(options) {
  return new PublishDialog(options);
}

class PublishDialog {
  constructor({ state, article, onGo, onDone }) {
    Object.assign(this, { state, article, onGo, onDone, isOpen: true });
    this.parts = openDialog("publish-dialog", { onClose: () => (this.isOpen = false) });
    const { parts } = this;
    parts.next.addEventListener("click", () => this.#show(STEPS[STEPS.indexOf(this.step) + 1]));
    parts.previous.addEventListener("click", () => this.#show(STEPS[STEPS.indexOf(this.step) - 1]));
    for (const choice of [parts.now, parts.later, parts.review]) choice.addEventListener("change", () => this.#showChoice());
    parts.when.min = localInput(new Date());
    parts.when.value = localInput(new Date(Date.now() + HOUR_MS));
    parts.go.addEventListener("click", () => this.#go());
    this.#show("check");
  }

  #show(step) {
    this.step = step;
    const { parts } = this;
    for (const one of STEPS) {
      parts[`panel_${one}`].hidden = one !== step;
      const mark = parts[`step_${one}`];
      if (one === step) mark.setAttribute("aria-current", "step");
      else mark.removeAttribute("aria-current");
      mark.classList.toggle("done", STEPS.indexOf(one) < STEPS.indexOf(step));
    }
    parts.previous.hidden = step === "check";
    parts.next.hidden = step === "publish";
    parts.go.hidden = step !== "publish";
    setText(parts.problem, "");
    if (step === "check") this.#check();
    if (step === "replay") this.#replay();
    if (step === "publish") this.#showChoice();
    parts.heading.focus();
  }

  // 1: check

  async #check() {
    const { parts, state, article } = this;
    parts.changes.replaceChildren(...(article.state === "deletes" ? [] : article.changes.map((path) => changeRow(path, article.published, article.content))));
    parts.next.disabled = true;
    await this.#wait(parts.checkSummary, "check.running", "check.failed", async () => {
      const findings = toldOnce(await state.api.check(article.id));
      const errors = showFindings(parts.findings, findings, {
        state,
        onGo: (path) => {
          parts.root.close();
          this.onGo(path);
        },
      });
      setText(parts.checkSummary, summary(findings));
      parts.next.disabled = errors > 0;
      setText(parts.problem, errors ? t("publish.mend_first") : "");
    });
  }

  // 2: replay

  async #replay() {
    const { parts, state, article } = this;
    parts.next.disabled = true;
    parts.replayLists.replaceChildren();
    await this.#wait(parts.replaySummary, "replay.running", "replay.failed", async () => {
      const nameOf = (id, question) => state.nameOf(id, id === article.id ? article.content.question : question);
      showReplay(parts, await state.api.replay(article.id), nameOf);
    });
    // What could not be tried keeps nobody from mending an answer that is wrong.
    parts.next.disabled = false;
  }

  // 3: publish

  get #choice() {
    const { parts } = this;
    return parts.later.checked ? "later" : parts.review.checked ? "review" : "now";
  }

  #showChoice() {
    const { parts } = this;
    parts.whenPlace.hidden = this.#choice !== "later";
    parts.notePlace.hidden = this.#choice !== "review";
    setText(parts.goText, t(`publish.go_${this.#choice}`));
    setText(parts.zone, t("publish.zone", { zone: Intl.DateTimeFormat().resolvedOptions().timeZone }));
  }

  async #go() {
    const { parts, article, state } = this;
    const { id } = article;
    const choice = this.#choice;
    const when = new Date(parts.when.value);
    if (choice === "later" && !(when > new Date())) return setText(parts.problem, t("publish.in_the_past"));
    parts.go.disabled = true;
    setText(parts.problem, "");
    try {
      let done = choice;
      if (choice === "later") await state.api.schedule(id, when.toISOString());
      else if (choice === "review") await state.api.review(id, parts.note.value.trim());
      else if (!(await article.publish()).live) done = "soon";
      parts.root.close();
      state.notify(`publish.done_${done}`, { time: dateTime(when.toISOString()) });
      await this.onDone();
    } catch (error) {
      await this.#refused(error).catch((again) => this.state.notifyError(again));
    }
    parts.go.disabled = false;
  }

  async #refused(error) {
    const { parts } = this;
    if (error.code === "edit_conflict") {
      parts.root.close();
      return this.article.overtaken(error.details);
    }
    if (error.details?.problems?.length) {
      this.#show("check");
      showFindings(parts.findings, { problems: error.details.problems, collisions: [] }, { state: this.state });
    }
    setText(parts.problem, error.isPassing ? t("publish.no_connection") : errorText(error));
  }

  async #wait(place, waiting, failed, deed) {
    setText(place, t(waiting));
    this.parts.root.setAttribute("aria-busy", "true");
    try {
      await deed();
    } catch (error) {
      if (this.isOpen) {
        setText(place, t(failed));
        setText(this.parts.problem, errorText(error));
      }
    }
    this.parts.root.removeAttribute("aria-busy");
  }
}

/** A moment as a `datetime-local` field writes it. */
const localInput = (at) => new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
