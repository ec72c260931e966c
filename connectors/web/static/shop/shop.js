/* The demo shop's page: its language, its goods, who is signed in, and the one tag that puts the chat on it. */

import { CUSTOMERS, GOODS, KINDS, ORDERS, priceOf } from "./goods.js";
import { LOCALES, TEXTS } from "./texts.js";

let locale = LOCALES[localStorage.harbour_locale] ? localStorage.harbour_locale : guessLocale();
let customer = CUSTOMERS[localStorage.harbour_customer] ? localStorage.harbour_customer : "";
let kind = "";

const t = (key) => TEXTS[locale][key];
const page = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];

function guessLocale() {
  const wish = navigator.languages.find((one) => /^(zh|en)/i.test(one)) ?? "en";
  if (/^en/i.test(wish)) return "en";
  return /tw|hant(?!-hk)/i.test(wish) ? "zh-TW" : /hk|mo/i.test(wish) ? "zh-HK" : "zh-CN";
}

function show() {
  document.documentElement.lang = locale;
  document.title = t("shop");
  document.body.dataset.signedIn = String(Boolean(customer));
  showTop();
  page(".bottom").replaceChildren(
    make("p", {}, t("footer")), make("a", { href: `/help/${locale}/` }, t("help")));
  if (page(".tiles")) showGoods();
  if (page(".orders")) showOrders();
  for (const element of all("[data-text]")) element.textContent = t(element.dataset.text);
  for (const element of all("[data-label]")) element.setAttribute("aria-label", t(element.dataset.label));
  for (const button of all("[data-open-chat]")) button.onclick = () => window.Switchboard?.open();
}

function make(tag, attributes = {}, ...children) {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children);
  return element;
}

function showTop() {
  const mark = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", "/shop/art.svg#mark");
  mark.setAttribute("aria-hidden", "true");
  mark.append(use);
  const brand = make("a", { className: "brand", href: "/" }, mark, make("span", {}, t("shop")));
  const nav = make("nav", { ariaLabel: t("menu") },
    make("a", { href: "/#goods" }, t("nav_goods")), make("a", { href: "/shop/orders.html" }, t("nav_orders")));
  page(".top").replaceChildren(brand, nav, languageSwitch(), accountMenu());
}

function languageSwitch() {
  const select = make("select", { className: "language", ariaLabel: t("language") },
    ...Object.entries(LOCALES).map(([value, name]) => make("option", { value, lang: value, selected: value === locale }, name)));
  select.dataset.testid = "shop-language";
  select.onchange = () => {
    locale = localStorage.harbour_locale = select.value;
    show();
    window.Switchboard?.setLocale(locale);
  };
  return select;
}

function accountMenu() {
  const signed = CUSTOMERS[customer];
  const entry = (label, id) => {
    const button = make("button", { type: "button", onclick: () => signIn(id) }, label);
    button.dataset.testid = id ? `sign-in-${id}` : "sign-out";
    return make("li", {}, button);
  };
  const others = Object.entries(CUSTOMERS).filter(([id]) => id !== customer);
  const menu = make("details", { className: "account" },
    make("summary", {}, signed ? signed.name : t("sign_in")),
    make("ul", {}, make("li", { className: "menu-note" }, t("sign_in_note")),
      ...others.map(([id, { name, from }]) => entry(`${name} · ${from[locale]}`, id)), ...(signed ? [entry(t("sign_out"), "")] : [])));
  menu.querySelector("summary").dataset.testid = "account";
  return menu;
}

/* A real shop signs the identity on its own server when it writes the page; the demo asks for one. */
async function identityOf(id) {
  if (!id) return "";
  const response = await fetch(`/shop/demo-identity?customer=${encodeURIComponent(id)}`);
  return response.ok ? (await response.json()).identity : "";
}

async function signIn(id) {
  const before = customer;
  customer = localStorage.harbour_customer = id;
  show();
  const identity = await identityOf(id);
  // One customer's chat must be gone before the next one's begins.
  if (before) window.Switchboard?.logout();
  if (identity) window.Switchboard?.identify(identity);
}

/* On a shop's own page this is one line of HTML: <script src="…/widget.js" data-inbox="demo" data-identity="…" defer>. */
async function placeChat() {
  const tag = make("script", { src: "/widget.js", defer: true });
  Object.assign(tag.dataset, { inbox: "demo", locale, theme: "auto", identity: await identityOf(customer).catch(() => "") });
  document.head.append(tag);
}

function showGoods() {
  page(".filters").replaceChildren(...["", ...KINDS].map((one) => {
    const button = page("#filter").content.cloneNode(true).firstElementChild;
    button.textContent = t(one ? `kind_${one}` : "kind_all");
    button.setAttribute("aria-pressed", String(one === kind));
    button.onclick = () => {
      kind = one;
      showGoods();
    };
    return button;
  }));
  page(".tiles").replaceChildren(...GOODS.filter((good) => !kind || good.kind === kind).map((good) => {
    const tile = page("#tile").content.cloneNode(true).firstElementChild;
    tile.dataset.tone = good.tone;
    tile.id = good.id;
    tile.querySelector("img").src = `/shop/goods/${good.id}.svg`;
    tile.querySelector("h3").textContent = good.name[locale];
    tile.querySelector(".kind").textContent = t(`kind_${good.kind}`);
    tile.querySelector(".price").textContent = priceOf(good, locale);
    return tile;
  }));
  showMeant();
}

/* Who comes by the address of one of the goods, as from a card in the chat, finds it. */
function showMeant() {
  const meant = document.getElementById(location.hash.slice(1));
  if (!meant?.matches(".tile")) return;
  meant.scrollIntoView({ block: "center", behavior: "instant" });
  for (const tile of all(".tile")) tile.classList.toggle("is-meant", tile === meant);
}

function showOrders() {
  const shown = ORDERS.filter((order) => !customer || order.customer === customer);
  page(".orders").replaceChildren(...shown.map((order) => {
    const row = page("#order").content.cloneNode(true).firstElementChild;
    row.querySelector("h2").textContent = order.number;
    row.querySelector(".whose").textContent = `${CUSTOMERS[order.customer].name} · ${order.about[locale]}`;
    row.querySelector(".proof").textContent = customer ? "" : `${t("phone_ends")} ${order.phone}`;
    row.querySelector("button").onclick = () => window.Switchboard?.open(`${t("order_question")} ${order.number}`);
    return row;
  }));
}

addEventListener("hashchange", showMeant);
document.addEventListener("click", ({ target }) => {
  const menu = page(".account[open]");
  if (menu && !menu.contains(target)) menu.open = false;
});
document.addEventListener("keydown", ({ key }) => {
  if (key === "Escape" && page(".account[open]")) page(".account[open]").open = false;
});
window.addEventListener("storage", ({ key }) => {
  if (key !== "harbour_customer") return;
  customer = localStorage.harbour_customer ?? "";
  show();
});

show();
placeChat();
