// Who the customer is and how surely we know it, what people wrote down about them, what they ordered, and when they were
// here before, on whichever channel.
import { contactFacts } from "./brief.js";
import { notedFacts, proofText, shownValue, fieldName } from "./customer-facts.js";
import { CustomerForm } from "./customer-form.js";
import { CustomerHistory, channelNames } from "./customer-history.js";
import { orderView } from "./order-view.js";
import { stateOf, windowText } from "./reply-window.js";
import { COLOURS, tagView } from "./tag-view.js";
import { ago, clockTime, date, dateTime, shortTime } from "/page/static/js/formats.js";
import { initial, oneLine } from "/page/static/js/safe-text.js";
import { copyOf, partsOf, setIcon, setText, showFacts } from "/page/static/js/templates.js";
import { errorText, locale, named, t } from "/page/static/js/texts.js";

class CustomerPane extends HTMLElement {
  #stamp = "";
  #shownId = null;
  #parts = null;
  /** Forms that are being filled in, by conversation: going elsewhere and back loses nothing. */
  #forms = new Map();
  #agentId;
  #isHistoryOpen = false;
  #history = null;

  start({ desk, route, onCopy, onCard, unite }) {
    Object.assign(this, { desk, route, onCopy, onCard, unite });
    desk.on("selected locale agent", () => this.#show());
    desk.on("agent", () => this.#forget());
    desk.on("thread", (id) => id === desk.selectedId && this.#show());
    desk.on("customer", (id) => id === desk.selectedId && this.#isHistoryOpen && this.#history?.read());
  }

  /** Forms belong to who filled them in. */
  #forget() {
    const id = this.desk.agent?.id ?? this.#agentId;
    if (id !== this.#agentId) this.#forms.clear();
    this.#agentId = id;
  }

  #show() {
    const thread = this.desk.selected;
    const isSame = thread?.id === this.#shownId;
    const stamp = thread?.customer ? stampOf(thread) : String(thread?.id);
    // Ages are drawn anew each time somebody opens the conversation, not with every message.
    if (stamp === this.#stamp) {
      if (thread?.customer && this.#parts) this.#showAsked(thread.customer);
      return;
    }
    // Nothing moves under the hands of somebody who writes; the form itself hears of what others change.
    if (isSame && this.#forms.has(thread?.id) && this.contains(this.#forms.get(thread.id).element)) return;
    const top = isSame ? this.scrollTop : 0;
    const focused = isSame ? document.activeElement?.closest?.("desk-customer [data-testid]")?.dataset.testid : null;
    this.#stamp = stamp;
    this.#shownId = thread?.id ?? null;
    if (!isSame) this.#isHistoryOpen = false;
    this.replaceChildren();
    if (thread?.customer) this.append(this.#view(thread));
    this.scrollTop = top;
    if (focused) this.querySelector(`[data-testid="${focused}"]`)?.focus({ preventScroll: true });
  }

  #view(thread) {
    const parts = partsOf(copyOf("customer"));
    this.#parts = parts;
    const { customer, ticket, past, row } = thread;
    const { profile, tier, proof, record } = customer;
    const name = record.values.name || profile?.name || row?.customer;
    parts.avatar.textContent = initial(name);
    parts.name.textContent = oneLine(name, 120);
    parts.tier.dataset.tier = tier;
    setIcon(parts.tierIcon, tier === "anonymous" ? "shield" : "shield-check");
    parts.tierText.textContent = named("tier", tier);
    parts.tierHint.textContent = named("tier_hint", tier);
    parts.proof.textContent = proofText(proof);
    parts.links.hidden = proof.links.length === 0;
    parts.links.replaceChildren(...proof.links.map((link) => this.#link(link, thread.id)));
    parts.askProof.hidden = !proof.may_ask;
    parts.askProof.addEventListener("click", () => (parts.askProof.disabled = this.onCard({ prove: "contact" }, t("proof.asked"))));
    parts.proof.classList.toggle("old", proof.is_over);
    this.#showClass(parts.class, customer.class);
    showFacts(parts.facts, profileFacts(profile, record.values.name), this.onCopy);
    parts.tags.replaceChildren(...(profile?.tags ?? []).map(shopTag));
    this.#showRecord(parts, thread);
    this.#showPlaces(parts, thread);
    const contact = contactFacts(ticket?.contact);
    parts.contactSection.hidden = contact.length === 0;
    showFacts(parts.contact, contact, this.onCopy);
    this.#showOrders(parts, customer);
    parts.pastCount.textContent = past.length || "";
    parts.noPast.hidden = past.length > 0 || customer.past_hidden > 0;
    parts.pastHidden.hidden = !customer.past_hidden;
    setText(parts.pastHidden, t("customer.past_hidden", { count: customer.past_hidden }));
    parts.past.replaceChildren(...past.map((one) => this.#past(one)));
    return parts.root;
  }

  #link({ id: link, account, channel }, id) {
    const parts = partsOf(copyOf("account-link"));
    const name = oneLine(account, 80);
    setText(parts.text, t("proof.link", { account: name, channel: named("channel", channel) }));
    // The second press does it.
    parts.untie.addEventListener("click", async () => {
      if (!parts.untie.dataset.sure) {
        parts.untie.dataset.sure = "true";
        setText(parts.untie, t("proof.untie_sure", { account: name }));
        return;
      }
      parts.untie.disabled = true;
      try {
        await this.desk.untieAccount(id, link);
      } catch (error) {
        setText(parts.text, errorText(error));
        parts.untie.disabled = false;
      }
    });
    return parts.root;
  }

  // The record

  #showClass(mark, shown) {
    mark.hidden = !shown;
    if (!shown) return;
    mark.dataset.colour = COLOURS.includes(shown.colour) ? shown.colour : COLOURS[0];
    mark.textContent = oneLine(shown.name, 40);
    mark.title = t(`customer.class_source_${shown.source}`);
  }

  #showRecord(parts, thread) {
    const { record, proposed } = thread.customer;
    const form = this.#forms.get(thread.id);
    const facts = notedFacts(record);
    const isEmpty = facts.every(([, value]) => !value) && record.values.tags.length === 0;
    parts.edit.hidden = record.locked || Boolean(form);
    parts.edit.addEventListener("click", () => this.edit());
    parts.formProblem.hidden = !record.form_problem;
    if (record.form_problem) setText(parts.formProblem, t("customer.form_problem", { problem: oneLine(record.form_problem, 300) }));
    showFacts(parts.noted, form ? [] : facts, this.onCopy);
    parts.worn.replaceChildren(...(form ? [] : record.values.tags.map(tagView)));
    parts.nothing.hidden = Boolean(form) || !(isEmpty || record.locked);
    setText(parts.nothing, t(record.locked ? "customer.locked" : "customer.nothing_noted"));
    if (form) parts.noted.after(form.element);
    parts.proposals.replaceChildren(...proposed.map((one) => this.#proposal(one, thread)));
    this.#showHistory(parts, thread);
  }

  /** Opens the form in place, or goes on where it was left. */
  edit() {
    const thread = this.desk.selected;
    if (!thread?.customer || thread.customer.record.locked) return;
    if (!this.#forms.has(thread.id)) {
      this.desk.readTags();
      this.#forms.set(thread.id, new CustomerForm({ desk: this.desk, id: thread.id, customer: thread.customer, onDone: () => this.#closeForm(thread.id) }));
    }
    this.#again();
    this.#forms.get(thread.id).focus();
  }

  #closeForm(id) {
    this.#forms.delete(id);
    if (this.desk.selectedId !== id) return;
    this.#again();
    this.querySelector("[data-testid=customer-edit]")?.focus();
  }

  /** Draws the same conversation once more, whatever it looked like. */
  #again() {
    const form = this.#forms.get(this.desk.selectedId);
    form?.element.remove();
    this.#stamp = "";
    this.#show();
  }

  #proposal(proposal, thread) {
    const parts = partsOf(copyOf("proposal"));
    const { account } = thread.customer.proof;
    setText(parts.text, t("customer.proposal", { channels: channelNames(proposal.channels), ago: ago(proposal.last_at), account: oneLine(account ?? "", 80) }));
    showFacts(parts.said, proposal.said.map((one) => [fieldName(one.field, one.name), shownValue(one.value)]), this.onCopy);
    const mayUnite = thread.customer.record.may_merge;
    parts.unite.hidden = !mayUnite;
    parts.ask.hidden = mayUnite;
    parts.unite.addEventListener("click", () => this.unite.open(thread, proposal));
    return parts.root;
  }

  #showHistory(parts, thread) {
    const { record } = thread.customer;
    parts.history.hidden = record.id === null || record.locked;
    setText(parts.changed, record.changed_at ? t("customer.changed", { by: oneLine(record.changed_by, 60), ago: ago(record.changed_at) }) : "");
    this.#history = new CustomerHistory({ desk: this.desk, body: parts.historyBody, thread: () => this.desk.selected });
    const history = this.#history;
    parts.history.addEventListener("toggle", () => {
      if (this.#parts !== parts) return;
      this.#isHistoryOpen = parts.history.open;
      if (parts.history.open) history.read();
    });
    parts.history.open = this.#isHistoryOpen;
  }

  #showPlaces(parts, { id, customer, row }) {
    const places = row?.status === "agent" ? customer.places : [];
    parts.placesSection.hidden = places.length === 0;
    parts.places.replaceChildren(...places.map((place) => this.#place(place, id)));
  }

  #place({ id: to, channel, shown, window }, id) {
    const parts = partsOf(copyOf("place"));
    setText(parts.channel, named("channel", channel));
    // An id of the provider's tells nobody anything: then the channel's name alone.
    setText(parts.shown, shown === channel.split(":")[0] ? "" : oneLine(shown, 80));
    parts.window.dataset.state = window ? stateOf(window) : "open";
    setText(parts.window, window ? windowText(window) : "");
    // The second press does it: what is left is closed.
    parts.go.addEventListener("click", async () => {
      if (!parts.go.dataset.sure) {
        parts.go.dataset.sure = "true";
        parts.go.classList.add("primary");
        setText(parts.go, t("places.sure"));
        return;
      }
      parts.go.disabled = true;
      const there = await this.desk.moveTo(id, to, this.failed?.conversation === id ? this.failed.message : undefined);
      parts.go.disabled = false;
      if (there) this.route.open(there);
    });
    return parts.root;
  }

  /** Shows the customer's other channels, for a message that this one did not take; true when there is one. */
  offerOther(conversation, message) {
    this.failed = { conversation, message };
    const first = this.querySelector("[data-testid=place-go]");
    first?.focus();
    first?.closest("section").scrollIntoView({ block: "nearest" });
    return Boolean(first);
  }

  // The shop

  #showOrders(parts, customer) {
    const { orders = [], tier } = customer;
    parts.orderCount.textContent = orders.length || "";
    parts.orders.replaceChildren(...orders.map((order) => orderView(order, { onCopy: this.onCopy, onSend: ({ number }) => this.onCard({ order: number }, number) })));
    parts.noOrders.hidden = orders.length > 0;
    parts.noOrders.textContent = t(customer.problem ? "error.shop_unavailable" : ["anonymous", "contact"].includes(tier) ? "customer.orders_locked" : "customer.no_orders");
    parts.noOrders.classList.toggle("form-error", Boolean(customer.problem));
    parts.refresh.addEventListener("click", () => this.#refresh(parts));
    this.#showAsked(customer);
  }

  #showAsked({ asked_at: at, tier, problem }) {
    const { asked } = this.#parts;
    setText(asked, at && tier !== "anonymous" && !problem ? t("customer.asked", { time: clockTime(at) }) : "");
    asked.title = dateTime(at);
  }

  async #refresh(parts) {
    parts.refresh.disabled = true;
    parts.refresh.setAttribute("aria-busy", "true");
    try {
      this.#stamp = "";
      await this.desk.readCustomer(this.desk.selectedId);
    } catch (error) {
      parts.noOrders.hidden = false;
      setText(parts.noOrders, errorText(error));
    } finally {
      parts.refresh.disabled = false;
      parts.refresh.removeAttribute("aria-busy");
    }
  }

  #past(row) {
    const parts = partsOf(copyOf("past-row"));
    parts.root.dataset.conversation = row.id;
    parts.open.addEventListener("click", () => this.route.open(row.id));
    setText(parts.topic, oneLine(row.topic || row.last_text, 120));
    parts.topic.lang = row.language ?? "";
    parts.dot.dataset.status = row.status;
    setText(parts.time, shortTime(row.last_at ?? row.opened_at));
    parts.time.title = dateTime(row.last_at ?? row.opened_at);
    setText(parts.status, named("status", row.status));
    parts.status.className = `tag status-${row.status}`;
    setText(parts.about, oneLine(row.about, 40));
    setText(parts.channel, named("channel", row.channel));
    parts.tags.replaceChildren(...(row.tags ?? []).slice(0, 3).map(tagView));
    return parts.root;
  }
}

function stampOf({ id, customer, ticket, past, row }) {
  const { asked_at: _, ...known } = customer;
  return JSON.stringify([id, known, ticket?.contact, past, row?.customer, locale()]);
}

function profileFacts(profile, noted) {
  if (!profile) return [];
  return [
    [t("customer.shop_name"), noted && noted !== profile.name ? oneLine(profile.name, 120) : ""],
    [t("contact.phone"), oneLine(profile.phone, 60), { copy: !profile.is_masked }],
    [t("contact.email"), oneLine(profile.email, 200), { copy: !profile.is_masked }],
    [t("customer.language"), named("language", profile.locale)],
    [t("customer.region"), named("region", profile.region)],
    [t("customer.since"), profile.since ? date(profile.since) : ""],
    [t("customer.points"), profile.points === null || profile.points === undefined ? "" : String(profile.points)],
  ];
}

function shopTag(tag) {
  const element = document.createElement("span");
  element.className = "tag";
  element.textContent = oneLine(tag, 40);
  return element;
}

customElements.define("desk-customer", CustomerPane);
