/* How it was: five faces for each who answered, and a few words if the customer wants. */

import { button, h, icon } from "./dom.js";

const SCORES = [1, 2, 3, 4, 5];
/* The mouth of each face, from a frown to a laugh. */
const MOUTHS = { 1: "M7.500 17.500c1-4 8-4 9 0", 2: "M8.500 16c1.500-1.200 5.500-1.200 7 0", 3: "M8.500 15.500h7", 4: "M8.500 14.500c1.500 1.700 5.500 1.700 7 0", 5: "M8 14c.5 4.500 7.500 4.500 8 0Z" };

export function csatCard(message, { texts, rate }) {
  return message.csat.map((question, index) => questionView(question, { texts, rate, isNamed: message.csat.length > 1 || index > 0 }));
}

function questionView(question, { texts, rate, isNamed }) {
  const t = (key) => texts.t(key);
  const name = question.owner === "bot" ? t("assistant") : question.name;
  let chosen = question.score ?? null;
  const faces = SCORES.map((score) =>
    button({ class: "face", role: "radio", "data-testid": `face-${score}`, "data-score": score, "aria-label": t(`csat_${score}`), title: t(`csat_${score}`),
      onclick: () => choose(score), onkeydown: (event) => walk(event, score) }, face(score)));
  const label = h("span", { class: "csat-label", "aria-live": "polite" });
  const words = h("textarea", { rows: "2", dir: "auto", maxlength: "1000", placeholder: t("csat_words"), "aria-label": t("csat_words"), "data-testid": "csat-words" });
  words.value = question.comment ?? "";
  const send = button({ class: "main-button", "data-testid": "csat-send", hidden: true, onclick: () => finish() }, t("csat_send"));
  // The score is kept already; there is something to send once words are written.
  words.oninput = () => (send.hidden = !words.value.trim());
  const more = h("div", { class: "csat-more", hidden: true }, words, send);
  const thanks = h("p", { class: "contact-thanks", role: "status", "data-testid": "csat-thanks", hidden: true }, icon("check"), t("csat_thanks"));
  const view = h("div", { class: "csat", "data-testid": "csat", "data-owner": question.owner },
    isNamed && h("bdi", { class: "csat-name" }, name),
    h("div", { class: "faces", role: "radiogroup", "aria-label": texts.t("csat_of", { name }) }, faces), label, more, thanks);
  show();
  if (chosen) thanks.hidden = false;
  return view;

  function choose(score) {
    chosen = score;
    rate(question.id, score, null);
    thanks.hidden = false;
    more.hidden = false;
    show();
  }

  function walk(event, score) {
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    faces[Math.min(4, Math.max(0, score - 1 + step))].focus();
  }

  function finish() {
    rate(question.id, chosen, words.value.trim());
    more.hidden = true;
    faces[chosen - 1].focus();
  }

  function show() {
    faces.forEach((one, index) => {
      one.setAttribute("aria-checked", String(chosen === index + 1));
      one.tabIndex = (chosen ?? 3) === index + 1 ? 0 : -1;
    });
    view.classList.toggle("is-rated", chosen !== null);
    label.textContent = chosen ? t(`csat_${chosen}`) : "";
  }
}

function face(score) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  for (const d of ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z", "M9 9.500v.6", "M15 9.500v.6", MOUTHS[score]]) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}
