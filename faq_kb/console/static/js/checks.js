// What the check found in the open article, as a list that leads to each field; collisions with both phrasings side by side.
import { percent } from "/page/static/js/formats.js";
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { t } from "/page/static/js/texts.js";
import { PATHS } from "./content.js";
import { fieldName, pathOf, placeOf, problemText } from "./problems.js";

const CLASHES = ["repeated_phrasing", "colliding_phrasings"];

/** What is shown as a collision, both phrasings side by side, need not stand among the problems again. */
export function toldOnce({ problems, collisions }) {
  const isShown = ({ code, params, message }) => CLASHES.includes(code) && collisions.some(({ text }) => (params?.text ?? message).includes(text));
  return { problems: problems.filter((problem) => !isShown(problem)), collisions };
}

/** Fills `list` with the findings; `onGo(path)` leads to a field. Returns how many of them keep the article from going live. */
export function showFindings(list, { problems, collisions }, { state, onGo }) {
  list.replaceChildren(
    ...[...problems].sort((one, other) => (one.level === other.level ? 0 : one.level === "error" ? -1 : 1)).map((problem) => problemRow(problem, state, onGo)),
    ...collisions.map((collision) => collisionRow(collision, state, onGo)),
  );
  return problems.filter(({ level }) => level === "error").length;
}

function problemRow(problem, state, onGo) {
  const parts = partsOf(copyOf("finding"));
  const path = pathOf(problem, PATHS);
  parts.root.classList.add(problem.level);
  setText(parts.level, t(`level.${problem.level}`));
  setText(parts.where, path ? fieldName(path) : placeOf(problem));
  setText(parts.text, problemText(problem, state));
  parts.go.hidden = !path || !onGo;
  parts.go.addEventListener("click", () => onGo(path));
  return parts.root;
}

function collisionRow({ text, with: other, likeness }, state, onGo) {
  const parts = partsOf(copyOf("collision"));
  setText(parts.text, text);
  setText(parts.article, state.nameOf(other.id, other.question));
  parts.article.href = `#/articles/${encodeURIComponent(other.id)}`;
  setText(parts.theirs, other.text);
  setText(parts.likeness, t("collision.likeness", { share: percent(likeness) }));
  parts.go.hidden = !onGo;
  parts.go.addEventListener("click", () => onGo("asked_as"));
  return parts.root;
}

/** "2 must be mended, 3 to look at", or that all is well. */
export function summary({ problems, collisions }) {
  const errors = problems.filter(({ level }) => level === "error").length;
  const warnings = problems.length - errors;
  const said = [errors && t("check.errors", { count: errors }), warnings && t("check.warnings", { count: warnings }), collisions.length && t("check.collisions", { count: collisions.length })].filter(Boolean);
  return said.length ? said.join(t("list.and")) : t("check.well");
}
