// An order with its parcels, each with the age of what we know.
import { ago, date, dateTime, inLocale, isOlderThan, money } from "/page/static/js/formats.js";
import { oneLine } from "/page/static/js/safe-text.js";
import { copyOf, partsOf } from "/page/static/js/templates.js";
import { named, t } from "/page/static/js/texts.js";

// Facts older than this are shown as old: an agent must not repeat them as news.
const OLD_HOURS = 24;
const SETTLED = /delivered|complete|cancel|return|refund/;
const TONES = [
  [/exception|fail|problem|lost|cancel|refus/, "trouble"],
  [/delivered|completed|collected/, "good"],
  [/ship|transit|deliver|pack|out_for|customs/, "moving"],
];

/** With `onSend` the order can be sent to the customer. */
export function orderView(order, { onCopy, onSend = null }) {
  const parts = partsOf(copyOf("order"));
  parts.number.textContent = oneLine(order.number, 40);
  parts.copy.addEventListener("click", () => onCopy(String(order.number)));
  showStatus(parts.status, order);
  parts.placed.textContent = order.placed_at ? t("order.placed", { date: date(order.placed_at) }) : "";
  parts.total.textContent = money(order.total, order.currency);
  parts.items.replaceChildren(...(order.items ?? []).map(itemView));
  parts.parcels.replaceChildren(...(order.parcels ?? []).map((parcel) => parcelView(parcel, order)));
  showAge(parts.age, order);
  parts.send.hidden = !onSend;
  parts.send.addEventListener("click", () => onSend(order));
  return parts.root;
}

/** An order in one line with its age, for the brief; the card stands beside it. */
export function orderFacts(order) {
  if (!order) return "";
  const label = ({ status, status_label }) => inLocale(status_label) || named("order_status", status);
  const parcels = (order.parcels ?? []).map((parcel) => [inLocale(parcel.carrier), label(parcel), eventText(parcel.last_event), parcel.updated_at ? t("order.updated", { ago: ago(parcel.updated_at) }) : ""]);
  const facts = [order.number, label(order), order.updated_at ? t("order.updated", { ago: ago(order.updated_at) }) : ""];
  return [facts, ...parcels].map((line) => oneLine(line.filter(Boolean).join(" · "), 300)).join("\n");
}

function eventText(event) {
  return typeof event === "object" && event ? [inLocale(event.what), inLocale(event.place)].filter(Boolean).join(" · ") : event;
}

function itemView(item) {
  const line = document.createElement("li");
  const name = document.createElement("span");
  const count = document.createElement("span");
  name.dir = "auto";
  name.textContent = oneLine(typeof item === "string" ? item : inLocale(item.name), 120);
  count.textContent = item.quantity ? `× ${item.quantity}` : "";
  line.append(name, count);
  return line;
}

function parcelView(parcel, order) {
  const parts = partsOf(copyOf("parcel"));
  parts.carrier.textContent = oneLine(inLocale(parcel.carrier), 60);
  parts.tracking.textContent = oneLine(parcel.tracking_number, 60);
  showStatus(parts.status, parcel);
  parts.event.textContent = [oneLine(eventText(parcel.last_event), 200), parcel.eta ? t("order.eta", { date: date(parcel.eta) }) : ""].filter(Boolean).join(" · ");
  showAge(parts.age, { updated_at: parcel.updated_at, status: parcel.status ?? order.status });
  return parts.root;
}

function showStatus(badge, { status, status_label }) {
  const word = String(status ?? "").toLowerCase();
  badge.textContent = oneLine(inLocale(status_label) || named("order_status", status), 40);
  badge.dataset.tone = TONES.find(([pattern]) => pattern.test(word))?.[1] ?? "plain";
}

function showAge(line, { updated_at, status }) {
  line.textContent = updated_at ? t("order.updated", { ago: ago(updated_at) }) : "";
  line.title = dateTime(updated_at);
  line.classList.toggle("old", isOlderThan(updated_at, OLD_HOURS) && !SETTLED.test(String(status ?? "")));
}
