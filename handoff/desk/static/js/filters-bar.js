// What a list or a search is narrowed to: state, channel, language, agent, team, tag, rating, from when to when.
import { oneLine } from "/page/static/js/safe-text.js";
import { partsOf, setText } from "/page/static/js/templates.js";
import { LOCALES, named, t } from "/page/static/js/texts.js";

const CHANNELS = ["widget", "telegram", "whatsapp", "line", "messenger", "instagram", "facebook", "wechat", "wechat_mini", "wecom", "weibo", "slack", "sms", "twilio", "email", "twilio_voice", "mattermost", "rocketchat", "webexteams", "hangouts", "botframework", "callback", "rest"];
const CHOICES = ["state", "channel", "language", "agent", "team", "tag", "rating"];
// What customers say of an answer, from best to worst.
const RATINGS = [5, 4, 3, 2, 1];
const STATES = ["open", "waiting", "agent", "bot", "closed"];

class FiltersBar extends HTMLElement {
  start({ desk, onChange }) {
    Object.assign(this, { desk, onChange, parts: partsOf(this) });
    for (const field of this.#fields) field.addEventListener("change", () => this.onChange(this.value));
    this.parts.clear.addEventListener("click", () => {
      this.value = {};
      this.onChange({});
    });
    this.parts.toggle = document.getElementById("filters-toggle");
    this.parts.toggle.addEventListener("click", () => this.open(this.hidden));
    desk.on("locale", () => this.#fill());
    desk.on("agent", () => desk.agent && this.#fill());
    desk.on("people tags", () => this.#fill());
  }

  get #fields() {
    return ["state", "channel", "language", "agent", "team", "tag", "rating", "since", "until"].map((name) => this.parts[name]);
  }

  open(isOpen) {
    this.hidden = !isOpen;
    this.parts.toggle.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) {
      this.desk.readPeople();
      this.desk.readTags();
      this.parts.state.focus();
    }
  }

  /** Only what is chosen. Days are the agent's own: until the end of the last one. */
  get value() {
    const chosen = Object.fromEntries(CHOICES.map((name) => [name, this.parts[name].value]));
    if (this.parts.since.value) chosen.since = new Date(`${this.parts.since.value}T00:00:00`).toISOString();
    if (this.parts.until.value) {
      const end = new Date(`${this.parts.until.value}T00:00:00`);
      end.setDate(end.getDate() + 1);
      chosen.until = end.toISOString();
    }
    return Object.fromEntries(Object.entries(chosen).filter(([, value]) => value));
  }

  set value(filters) {
    this.wanted = filters;
    for (const name of CHOICES) {
      const field = this.parts[name];
      const value = filters[name] ?? "";
      if (value && ![...field.options].some((option) => option.value === value)) field.append(new Option(value, value));
      field.value = value;
    }
    this.parts.since.value = filters.since ? localDay(new Date(filters.since)) : "";
    this.parts.until.value = filters.until ? localDay(new Date(Date.parse(filters.until) - 1)) : "";
    this.#showCount(filters);
  }

  #showCount(filters) {
    const count = Object.keys(filters).length;
    const badge = this.parts.toggle.querySelector("b");
    badge.hidden = count === 0;
    setText(badge, count);
    this.parts.toggle.classList.toggle("on", count > 0);
  }

  #fill() {
    const { people, tags } = this.desk;
    choices(this.parts.state, STATES.map((one) => [one, t(`filter.state.${one}`)]), t("filter.any_state"));
    choices(this.parts.channel, CHANNELS.map((one) => [one, named("channel", one)]), t("filter.any_channel"));
    choices(this.parts.language, LOCALES.map((one) => [one, named("language", one)]), t("filter.any_language"));
    choices(this.parts.agent, people.colleagues.map((one) => [String(one.id), oneLine(one.name, 60)]), t("filter.any_agent"));
    choices(this.parts.team, people.teams.map((one) => [one, named("team", one)]), t("filter.any_team"));
    choices(this.parts.rating, RATINGS.map((one) => [String(one), t("filter.rating_of", { score: one })]), t("filter.any_rating"));
    choices(this.parts.tag, tags.map((one) => [String(one.id), oneLine(one.name, 40)]), t("filter.any_tag"));
  }
}

/** Fills a choice and keeps what is chosen. */
function choices(field, options, any) {
  const before = field.value;
  field.replaceChildren(new Option(any, ""), ...options.map(([value, name]) => new Option(name, value)));
  if (before && !options.some(([value]) => value === before)) field.append(new Option(before, before));
  field.value = before;
}

const localDay = (at) => `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")}`;

customElements.define("desk-filters", FiltersBar);
