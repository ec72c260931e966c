// What is known of a customer, in words: the fields people fill in, what stood in them, and how an identity was proved.
import { date, dateTime } from "/page/static/js/formats.js";
import { oneLine } from "/page/static/js/safe-text.js";
import { named, t } from "/page/static/js/texts.js";

/** Fields that every shop has, in the order of the panel; those of the shop's own follow. */
export const OWN_FIELDS = ["name", "phone", "email", "class"];

/** A field's name: ours in the page's texts, the shop's own as its file says it. */
export const fieldName = (field, name) => (name ? oneLine(name, 60) : named("customer_field", field.replace(/^field\./, "")));

/** A value in words, whatever its type; empty for none. */
export function shownValue(value) {
  if (value === null || value === undefined || value === "") return "";
  if (Array.isArray(value)) return value.map((one) => oneLine(one, 40)).join(t("customer.comma"));
  if (typeof value === "boolean") return t(value ? "customer.yes" : "customer.no");
  if (typeof value === "number") return String(value);
  if (/^\d{4}-\d\d-\d\d$/.test(value)) return date(`${value}T12:00:00`);
  return oneLine(value, 1000);
}

/** `[[name, value, options]]` of what was written down, without class and tags, which have their colours. */
export function notedFacts({ values, fields }) {
  return [
    [t("customer_field.name"), oneLine(values.name, 120)],
    [t("customer_field.phone"), oneLine(values.phone, 60), { copy: true }],
    [t("customer_field.email"), oneLine(values.email, 200), { copy: true }],
    ...fields.map((field) => [oneLine(field.name, 60), fieldWords(field)]),
  ];
}

/** What stands in a field of the shop's own, a choice by its name. */
export function fieldWords(field) {
  const chosen = field.choices?.find((one) => one.id === field.value);
  return shownValue(chosen ? chosen.name : field.value);
}

/** What is known of a record by field, for setting it beside another. */
export function wordsByField({ record }) {
  const words = new Map();
  const { values, fields, classes } = record;
  for (const name of OWN_FIELDS) words.set(name, shownValue(name === "class" ? classes.find((one) => one.id === values.class)?.name : values[name]));
  words.set("tags", shownValue(values.tags.map((tag) => tag.name)));
  for (const field of fields) words.set(`field.${field.id}`, fieldWords(field));
  return words;
}

/** How the customer proved who they are. */
export function proofText({ tier, account, until, is_over: isOver, orders, contacts }) {
  const codes = contacts.length ? t("proof.contact", { contacts: contacts.map(({ value }) => oneLine(value, 80)).join(t("customer.comma")) }) : "";
  if (tier === "identity") {
    const signed = t("proof.identity", { account: oneLine(account, 80) });
    return [signed, until && t(isOver ? "proof.over" : "proof.until", { time: dateTime(until) }), codes].filter(Boolean).join(" ");
  }
  if (tier === "contact") return codes;
  if (tier === "order" && orders.length) return t("proof.order", { orders: orders.slice(-3).map((one) => oneLine(one, 40)).join(t("customer.comma")) });
  return "";
}
