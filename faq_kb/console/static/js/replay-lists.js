// What becomes of past questions: in a sentence, then each that fares otherwise, before and after.
import { percent } from "/page/static/js/formats.js";
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { named, t } from "/page/static/js/texts.js";

/** Fills `replaySummary`, `replayAsked` and `replayLists`; `nameOf(id, question)` says what an article is called. */
export function showReplay(parts, { asked, changed, lost, won, reworded }, nameOf) {
  const said = [changed.length && t("replay.changed", { count: changed.length }), lost.length && t("replay.lost", { count: lost.length }), won.length && t("replay.won", { count: won.length })].filter(Boolean);
  setText(parts.replaySummary, asked === 0 ? t("replay.nothing_asked") : said.length ? `${said.join(t("list.and"))}${t("stop")}` : t("replay.same", { count: asked }));
  setText(parts.replayAsked, asked ? [t("replay.asked", { count: asked }), reworded && t("replay.reworded", { count: reworded })].filter(Boolean).join(" ") : "");
  parts.replayLists.replaceChildren(...[["lost", lost], ["changed", changed], ["won", won]].filter(([, rows]) => rows.length).map(([kind, rows]) => list(kind, rows, nameOf)));
}

function list(kind, rows, nameOf) {
  const parts = partsOf(copyOf("replay-list"));
  parts.root.dataset.kind = kind;
  setText(parts.title, t(`replay.title_${kind}`, { count: rows.length }));
  parts.rows.replaceChildren(...rows.map(({ text, variant, source, expected, before, after }) => {
    const row = partsOf(copyOf("replay-row"));
    setText(row.text, text);
    setText(row.source, [named("language_short", variant), t(`replay.source_${source}`)].filter(Boolean).join(" · "));
    setText(row.before, answerText(before, nameOf));
    setText(row.after, answerText(after, nameOf));
    setText(row.verdict, expected ? t(after?.id === expected ? "replay.right" : "replay.wrong") : "");
    row.verdict.classList.toggle("alarm", after?.id !== expected);
    return row.root;
  }));
  return parts.root;
}

function answerText(answer, nameOf) {
  if (!answer?.id || answer.decision === "none") return t("replay.no_answer");
  return t(answer.decision === "suggest" ? "replay.suggested" : "replay.answered", { article: nameOf(answer.id, answer.question), score: percent(answer.score) });
}
