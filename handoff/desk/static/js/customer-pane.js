// Who the customer is and how surely we know it, what they ordered, and when they were here before.
import { contactFacts } from "./brief.js";
import { date } from "/page/static/js/formats.js";
import { orderView } from "./order-view.js";
import { showConversations } from "./rows.js";
import { initial, oneLine } from "/page/static/js/safe-text.js";
import { copyOf, partsOf, setIcon, showFacts } from "/page/static/js/templates.js";
import { locale, named, t } from "/page/static/js/texts.js";

class CustomerPane extends HTMLElement {
  #stamp = "";

  start({ desk, route, onCopy }) {
    Object.assign(this, { desk, route, onCopy });
    desk.on("selected locale agent", () => this.#show());
    desk.on("thread", (id) => id === desk.selectedId && this.#show());
  }

  #show() {
    const thread = this.desk.selected;
    const stamp = thread?.customer ? JSON.stringify([thread.id, thread.customer, thread.ticket?.contact, thread.past, thread.row?.customer, locale()]) : String(thread?.id);
    // Ages are drawn anew each time somebody opens the conversation, not with every message.
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    this.replaceChildren();
    if (thread?.customer) this.append(this.#view(thread));
    this.scrollTop = 0;
  }

  #view({ customer, ticket, past, row }) {
    const parts = partsOf(copyOf("customer"));
    const { profile, orders = [], tier } = customer;
    const name = profile?.name || row?.customer;
    parts.avatar.textContent = initial(name);
    parts.name.textContent = oneLine(name, 120);
    parts.tier.dataset.tier = tier;
    setIcon(parts.tierIcon, tier === "anonymous" ? "shield" : "shield-check");
    parts.tierText.textContent = named("tier", tier);
    parts.tierHint.textContent = named("tier_hint", tier);
    showFacts(parts.facts, profileFacts(profile), this.onCopy);
    parts.tags.replaceChildren(...(profile?.tags ?? []).map(tagView));
    const contact = contactFacts(ticket?.contact);
    parts.contactSection.hidden = contact.length === 0;
    showFacts(parts.contact, contact, this.onCopy);
    parts.orderCount.textContent = orders.length || "";
    parts.orders.replaceChildren(...orders.map((order) => orderView(order, { onCopy: this.onCopy })));
    parts.noOrders.hidden = orders.length > 0;
    parts.noOrders.textContent = t(customer.problem ? "error.shop_unavailable" : tier === "anonymous" ? "customer.orders_locked" : "customer.no_orders");
    parts.pastCount.textContent = past.length || "";
    parts.noPast.hidden = past.length > 0;
    showConversations(parts.past, past, { desk: this.desk, onOpen: (id) => this.route.open(id), testid: "past-row", showStatus: true });
    return parts.root;
  }
}

function profileFacts(profile) {
  if (!profile) return [];
  return [
    [t("contact.phone"), oneLine(profile.phone, 60), { copy: true }],
    [t("contact.email"), oneLine(profile.email, 200), { copy: true }],
    [t("customer.language"), named("language", profile.locale)],
    [t("customer.region"), named("region", profile.region)],
    [t("customer.since"), date(profile.since)],
    [t("customer.points"), profile.points === null || profile.points === undefined ? "" : String(profile.points)],
  ];
}

function tagView(tag) {
  const element = document.createElement("span");
  element.className = "tag";
  element.textContent = oneLine(tag, 40);
  return element;
}

customElements.define("desk-customer", CustomerPane);
