// One message of a transcript: who, when, what, and where an answer of the assistant came from.
import { clockTime, dateTime, percent } from "/page/static/js/formats.js";
import { oneLine, showAnswer, showText, webLink } from "/page/static/js/safe-text.js";
import { fileView } from "./files.js";
import { answerText, cardView } from "./card-view.js";
import { orderView } from "./order-view.js";
import { copyOf, partsOf, setIcon } from "/page/static/js/templates.js";
import { errorText, t } from "/page/static/js/texts.js";

export const ICONS = { customer: "person", assistant: "bot", agent: "headset", note: "note", system: "alert" };

export function messageView(message, { onCopy, onWrong, customer }) {
  const parts = partsOf(copyOf("message"));
  parts.root.dataset.author = message.author;
  if (message.client_id) parts.root.dataset.clientId = message.client_id;
  setIcon(parts.iconUse, ICONS[message.author] ?? "person");
  parts.name.textContent = nameOf(message, customer);
  parts.mark.textContent = message.author === "assistant" && message.waiting ? t("message.while_waiting") : "";
  parts.time.textContent = clockTime(message.at);
  parts.time.dateTime = message.at;
  parts.bubble.title = dateTime(message.at);
  if (message.lang) parts.text.lang = message.lang;
  const isAnswer = message.author === "agent" || (message.author === "assistant" && message.article);
  (isAnswer ? showAnswer : showText)(parts.text, message.wordless ? "" : answerText(message) ?? message.text);
  parts.extra.replaceChildren(...extras(message, { onCopy, onWrong }));
  return parts;
}

export function nameOf(message, customer = "") {
  if (message.author === "customer") return oneLine(message.name || customer, 80) || t("author.customer");
  if (message.author === "assistant") return t("author.assistant");
  if (message.author === "note") return t("message.note_by", { name: oneLine(message.name, 60) });
  return oneLine(message.name, 80) || t(`author.${message.author}`);
}

function extras(message, { onCopy, onWrong }) {
  const shown = [];
  if (message.order) shown.push(orderView(message.order, { onCopy }));
  if (message.card && message.card.kind !== "page_answer") shown.push(cardView(message.card));
  if (message.template) shown.push(remark(t("message.template")));
  if (message.attachments?.length) shown.push(...message.attachments.map(fileView));
  if (message.image) shown.push(pictureLink(message.image));
  if (message.buttons?.length && message.author === "assistant") shown.push(offered(message.buttons));
  if (message.contact_form) shown.push(remark(t("message.contact_form", { ticket: message.contact_form.ticket })));
  const provenance = message.provenance ?? (message.article ? { id: message.article.id } : null);
  if (provenance?.id) shown.push(provenanceView(provenance));
  if (message.author === "assistant" && message.is_reply) shown.push(wrongView(message, onWrong));
  return shown;
}

/** Pictures are never loaded here: the sender of an address would learn who looks, when and from where. */
function pictureLink(address) {
  const line = remark("");
  let label = t("message.picture");
  try {
    label = `${label} (${new URL(address, location.href).host})`;
  } catch {
    // Shown without its host.
  }
  const link = webLink(new URL(address, location.href).href, label);
  line.append(link ?? oneLine(address, 120));
  return line;
}

function offered(buttons) {
  const list = document.createElement("p");
  list.className = "offered";
  list.append(...buttons.map((button) => {
    const choice = document.createElement("span");
    choice.className = "choice";
    choice.dir = "auto";
    choice.textContent = oneLine(button.title, 80);
    return choice;
  }));
  return list;
}

function remark(text) {
  const line = document.createElement("p");
  line.className = "quiet";
  line.textContent = text;
  return line;
}

function provenanceView({ id, file, line, version, score, runners_up, rule }) {
  const parts = partsOf(copyOf("provenance"));
  parts.article.textContent = id;
  parts.score.textContent = percent(score);
  parts.source.textContent = file ? `${file}${line ? `:${line}` : ""}` : "–";
  parts.rule.textContent = rule ?? "";
  parts.version.textContent = version ?? "";
  for (const [name, value] of [["rule", rule], ["version", version]]) parts[name].hidden = parts[`${name}Name`].hidden = !value;
  const runners = (runners_up ?? []).map((runner) => {
    const item = document.createElement("li");
    item.textContent = [runner.id, percent(runner.score)].filter(Boolean).join("  ");
    return item;
  });
  if (runners.length) parts.runners.replaceChildren(...runners);
  else parts.runners.textContent = "–";
  return parts.root;
}

