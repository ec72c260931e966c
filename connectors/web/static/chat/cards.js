/* What only some messages hold, loaded with the first of them: an order, a form for contact details. */

import { button, followable, h, icon } from "./dom.js";

export function orderCard(order, texts, ask = null) {
  const t = (key, values) => texts.t(key, values);
  const total = order.total != null && order.currency ? texts.money(order.total, order.currency) : null;
  return h(
    "article", { class: "order", "data-testid": "order-card", "data-number": order.number, "aria-label": t("order", order) },
    h("div", { class: "order-top" },
      h("span", { class: "order-number" }, order.number),
      h("span", { class: "pill", "data-tone": toneOf(order.status) }, texts.pick(order.status_label) || order.status)),
    h("p", { class: "order-facts" },
      [order.placed_at && t("placed", { date: texts.write("shortDate", order.placed_at) }), total].filter(Boolean).join(" · ")),
    order.items?.length > 0 && h("ul", { class: "order-items" }, order.items.slice(0, 4).map((item) => orderItem(item, texts))),
    (order.parcels ?? []).map((parcel) => parcelOf(parcel, texts)),
    h("div", { class: "order-foot" },
      order.updated_at && h("span", { class: "age" }, icon("clock"), t("updated", { ago: texts.ago(order.updated_at) })),
      ask && button({ class: "link-button", onclick: () => ask(order) }, t("ask_about_order"))),
  );
}

function orderItem(item, texts) {
  if (typeof item === "string") return h("li", {}, item);
  return h("li", {}, h("span", {}, texts.pick(item.name)), item.quantity > 1 && h("span", { class: "quantity" }, `× ${item.quantity}`));
}

function parcelOf(parcel, texts) {
  const event = parcel.last_event;
  const happened = typeof event === "string" || !event ? event : [texts.pick(event.what), texts.pick(event.place)].filter(Boolean).join(" · ");
  return h(
    "div", { class: "parcel" },
    h("div", { class: "parcel-top" }, icon("box"),
      h("span", {}, texts.pick(parcel.carrier), " ", h("span", { class: "tracking" }, parcel.tracking_number)),
      h("span", { class: "parcel-status" }, texts.pick(parcel.status_label))),
    happened && h("p", {}, happened),
    parcel.eta && h("p", { class: "eta" }, texts.t("expected", { date: texts.write("date", parcel.eta) })),
  );
}

function toneOf(status = "") {
  if (/deliver|complete/.test(status)) return "good";
  return /cancel|refund|return|exception|fail/.test(status) ? "caution" : "plain";
}

/* What a person sent: an article with the way to its page, a product, or a page to open. */
export async function shownCard(message, texts, deeds) {
  if (message.card.kind === "article") return articleCard(message.card, deeds);
  if (message.card.kind === "product") return (await import("./product.js")).productCard(message.card, texts, deeds);
  if (message.card.kind === "prove") return (await import("./prove.js")).proveCard(message, texts, deeds);
  const { offerOf, answered } = await import("./pages.js");
  return message.card.kind === "page" ? offerOf(message, texts, deeds) : answered(message.card);
}

function articleCard({ title, text, url }, { gateway }) {
  const page = followable(url, gateway);
  const inside = [h("strong", {}, title), h("span", { class: "card-text" }, text), page && h("span", { class: "card-host" }, icon("book"), page.host)];
  if (!page) return h("div", { class: "order card", dir: "auto" }, inside);
  return h("a", { class: "order card", dir: "auto", "data-testid": "article-card", href: page.href, target: "_blank", rel: "noopener noreferrer" }, inside);
}

export function contactForm(message, { texts, contacts }) {
  const { ticket } = message.contact_form;
  if (contacts.isLeft(ticket)) return thanks(texts, ticket);
  const t = (key) => texts.t(key);
  const field = (name, type, autocomplete) =>
    h("label", {}, h("span", {}, t(`contact_${name}`)),
      h("input", { name, type, autocomplete, dir: "auto", maxlength: "120", value: name === "name" ? contacts.name : null }));
  const problem = h("p", { class: "form-problem", role: "alert", hidden: true }, t("contact_needed"));
  const form = h(
    "form", { class: "contact-form", "data-testid": "contact-form", "data-ticket": ticket, novalidate: true },
    field("name", "text", "name"), field("phone", "tel", "tel"), field("email", "email", "email"),
    h("label", {}, h("span", {}, t("contact_note")), h("textarea", { name: "note", rows: "2", dir: "auto", maxlength: "1000" })),
    problem,
    button({ class: "main-button", type: "submit", "data-testid": "contact-send" }, t("contact_send")),
  );
  form.oninput = () => (problem.hidden = true);
  form.onsubmit = (event) => {
    event.preventDefault();
    const contact = Object.fromEntries(["name", "phone", "email", "note"].map((name) => [name, form.elements[name].value.trim()]));
    const reachable = contact.phone.replace(/\D/g, "").length >= 6 || /^\S+@\S+\.\S+$/.test(contact.email);
    problem.hidden = reachable;
    if (!reachable) return form.elements.phone.focus();
    contacts.leave(ticket, contact);
    form.replaceWith(thanks(texts, ticket));
  };
  return form;
}

function thanks(texts, ticket) {
  return h("p", { class: "contact-thanks", role: "status", "data-testid": "contact-thanks" }, icon("check"), texts.t("contact_thanks", { ticket }));
}
