/* A page that a person would like to show. Nothing opens before the customer accepts, and the gateway has taken that. */

import { button, followable, h, icon } from "./dom.js";

const offers = new Map();
const answers = new Map();
/* The offer that was accepted here: other tabs of the customer stay where they are. */
let opening = null;

export async function offerOf({ id, name, card }, texts, { gateway, tell }) {
  await texts.need("pages");
  const page = followable(card.url, gateway);
  const until = Date.parse(card.until);
  const here = page?.origin === location.origin;
  const choose = (accepted) => tell({ type: "page_answer", message_id: id, accepted });
  const open = page && h("a", { class: "choice", "data-testid": "page-open", href: page.href, target: here ? null : "_blank", rel: "noopener noreferrer",
    onclick: (event) => {
      const isTold = Date.now() < until && choose(true);
      // A page of the shop opens in this tab once the answer has been taken; another site beside it, where the chat is not.
      if (!isTold || here) event.preventDefault();
      if (isTold && here) opening = id;
    } }, texts.t("page_open"));
  const choices = h("div", { class: "buttons" }, open, button({ class: "choice", "data-testid": "page-decline", onclick: () => choose(false) }, texts.t("page_decline")));
  const outcome = h("span", { class: "card-host", role: "status", hidden: true });
  const view = h("div", { class: "order card", "data-testid": "page-offer" },
    h("span", { class: "card-text" }, texts.t("page_offered", { name: name ?? texts.t("person") })),
    h("strong", { dir: "auto" }, card.title || (page ? decoded(page.pathname) : card.url)),
    h("span", { class: "card-host" }, icon("globe"), page?.host),
    choices, outcome);
  const settle = (state) => {
    choices.hidden = true;
    outcome.hidden = false;
    view.dataset.state = state;
    outcome.replaceChildren(icon(state === "opened" ? "check" : "close"), texts.t(`page_${state}`));
  };
  offers.set(id, { settle, follow: () => page && here && location.assign(page.href) });
  if (answers.has(id)) settle(answers.get(id));
  else if (Date.now() >= until) settle("over");
  else setTimeout(() => answers.has(id) || settle("over"), until - Date.now());
  return view;
}

/* The gateway's line that says what the answer was. */
export function answered({ offer, accepted }) {
  const state = accepted ? "opened" : "declined";
  answers.set(offer, state);
  offers.get(offer)?.settle(state);
  if (accepted && opening === offer) offers.get(offer).follow();
  if (opening === offer) opening = null;
  return "";
}

function decoded(path) {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}
