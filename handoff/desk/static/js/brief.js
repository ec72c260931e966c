// The handoff brief: on one screen why the customer waits, what the assistant already collected and said, and how to reach them.
import { ago, clockTime, inLocale, wait } from "/page/static/js/formats.js";
import { orderFacts } from "./order-view.js";
import { showPriority } from "./rows.js";
import { oneLine } from "/page/static/js/safe-text.js";
import { copyOf, partsOf, showFacts } from "/page/static/js/templates.js";
import { named, t } from "/page/static/js/texts.js";

const ANSWERS_SHOWN = 4;

export function briefView({ ticket, customer, messages }, { onCopy, isOpen }) {
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
    [t("brief.answered"), answersBefore(messages, ticket), { whole: true }],
    [t("brief.order"), orderFacts(ticket.order), { whole: true }],
  ], onCopy);
  return parts.root;
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

/** The articles the assistant answered with, so that the agent does not say the same again. */
function answersBefore(messages, ticket) {
  const end = Date.parse(ticket.opened_at) + 1000;
  const ids = messages.filter((message) => message.author === "assistant" && (message.provenance?.id ?? message.article?.id) && !(Date.parse(message.at) > end)).map((message) => message.provenance?.id ?? message.article.id);
  return [...new Set(ids)].slice(-ANSWERS_SHOWN).join(", ");
}
