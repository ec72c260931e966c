// Naming a colleague in a note: after an @ the colleagues whose name or login begins so.
import { ChoiceList } from "./choice-list.js";
import { replaceRange } from "./writing.js";
import { oneLine } from "/page/static/js/safe-text.js";
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";

const MOST_SHOWN = 6;
const NAMING = /(?:^|[^\w.@])@([\p{L}\p{N}._-]{0,40})$/u;

export function mentionList({ desk, field, list, isNote }) {
  const choices = new ChoiceList({ field, list, pattern: NAMING, isActive: isNote, find, row, choose: ({ login }, from, to) => replaceRange(field, from, to, `@${login} `) });
  return choices;

  function find(words) {
    if (!desk.people.colleagues.length) desk.readPeople().then(() => desk.people.colleagues.length && choices.look());
    const others = desk.people.colleagues.filter((one) => one.id !== desk.agent?.id);
    return others.filter((one) => one.login.startsWith(words) || one.name.toLowerCase().includes(words)).slice(0, MOST_SHOWN);
  }

  function row(one) {
    const parts = partsOf(copyOf("mention"));
    setText(parts.name, oneLine(one.name, 60));
    setText(parts.login, `@${one.login}`);
    return parts.root;
  }
}
