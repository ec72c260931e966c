// How each article does, week by week and language by language: a small chart, and the same figures as a table.
import { percent } from "/page/static/js/formats.js";
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { errorText, locale, named, t } from "/page/static/js/texts.js";
import { chart } from "./chart.js";

const FIGURES = ["asked", "answered", "helpful", "unhelpful", "led_to_person"];
const sum = (values) => values.reduce((total, value) => total + value, 0);

class Stats extends HTMLElement {
  #turn = 0;

  start({ state, route }) {
    Object.assign(this, { state, route, parts: partsOf(this), sorted: "asked", isDown: true });
    this.parts.weeks.addEventListener("change", () => this.show());
    this.parts.all.addEventListener("click", () => route.go("stats"));
    state.on("locale", () => this.hidden || this.show());
  }

  async show() {
    const turn = (this.#turn += 1);
    const { parts, route, state } = this;
    const article = route.values.get("article");
    parts.body.setAttribute("aria-busy", "true");
    setText(parts.about, t("loading"));
    try {
      const stats = await state.api.stats({ weeks: parts.weeks.value, ...(article && { article }) });
      if (turn !== this.#turn) return;
      this.stats = stats;
      parts.all.hidden = !article;
      setText(parts.title, article ? state.nameOf(article) : t("stats.title"));
      setText(parts.about, stats.articles.length ? "" : t("stats.none"));
      parts.body.replaceChildren(...(stats.articles.length ? [this.#together(stats, article), ...(article ? [] : [this.#table()])] : []));
    } catch (error) {
      setText(parts.about, errorText(error));
      parts.body.replaceChildren();
    }
    parts.body.removeAttribute("aria-busy");
  }

  /** All shown articles in one chart and its table, with the languages below. */
  #together({ weeks, articles }, article) {
    const parts = partsOf(copyOf("stats-chart"));
    const total = (figure) => weeks.map((_, week) => sum(articles.map((one) => one[figure][week] ?? 0)));
    const day = new Intl.DateTimeFormat(locale(), { month: "numeric", day: "numeric", timeZone: "UTC" });
    const labels = weeks.map((week) => day.format(new Date(`${week}T00:00:00Z`)));
    const title = t(article ? "stats.chart_of" : "stats.chart", { article: article ? this.state.nameOf(article) : "" });
    parts.chart.replaceChildren(chart({ title, width: Math.max(280, this.parts.body.clientWidth - 38), labels, bars: total("asked"), lines: ["answered", "unhelpful", "led_to_person"].map((name) => ({ name, values: total(name) })) }));
    fillTable(parts.table, [t("stats.week"), ...FIGURES.map((one) => t(`stats.${one}`))], weeks.map((_, index) => [labels[index], ...FIGURES.map((figure) => total(figure)[index])]));
    const variants = [...new Set(articles.flatMap(({ by_variant: by }) => Object.keys(by ?? {})))];
    parts.variantPlace.hidden = variants.length === 0;
    fillTable(parts.variants, [t("stats.language"), ...FIGURES.map((one) => t(`stats.${one}`))], variants.map((variant) => [named("language", variant), ...FIGURES.map((figure) => sum(articles.map((one) => one.by_variant?.[variant]?.[figure] ?? 0)))]));
    return parts.root;
  }

  #table() {
    const parts = partsOf(copyOf("stats-table"));
    const rows = this.stats.articles.map((one) => ({ id: one.id, name: this.state.nameOf(one.id), ...Object.fromEntries(FIGURES.map((figure) => [figure, sum(one[figure])])) }));
    rows.sort((one, other) => (this.sorted === "name" ? one.name.localeCompare(other.name) : one[this.sorted] - other[this.sorted]) * (this.isDown ? -1 : 1));
    parts.head.replaceChildren(...["name", ...FIGURES].map((column) => this.#heading(column)));
    parts.rows.replaceChildren(...rows.map((row) => {
      const line = document.createElement("tr");
      const name = document.createElement("th");
      name.scope = "row";
      const link = document.createElement("a");
      link.href = `#/stats?article=${encodeURIComponent(row.id)}`;
      link.textContent = row.name;
      name.append(link);
      line.append(name, ...FIGURES.map((figure) => cell(figure === "helpful" && row.helpful + row.unhelpful ? `${row.helpful} (${percent(row.helpful / (row.helpful + row.unhelpful))})` : row[figure])));
      return line;
    }));
    return parts.root;
  }

  #heading(column) {
    const head = document.createElement("th");
    head.scope = "col";
    const isSorted = this.sorted === column;
    if (isSorted) head.setAttribute("aria-sort", this.isDown ? "descending" : "ascending");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = t(column === "name" ? "stats.article" : `stats.${column}`);
    button.addEventListener("click", () => {
      this.isDown = isSorted ? !this.isDown : column !== "name";
      this.sorted = column;
      const table = this.#table();
      this.parts.body.lastElementChild.replaceWith(table);
      table.querySelectorAll("thead button")[["name", ...FIGURES].indexOf(column)].focus();
    });
    head.append(button);
    return head;
  }
}

function fillTable(table, heads, rows) {
  const headRow = document.createElement("tr");
  headRow.append(...heads.map((text) => Object.assign(document.createElement("th"), { scope: "col", textContent: text })));
  table.tHead.replaceChildren(headRow);
  table.tBodies[0].replaceChildren(...rows.map(([name, ...figures]) => {
    const row = document.createElement("tr");
    row.append(Object.assign(document.createElement("th"), { scope: "row", textContent: name }), ...figures.map(cell));
    return row;
  }));
}

const cell = (text) => Object.assign(document.createElement("td"), { textContent: text });

customElements.define("faq-stats", Stats);
