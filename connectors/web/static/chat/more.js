/* What a customer can do with the chat beside talking: keep it, and confirm an address or a number of theirs. */

import { button, h, icon } from "./dom.js";

/* `id` is that of the page which it opens, whose way back leads here. */
export const way = (name, testid, words, act, id) => h("li", {}, button({ class: "way", "data-testid": testid, "data-id": id, onclick: act }, icon(name), h("span", { dir: "auto" }, words)));

export async function waysOf(pages) {
  const { texts, chat } = pages;
  const [{ waysToSave }, kinds] = await Promise.all([
    import("./transcript.js"),
    chat.session.get("widget/proof").then(({ kinds }) => kinds).catch(() => []),
    texts.need("prove"),
  ]);
  const saving = await waysToSave(texts, chat.session, (problem) => chat.panel.notice(problem));
  return [...saving, kinds.length > 0 && h("h3", {}, texts.t("prove_more")), kinds.length > 0 && h("ul", { class: "list" }, wayToProve(pages, kinds))];
}

function wayToProve(pages, kinds) {
  const { texts, chat } = pages;
  const kind = kinds.length > 1 ? "" : `_${kinds[0]}`;
  const title = texts.t(`prove_way${kind}`);
  const make = async () => {
    const [{ proveForm }] = await Promise.all([import("./prove.js"), chat.wear("cards.css")]);
    return [proveForm(texts, chat.session, { text: texts.t("prove_why"), kind })];
  };
  return way("check", "prove-way", title, () => pages.open({ id: "prove", title, make }), "prove");
}
