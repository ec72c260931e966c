/* An invitation beside the bubble: who asks, in which words, and the customer's yes, not now, or never. */

import { button, h, icon } from "./dom.js";

const SAYS_GOODBYE_MS = 5000;

export async function cardOf({ id, text, lang, name, answered_by }, chat, { accept, dismiss, never }) {
  const { texts } = chat;
  await texts.need("invitation");
  await chat.wear("invitation.css");
  const isPerson = answered_by === "person";
  const who = name ?? texts.t(isPerson ? "person" : "assistant");
  const avatar = h("span", { class: `avatar large ${isPerson ? "is-person" : "is-assistant"}`, "aria-hidden": "true" }, name ? [...name][0] : icon(isPerson ? "headset" : "spark"));
  const card = h("div", { class: "root invitation", role: "region", lang: texts.locale, "data-invitation": id, "data-testid": "invitation",
    "aria-label": texts.t("invite_label"), onkeydown: (event) => event.key === "Escape" && dismiss() },
    h("div", { class: "invitation-top" }, avatar,
      h("strong", { dir: "auto", "data-testid": "invitation-name" }, who),
      button({ class: "tool", "data-testid": "invitation-dismiss", "aria-label": texts.t("invite_not_now"), title: texts.t("invite_not_now"), onclick: dismiss }, icon("close"))),
    h("p", { class: "words", role: "status", lang, dir: "auto", "data-testid": "invitation-text" }),
    button({ class: "main-button", "data-testid": "invitation-accept", onclick: accept }, texts.t("invite_accept")),
    button({ class: "invitation-never", "data-testid": "invitation-never", onclick: () => settle() }, texts.t("invite_never")));
  // Put in a moment later, so that it is read out as news.
  const words = card.querySelector(".words");
  setTimeout(() => (words.textContent = text), 60);
  const settle = () => {
    never();
    words.textContent = texts.t("invite_never_done");
    card.querySelector(".main-button").remove();
    card.querySelector(".invitation-never").remove();
    setTimeout(() => card.remove(), SAYS_GOODBYE_MS);
  };
  return card;
}
