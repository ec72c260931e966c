// What was sent as a card: an article or a product as the customer got it, or a page that they were asked to open.
import { clockTime } from "/page/static/js/formats.js";
import { oneLine, webLink } from "/page/static/js/safe-text.js";
import { copyOf, partsOf } from "/page/static/js/templates.js";
import { t } from "/page/static/js/texts.js";
import { showProduct } from "./products-pane.js";

export function cardView(card) {
  const { kind, title, text, url, until } = card;
  if (kind === "product") {
    const parts = partsOf(copyOf("product-card"));
    showProduct(parts, card);
    return parts.root;
  }
  const parts = partsOf(copyOf("card"));
  if (kind === "prove") {
    parts.title.textContent = t("proof.asked");
    return parts.root;
  }
  const name = oneLine(title || url, 300);
  parts.title.replaceChildren(webLink(url, name) ?? name);
  parts.text.textContent = kind === "page" ? t("page.asked", { time: clockTime(until) }) : oneLine(text, 300);
  return parts.root;
}

/** What the customer said to a page, in the agent's language; null for any other line. */
export function answerText({ card }) {
  return card?.kind === "page_answer" ? t(card.accepted ? "page.opened" : "page.declined") : null;
}
