// Text written by others: made harmless for places that show one line, and given links only where they are plain web links.

import { markup } from "/widget/static/chat/markup.js";

const BIDI_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const BIDI_OVERRIDES = /[\u202a-\u202e\u2066-\u2069]/g;
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;
// Four marks on one letter are enough for any writing; a hundred are a tower over other people's rows.
const MARK_TOWERS = /(\p{M}{4})\p{M}+/gu;

/** One quiet line: for names, titles, notifications and rows. */
export function oneLine(text, limit = 200) {
  const line = String(text ?? "").slice(0, limit * 8).replace(BIDI_CONTROLS, "").replace(CONTROLS, " ").replace(MARK_TOWERS, "$1").trim();
  const letters = Array.from(line);
  return letters.length > limit ? `${letters.slice(0, limit - 1).join("")}…` : line;
}

/** Many lines, as written, without towers of marks and without characters that turn the reading direction of what follows. */
export function manyLines(text) {
  return String(text ?? "").replace(BIDI_OVERRIDES, "").replace(/\r\n?/g, "\n").replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\ufffd").replace(MARK_TOWERS, "$1");
}

const WEB_LINK = /https?:\/\/[^\s<>"'`\\，。！？；：、）】》」』（【《「『]+/gi;

/** Puts `text` into `element`, with its http and https addresses as links that tell nothing about us. */
export function showText(element, text) {
  element.replaceChildren(...withLinks(manyLines(text)));
}

/** Puts an answer into `element` as the customer sees it: with the markup of articles. */
export function showAnswer(element, text) {
  element.replaceChildren(...markup(manyLines(text), { say: withLinks, link: answerLink }));
}

function answerLink(address, children) {
  const label = children.map((child) => child.textContent ?? child).join("");
  return webLink(new URL(address, location.href).href, label) ?? `${label} (${address})`;
}

function withLinks(clean) {
  const nodes = [];
  let end = 0;
  for (const match of clean.matchAll(WEB_LINK)) {
    const address = match[0].replace(/[.,;:!?)\]}]+$/, "");
    const link = webLink(address, address);
    if (!link) continue;
    nodes.push(clean.slice(end, match.index), link);
    end = match.index + address.length;
  }
  nodes.push(clean.slice(end));
  return nodes.filter((node) => node !== "");
}

/** A link to a web address, or null for anything else. A name in look-alike letters shows its real spelling. */
export function webLink(address, label) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return null;
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  const link = document.createElement("a");
  link.href = url.href;
  link.target = "_blank";
  link.rel = "noopener noreferrer nofollow";
  link.referrerPolicy = "no-referrer";
  link.title = url.host;
  link.dir = "ltr";
  link.textContent = /(^|\.)xn--/.test(url.hostname) ? `${label} [${url.hostname}]` : label;
  return link;
}

/** The letter that stands for a person where there is no picture. */
export function initial(name) {
  const line = oneLine(name, 40);
  return (Array.from(line.replace(/^[^\p{L}\p{N}]+/u, ""))[0] ?? "?").toUpperCase();
}
