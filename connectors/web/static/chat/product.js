/* A product that a person sent: its picture, name, price and stock, and the way to its page. */

import { followable, h, icon } from "./dom.js";

export async function productCard({ title, price, currency, stock, stock_label, url, picture }, texts, { gateway }) {
  await texts.need("pages");
  const page = followable(url, gateway);
  const shown = followable(picture, gateway);
  // A picture that does not come leaves the card whole.
  const image = shown && h("img", { class: "product-picture", alt: "", src: shown.href, loading: "lazy", referrerpolicy: "no-referrer", onerror: () => image.remove() });
  const here = page?.origin === location.origin;
  return h("div", { class: "order card product", "data-testid": "product-card" },
    image,
    h("div", { class: "product-words" },
      h("strong", { dir: "auto" }, title),
      h("span", { class: "product-price" }, texts.money(price, currency)),
      h("span", { class: "card-text", "data-stock": stock }, stock_label)),
    page && h("a", { class: "choice", "data-testid": "product-open", href: page.href, target: here ? null : "_blank", rel: "noopener noreferrer" }, texts.t("product_open"), here ? null : icon("globe")));
}
