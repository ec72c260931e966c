// Two editors changed the same field: both texts side by side, and one choice a field. Nothing is lost until chosen.
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { t } from "/page/static/js/texts.js";
import { valueAt } from "./content.js";
import { asText, showDifference } from "./diff.js";
import { openDialog } from "./dialogs.js";
import { nameOfAuthor } from "./people.js";
import { fieldName } from "./problems.js";

export function settleConflict(article, { onSettled }) {
  const { conflict, content } = article;
  const parts = openDialog("conflict-dialog");
  setText(parts.about, t("conflict.about", { name: nameOfAuthor(conflict.by) }));
  const rows = conflict.paths.map((path) => {
    const row = partsOf(copyOf("conflict-row"));
    setText(row.field, fieldName(path));
    const [mine, theirs] = [asText(valueAt(content, path)), asText(valueAt(conflict.theirs, path))];
    row.mine.replaceChildren(mine || t("conflict.empty"));
    showDifference(row.theirs, mine, theirs);
    for (const text of [row.mine, row.theirs]) text.lang = path.split(".")[1] ?? "";
    setText(row.theirsName, t("conflict.theirs", { name: nameOfAuthor(conflict.by) }));
    for (const choice of [row.chooseMine, row.chooseTheirs]) {
      choice.name = `conflict-${path}`;
      choice.addEventListener("change", check);
    }
    parts.rows.append(row.root);
    return { path, row };
  });
  parts.all.addEventListener("click", () => choose("chooseMine"));
  parts.none.addEventListener("click", () => choose("chooseTheirs"));
  parts.settle.addEventListener("click", () => {
    const choices = Object.fromEntries(rows.map(({ path, row }) => [path, row.chooseTheirs.checked ? "theirs" : "mine"]));
    parts.root.close();
    onSettled(choices);
  });
  check();

  function choose(which) {
    for (const { row } of rows) row[which].checked = true;
    check();
  }

  function check() {
    parts.settle.disabled = rows.some(({ row }) => !row.chooseMine.checked && !row.chooseTheirs.checked);
  }
}
