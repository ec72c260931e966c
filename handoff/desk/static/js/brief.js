// The handoff brief: on one screen why the customer waits, what the assistant already collected and said, and how to reach them.
import { ago, clockTime, dateTime, inLocale, wait } from "/page/static/js/formats.js";
import { orderFacts } from "./order-view.js";
import { showPriority } from "./rows.js";
import { oneLine } from "/page/static/js/safe-text.js";
import { copyOf, partsOf, showFacts } from "/page/static/js/templates.js";
import { named, t } from "/page/static/js/texts.js";

export function briefView({ ticket, customer, brief }, { onCopy, onArticle, onMessage, isOpen }) {
  const parts = partsOf(copyOf("brief"));
  parts.root.open = isOpen;
  showPriority(parts.priority, ticket.priority);
  parts.reason.textContent = named("reason", ticket.reason);
  parts.when.textContent = `${oneLine(ticket.number, 20)} · ${t("brief.opened", { ago: ago(ticket.opened_at), time: clockTime(ticket.opened_at) })}`;
  parts.summary.textContent = oneLine(ticket.summary, 600);
  parts.summary.lang = ticket.language ?? "";
  showFacts(parts.facts, [
    [t("brief.team"), named("team", ticket.team)],
    [t("brief.waited"), ticket.claimed_at ? wait((Date.parse(ticket.claimed_at) - Date.parse(ticket.opened_at)) / 1000) : ""],
    [t("brief.proved"), named("tier", customer?.tier)],
    ...slotFacts(ticket.slots),
    ...contactFacts(ticket.contact),
    [t("brief.order"), orderFacts(ticket.order), { whole: true }],
  ], onCopy);
  const { tried = [], suggested = [], promises = [] } = brief ?? {};
  parts.triedSection.hidden = tried.length === 0;
  parts.tried.replaceChildren(...tried.map((one) => triedView(one, onMessage)));
  parts.suggestedSection.hidden = suggested.length === 0;
  parts.suggested.replaceChildren(...suggested.map((article) => suggestion(article, onArticle)));
  parts.promisesSection.hidden = promises.length === 0;
  parts.promises.replaceChildren(...promises.map(promiseView));
  return parts.root;
}

/** What the customer asked and what the assistant made of it; a click leads to the line. */
function triedView({ asked, said, article, outcome, message }, onMessage) {
  const parts = partsOf(copyOf("tried"));
  parts.asked.textContent = oneLine(asked, 160);
  parts.said.textContent = oneLine(said, 160);
  parts.article.textContent = article ?? "";
  parts.outcome.textContent = outcome ? t(`tried.${outcome}`) : "";
  parts.outcome.dataset.level = "2";
  parts.root.addEventListener("click", () => onMessage(message));
  return parts.root;
}

function suggestion(article, onArticle) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "chip";
  button.dataset.testid = "suggested";
  button.textContent = oneLine(article.question, 80);
  button.addEventListener("click", () => onArticle(article));
  return button;
}

/** One of the ledger's promises, as far as a line says it: what, and until when. */
function promiseView(promise) {
  const item = document.createElement("li");
  item.textContent = [oneLine(promise.what, 160), promise.due_at ? dateTime(promise.due_at) : ""].filter(Boolean).join(" · ");
  return item;
}

// The language stands in the head of the conversation already.
const SHOWN_ELSEWHERE = new Set(["language"]);
// What has few values is stored as a word and shown in the agent's language.
const NAMED_VALUES = new Set(["wish", "reason"]);

function slotFacts(slots) {
  return Object.entries(slots ?? {})
    .filter(([slot, value]) => value !== null && value !== "" && value !== false && !SHOWN_ELSEWHERE.has(slot))
    .map(([slot, value]) => [named("slot", slot), NAMED_VALUES.has(slot) ? named(`slot.${slot}`, value) : slotText(value), { copy: value !== true }]);
}

function slotText(value) {
  if (value === true) return t("yes");
  return oneLine(typeof value === "object" ? inLocale(value) || JSON.stringify(value) : value, 300);
}

export function contactFacts(contact) {
  if (!contact) return [];
  return [
    [t("contact.name"), oneLine(contact.name, 120)],
    [t("contact.phone"), oneLine(contact.phone, 60), { copy: true }],
    [t("contact.email"), oneLine(contact.email, 200), { copy: true }],
    [t("contact.note"), oneLine(contact.note, 1000), { whole: true }],
  ];
}
