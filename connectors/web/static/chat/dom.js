/* Making elements, icons and links. No markup is ever parsed: all text goes in as text. */

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value == null) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false && child !== ""));
  return element;
}

export const button = (attributes, ...children) => h("button", { type: "button", ...attributes }, ...children);

/* Drawn on a 24 by 24 grid, stroked in the colour of the text. */
const ICONS = {
  chat: "M5 5.5h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-6.5L8 21v-3.5H5a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2Z M8 10h8 M8 13.2h5",
  down: "m6 9.5 6 6 6-6",
  back: "m14.5 6-6 6 6 6",
  next: "m9.5 6 6 6-6 6",
  send: "M12 19V5.5 M5.8 11.5 12 5.2l6.2 6.3",
  headset: "M4.5 15.5V12a7.5 7.5 0 0 1 15 0v3.5 M4.5 13.5h2.2v5H5.5a1 1 0 0 1-1-1Z M19.5 13.5h-2.2v5h1.2a1 1 0 0 0 1-1Z M18.8 18.5c-.5 1.7-2.3 2.5-4.8 2.5",
  book: "M12 6.8C10.2 5.4 7.6 5 4.5 5v13c3.1 0 5.7.4 7.5 1.8 1.8-1.4 4.4-1.8 7.5-1.8V5c-3.1 0-5.7.4-7.5 1.8Z m0 0v13",
  box: "m12 3.5 7.5 4v9l-7.5 4-7.5-4v-9Z M4.8 7.7 12 11.6l7.2-3.9 M12 11.6v8.6 M8.2 5.6l7.3 4",
  globe: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17Z M3.8 12h16.4 M12 3.5c2.3 2.3 3.4 5.1 3.4 8.5s-1.1 6.2-3.4 8.5c-2.3-2.3-3.4-5.1-3.4-8.5s1.1-6.2 3.4-8.5Z",
  sound: "M4.5 9.7v4.6h3l4.5 3.7V6L7.5 9.7Z M15.5 9.2a4 4 0 0 1 0 5.6 M18 6.7a7.5 7.5 0 0 1 0 10.6",
  mute: "M4.5 9.7v4.6h3l4.5 3.7V6L7.5 9.7Z m11.5 0 4.5 4.6 m0-4.6-4.5 4.6",
  spark: "M10 3c.7 6.2 3 8.7 9 9.5-6 .8-8.3 3.3-9 9.5-.7-6.2-3-8.7-9-9.5 6-.8 8.3-3.3 9-9.5Z M19 2c.3 2.5 1.2 3.5 3.5 3.8-2.3.3-3.2 1.3-3.5 3.8-.3-2.5-1.2-3.5-3.5-3.8 2.3-.3 3.2-1.3 3.5-3.8Z",
  clock: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16Z M12 7.5V12l3 2",
  thumb: "M7.5 11 11 3.8c1.5 0 2.4 1 2.2 2.6L12.8 9.5h5.4a1.8 1.8 0 0 1 1.7 2.3l-1.8 6a2 2 0 0 1-1.9 1.4H7.5Z H4.5v8.2h3",
  more: "M5 12a1 1 0 1 0 2 0 1 1 0 1 0-2 0Z m6 0a1 1 0 1 0 2 0 1 1 0 1 0-2 0Z m6 0a1 1 0 1 0 2 0 1 1 0 1 0-2 0Z",
  save: "M12 4v10.500 M7.500 10.500 12 15l4.500-4.500 M4.500 18.500h15",
  mic: "M12 3.500a2.800 2.800 0 0 0-2.800 2.800v5.400a2.800 2.800 0 0 0 5.600 0V6.300A2.800 2.800 0 0 0 12 3.500Z M6 11.500a6 6 0 0 0 12 0 M12 17.500v3",
  clip: "m19 11.5-7.6 7.6a4.7 4.7 0 0 1-6.600-6.600L13 4.300a3.100 3.100 0 0 1 4.400 4.400l-8.100 8.100a1.600 1.600 0 0 1-2.200-2.200l7.500-7.500",
  check: "m5.5 12.5 4.2 4.2 8.8-9.2",
  close: "m6.500 6.500 11 11 m0-11-11 11",
  play: "M8 5.500v13l10.500-6.500Z",
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `icon icon-${name}`);
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/* An http or https URL, or null. A user name is how `https://shop.example@evil.example` looks harmless. */
export function followable(address, base) {
  try {
    const url = new URL(address, base);
    return ["http:", "https:"].includes(url.protocol) && !url.username && !url.password ? url : null;
  } catch {
    return null;
  }
}

const GATEWAY = new URL("../../../", import.meta.url);

/* A path is one of the shop's pages, unless it is a help page. */
export function link(address, ...label) {
  if (/^(mailto|tel):/.test(address)) return h("a", { href: address }, label);
  const url = followable(address, address.startsWith("/help/") ? GATEWAY : location.href);
  if (!url) return h("span", {}, label);
  return h("a", { href: url.href, target: "_blank", rel: "noopener noreferrer nofollow", title: url.href }, label);
}

/* A place for what is made of a module that only some need. */
export function later(load, make, instead = "") {
  const place = h("span", {});
  load().then(make).catch(() => instead).then((made) => place.replaceWith(...[made].flat()));
  return place;
}

/* ASCII only: Chinese follows an address without a space, and a look-alike letter spoils it. */
const ADDRESS = /https?:\/\/[\w\-.~:/?#[\]@!$&'()*+,;=%]+/gi;
const LOOK_ALIKE = /^[\p{L}\p{M}\p{N}]/u;

export function words(text) {
  const nodes = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const address = found.replace(/[.,;:!?)\]'*]+$/, "");
    const rest = text.slice(index + found.length);
    if (LOOK_ALIKE.test(rest) && !/^\p{Script=Han}/u.test(rest)) continue;
    nodes.push(...unbroken(text.slice(end, index)), link(address, address));
    end = index + address.length;
  }
  return [...nodes, ...unbroken(text.slice(end))];
}

/* The number of a case stays on one line. */
function unbroken(text) {
  return text.split(/\b([A-Z]-\d+)\b/).map((part, place) => (place % 2 ? h("span", { class: "unbroken" }, part) : part));
}

/* An answer that may be written with markup; most are not. */
export function written(text) {
  if (!/[*[\\]|^\s*(-|\d+\.)\s/m.test(text)) return words(text);
  return later(() => import("./markup.js"), ({ markup }) => markup(text, { say: words, link }), words(text));
}