/** Calls an answer wrong; whoever may edit articles is then led to where it is mended. */
function wrongView(message, onWrong) {
  const parts = partsOf(copyOf("wrong-answer"));
  parts.wrong.addEventListener("click", () => onWrong(message, ({ link }) => {
    parts.kept.textContent = t("wrong.kept");
    if (link) {
      const way = Object.assign(document.createElement("a"), { href: link, target: "_blank", textContent: t("wrong.mend") });
      way.dataset.testid = "open-article";
      parts.kept.append(" ", way);
    }
    parts.wrong.hidden = true;
    parts.kept.hidden = false;
    (parts.kept.querySelector("a") ?? parts.kept).focus();
  }));
  return parts.root;
}

/** The line under a message that has not arrived: on its way, waiting for the connection, or failed with what can be done. */
export function showPending(parts, item, { onRetry, onEdit, onDiscard, onUndo }) {
  parts.root.classList.toggle("pending", item.state !== "failed");
  parts.root.classList.toggle("failed", item.state === "failed");
  parts.root.dataset.state = item.state;
  parts.state.hidden = false;
  if (item.state === "held") {
    const says = document.createElement("span");
    says.textContent = t("message.held");
    says.className = "held";
    // How much of the time is left, for the eye; who reads by ear has the button.
    says.style.setProperty("--left", `${Math.max(0, item.until - Date.now())}ms`);
    parts.state.replaceChildren(says, action("action.undo_send", "undo-send", onUndo));
    return;
  }
  if (item.state !== "failed") {
    parts.state.textContent = t(item.state === "waiting" ? "message.waits" : "message.sending");
    return;
  }
  const why = document.createElement("span");
  why.textContent = t("message.failed", { why: errorText(item.error) });
  parts.state.replaceChildren(why, action("action.retry", "retry", onRetry), ...(item.card || item.template ? [] : [action("action.edit", "edit-failed", onEdit)]), action("action.discard", "discard", onDiscard));
}

const REASONS = new Set(["blocked", "unknown_recipient", "window_closed", "quota", "content", "too_large", "account", "busy", "unreachable", "no_answer", "template", "cap_customer", "cap_channel", "cannot_write"]);
// What an agent should see at once; that a message was taken or read is said quietly.
const TROUBLE = new Set(["failed", "unknown"]);

/** Where a stored message is on its way to the customer's phone, and why it does not arrive. */
export function showDelivery(parts, delivery, onSendAgain, onOther) {
  parts.root.classList.toggle("failed", TROUBLE.has(delivery?.state));
  // That one of the platform's own sentences was taken is no news; that it was not, is.
  const isQuiet = parts.root.dataset.author === "system" && !delivery?.reason && !TROUBLE.has(delivery?.state);
  parts.state.hidden = !delivery || isQuiet;
  if (parts.state.hidden) return;
  parts.root.dataset.delivery = delivery.state;
  const said = document.createElement("span");
  said.textContent = t(`delivery.${delivery.state === "sending" ? "pending" : delivery.state}`);
  const shown = [said];
  if (delivery.reason) {
    const why = document.createElement("span");
    const known = REASONS.has(delivery.reason);
    why.textContent = known ? t(`delivery.reason.${delivery.reason}`) : t("delivery.reason.refused", { detail: oneLine(delivery.detail ?? "", 120) || "–" });
    if (delivery.detail) why.title = oneLine(delivery.detail, 300);
    shown.push(why);
  }
  if (TROUBLE.has(delivery.state)) shown.push(action("action.send_again", "send-again", onSendAgain));
  if (delivery.state === "failed" && parts.root.dataset.author === "agent") shown.push(action("places.other", "send-other", onOther));
  parts.state.replaceChildren(...shown);
}

/** The line under one of ours: how far it came. */
export function showReceipt(parts, receipt) {
  parts.state.hidden = receipt === "";
  if (receipt) parts.root.dataset.receipt = receipt;
  else delete parts.root.dataset.receipt;
  parts.state.textContent = receipt ? t(`receipt.${receipt}`) : "";
}

function action(key, testid, onClick) {
  const button = document.createElement("button");
  button.className = "link";
  button.type = "button";
  button.textContent = t(key);
  button.dataset.testid = testid;
  button.addEventListener("click", onClick);
  return button;
}
