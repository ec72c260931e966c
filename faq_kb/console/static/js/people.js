// What people are called. Drafts and history keep what somebody signs in with; the tree brings the names.
import { named, t } from "/page/static/js/texts.js";

let people = {};

export function know(names) {
  people = names ?? {};
}

/** Whose text it is; "file" is somebody who writes in the files themselves. */
export const nameOfAuthor = (by) => (by ? (Object.hasOwn(people, by) ? people[by] : named("actor", by)) : t("conflict.somebody"));
