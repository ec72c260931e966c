// Searching what the shop sells, in the customer's language; one click sends a product as a card.
import { money } from "/page/static/js/formats.js";
import { oneLine, webLink } from "/page/static/js/safe-text.js";
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { errorText, locale, named, t } from "/page/static/js/texts.js";

const SEARCH_PAUSE_MS = 250;

class ProductsPane extends HTMLElement {
  #turn = 0;
  #timer = null;
  #shownFor = "";

  start({ desk, onCard }) {
    Object.assign(this, { desk, onCard, parts: partsOf(this) });
    const { query } = this.parts;
    query.addEventListener("input", (event) => event.isComposing || this.#searchSoon());
    query.addEventListener("compositionend", () => this.#searchSoon());
    query.addEventListener("keydown", (event) => this.#key(event));
    desk.on("selected", () => this.#forget());
    desk.on("thread locale", () => this.shown());
  }

  focusSearch() {
    this.parts.query.focus();
    this.parts.query.select();
  }

  /** Called when the panel comes into view; the shop is not asked before. */
  shown() {
    if (!this.hidden && this.desk.agent) this.#search(this.parts.query.value.trim());
  }

  get #language() {
    return this.desk.selected?.row?.language || locale();
  }

  #forget() {
    this.parts.query.value = "";
    this.#shownFor = "";
    this.shown();
  }

  #searchSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.shown(), SEARCH_PAUSE_MS);
  }

  async #search(query) {
    const language = this.#language;
    const wanted = JSON.stringify([query, language, locale()]);
    if (wanted === this.#shownFor) return;
    this.#shownFor = wanted;
    const turn = (this.#turn += 1);
    try {
      const { products } = await this.desk.api.products(oneLine(query, 100), language);
      if (turn !== this.#turn) return;
      const about = { language: named("language", language), count: products.length };
      this.#show(products, t(products.length ? (query ? "products.found" : "products.first") : "products.nothing", about));
    } catch (error) {
      if (turn !== this.#turn) return;
      // Asked again at the next look: the shop may answer then.
      this.#shownFor = "";
      this.#show([], errorText(error), true);
    }
  }

  #show(products, about, isProblem = false) {
    setText(this.parts.about, about);
    this.parts.about.classList.toggle("problem", isProblem);
    this.parts.results.replaceChildren(...products.map((product) => this.#result(product)));
  }

  #result(product) {
    const parts = partsOf(copyOf("product-result"));
    parts.root.dataset.product = product.id;
    parts.root.lang = this.#language;
    showProduct(parts, product);
    parts.card.addEventListener("click", () => this.onCard({ product: product.id }, product.title));
    return parts.root;
  }

  #key(event) {
    if (event.isComposing || event.keyCode === 229 || event.key !== "Escape") return;
    event.preventDefault();
    if (!this.parts.query.value) return this.parts.query.blur();
    this.parts.query.value = "";
    this.shown();
  }
}

/** Name, price and stock of a product. Its picture only where it is our own: another's host would learn who looks. */
export function showProduct(parts, { title, price, currency, stock, stock_label, url, picture }) {
  const name = oneLine(title, 300);
  parts.title.replaceChildren(webLink(url, name) ?? name);
  parts.price.textContent = money(price, currency);
  parts.stock.textContent = oneLine(stock_label, 40);
  parts.stock.dataset.stock = stock;
  if (picture && new URL(picture, location.href).origin === location.origin) parts.picture.src = picture;
  else parts.picture.remove();
}

customElements.define("desk-products", ProductsPane);
