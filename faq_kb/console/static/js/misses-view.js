// What customers asked and nobody has written down, the most pressing first; one press makes a draft of it.
import { ago, dateTime } from "/page/static/js/formats.js";
import { manyLines } from "/page/static/js/safe-text.js";
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { LOCALES, errorText, named, t } from "/page/static/js/texts.js";
import { fillCategories } from "./article-dialogs.js";
import { openDialog } from "./dialogs.js";

const KINDS = ["unanswered", "thumbs_down", "denied", "led_to_person", "wrong_answer"];
const EXAMPLES_SHOWN = 5;

class Misses extends HTMLElement {
  #turn = 0;

  start({ state, route }) {
    Object.assign(this, { state, route, parts: partsOf(this) });
    for (const select of [this.parts.kind, this.parts.language]) select.addEventListener("change", () => this.show());
    state.on("locale", () => {
      this.#fill();
      if (!this.hidden) this.show();
    });
    this.#fill();
  }

  #fill() {
    const { kind, language } = this.parts;
    const chosen = [kind.value, language.value];
    kind.replaceChildren(new Option(t("misses.all_kinds"), ""), ...KINDS.map((one) => new Option(t(`miss.${one}`), one)));
    language.replaceChildren(new Option(t("misses.all_languages"), ""), ...LOCALES.map((one) => new Option(t(`language.${one}`), one)));
    [kind.value, language.value] = chosen;
  }

  async show(values = new URLSearchParams()) {
    const turn = (this.#turn += 1);
    const { parts } = this;
    const query = { state: "open", ...(parts.kind.value && { kind: parts.kind.value }), ...(parts.language.value && { variant: parts.language.value }), ...(values.has("miss") && { first: values.get("miss") }) };
    parts.list.setAttribute("aria-busy", "true");
    setText(parts.about, t("loading"));
    try {
      const { clusters, left_out: leftOut } = await this.state.api.misses(query);
      if (turn !== this.#turn) return;
      setText(parts.about, clusters.length ? "" : t("misses.none"));
      parts.list.replaceChildren(...clusters.map((cluster) => this.#card(cluster)));
      parts.more.hidden = !leftOut;
      setText(parts.more, leftOut ? t("misses.left_out", { count: leftOut }) : "");
      this.#lead(clusters.find(({ miss_ids }) => miss_ids.includes(Number(values.get("miss")))));
    } catch (error) {
      setText(parts.about, errorText(error));
    }
    parts.list.removeAttribute("aria-busy");
  }

  /** To the question that the address names. */
  #lead(cluster) {
    if (!cluster) return;
    const card = this.parts.list.querySelector(`[data-cluster="${CSS.escape(cluster.id)}"]`);
    card.classList.add("named");
    card.scrollIntoView({ block: "center" });
    card.querySelector("button")?.focus({ preventScroll: true });
  }

  #card(cluster) {
    const parts = partsOf(copyOf("miss"));
    const [first, ...more] = cluster.examples;
    parts.root.dataset.cluster = cluster.id;
    setText(parts.title, first.text);
    parts.title.lang = first.language ?? "";
    setText(parts.customers, t("misses.customers", { count: cluster.size }));
    setText(parts.when, t("misses.last", { ago: ago(cluster.last_at) }));
    parts.when.title = dateTime(cluster.last_at);
    const kinds = [...new Set(cluster.examples.map(({ kind }) => kind))];
    parts.kinds.replaceChildren(...kinds.map((kind) => tag(t(`miss.${kind}`))));
    parts.examples.replaceChildren(...more.slice(0, EXAMPLES_SHOWN).map((example) => this.#example(example)));
    const given = cluster.examples.map(({ article_id: id }) => id).find(Boolean);
    parts.given.hidden = !given;
    if (given) setText(parts.given, t("misses.given", { article: this.state.nameOf(given) }));
    const { right } = cluster;
    parts.right.hidden = !right;
    if (right) setText(parts.right, t("misses.right", { article: this.state.nameOf(right.id, right.question) }));
    parts.answersPlace.hidden = !cluster.agent_answers?.length;
    parts.answers.replaceChildren(...(cluster.agent_answers ?? []).map(({ text, agent }) => {
      const answer = partsOf(copyOf("miss-answer"));
      setText(answer.agent, agent);
      setText(answer.text, manyLines(text));
      return answer.root;
    }));
    const ids = cluster.miss_ids;
    const suggested = [...(right ? [right] : []), ...(cluster.suggested ?? []).filter(({ id }) => id !== right?.id)];
    parts.suggested.replaceChildren(...suggested.map(({ id, question }) => this.#suggestion(ids, id, question)));
    parts.suggestedPlace.hidden = !suggested.length;
    parts.create.addEventListener("click", () => this.#createFrom(cluster, ids));
    parts.add.addEventListener("click", () => this.#addTo(cluster, ids, suggested[0]?.id));
    parts.dismiss.addEventListener("click", () => this.#dismiss(parts.root, ids));
    return parts.root;
  }

  #example({ text, language, channel, at }) {
    const item = document.createElement("li");
    const words = document.createElement("q");
    Object.assign(words, { textContent: text, lang: language ?? "", dir: "auto" });
    const where = document.createElement("span");
    where.className = "quiet";
    where.textContent = [named("language_short", language), named("channel", channel), ago(at)].filter(Boolean).join(" · ");
    item.append(words, " ", where);
    return item;
  }

  #suggestion(ids, id, question) {
    const item = partsOf(copyOf("miss-suggestion"));
    setText(item.name, this.state.nameOf(id, question));
    item.name.href = `#/articles/${encodeURIComponent(id)}`;
    item.use.setAttribute("aria-label", t("misses.use_for", { article: this.state.nameOf(id, question) }));
    item.use.addEventListener("click", () => this.#draft({ miss_ids: ids, into: id, as: "asked_as" }));
    return item.root;
  }

  #createFrom(cluster, ids) {
    const parts = openDialog("miss-new-dialog");
    setText(parts.text, cluster.examples[0].text);
    fillCategories(parts.category, this.state, "");
    parts.form.addEventListener("submit", (event) => {
      event.preventDefault();
      parts.root.close();
      this.#draft({ miss_ids: ids, into: null, as: "new", category: parts.category.value });
    });
  }

  #addTo(cluster, ids, likely) {
    const parts = openDialog("miss-add-dialog");
    setText(parts.text, cluster.examples[0].text);
    const articles = [...this.state.articles].sort((one, other) => this.state.nameOf(one.id, one.question).localeCompare(this.state.nameOf(other.id, other.question)));
    parts.article.replaceChildren(...articles.map(({ id, question }) => new Option(this.state.nameOf(id, question), id)));
    parts.article.value = likely ?? cluster.examples[0].article_id ?? articles[0]?.id ?? "";
    parts.form.addEventListener("submit", (event) => {
      event.preventDefault();
      parts.root.close();
      this.#draft({ miss_ids: ids, into: parts.article.value, as: parts.counter.checked ? "not_asked_as" : "asked_as" });
    });
  }

  async #draft(draft) {
    try {
      const { article_id: id } = await this.state.api.draftFromMisses(draft);
      await this.state.readTree();
      this.state.notify("misses.drafted");
      this.route.go("articles", id);
    } catch (error) {
      this.state.notifyError(error);
    }
  }

  async #dismiss(card, ids) {
    try {
      await this.state.api.dismissMisses(ids);
      const next = card.nextElementSibling ?? card.previousElementSibling;
      card.remove();
      (next?.querySelector("button") ?? this.parts.kind).focus();
      if (!next) setText(this.parts.about, t("misses.none"));
      this.state.notify("misses.dismissed");
    } catch (error) {
      this.state.notifyError(error);
    }
  }
}

function tag(text) {
  const element = document.createElement("span");
  element.className = "tag";
  element.textContent = text;
  return element;
}

customElements.define("faq-misses", Misses);
