/* The chat as a page of its own, for the WebViews of apps, H5 pages and links. The address says how:
 *
 *   /chat?lang=zh-HK&theme=dark&inbox=app#identity=<JWT>&draft=<text>
 *
 * What is nobody else's business stands behind the #, which reaches no server and no log, and is taken out at once.
 */

import { placeChat } from "../chat/element.js";
import { FullChat } from "./full.js";

const KEYBOARD_FROM_PIXELS = 120;

const asked = new URLSearchParams(location.search);
const theme = ["light", "dark"].includes(asked.get("theme")) ? asked.get("theme") : "auto";

/* What stood behind the #, and nothing of it is left in the address. */
function handedOver() {
  const given = new URLSearchParams(location.hash.slice(1));
  if (location.hash) history.replaceState(history.state, "", location.pathname + location.search);
  return given;
}

function wear(name) {
  if (name === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
}

const given = handedOver();
wear(theme);
const chat = await placeChat({
  gateway: new URL("/", location.href).href,
  inbox: asked.get("inbox") || "default",
  locale: document.documentElement.lang,
  identity: given.get("identity"),
  theme,
}, FullChat);
document.querySelector(".before").remove();
if (given.get("draft")) chat.open(given.get("draft"));

/* The back button first takes away what lies over the conversation, and then leaves the page. */
chat.on("covered", ({ isCovered }) => {
  if (isCovered && !history.state?.isCovered) history.pushState({ isCovered: true }, "");
  else if (!isCovered && history.state?.isCovered) history.back();
});
addEventListener("popstate", ({ state }) => {
  if (state?.isCovered || !chat.cover) return;
  chat.uncover();
  if (chat.cover) history.pushState({ isCovered: true }, "");
});

/* An app renews the identity of its customer so, or by window.Switchboard. */
addEventListener("hashchange", () => {
  const renewed = handedOver();
  if (renewed.has("identity")) chat.identify(renewed.get("identity"));
});

window.visualViewport?.addEventListener("resize", () =>
  chat.toggleAttribute("data-keyboard", innerHeight - visualViewport.height > KEYBOARD_FROM_PIXELS));
// iOS leaves the page pushed up when its keyboard goes.
chat.addEventListener("focusout", () => setTimeout(() => scrollTo(0, 0), 50));

window.Switchboard = Object.freeze({
  identify: (jwt) => chat.identify(jwt),
  logout: () => chat.logout(),
  setLocale: (locale) => chat.setLocale(locale),
  setTheme: (name) => {
    wear(name);
    chat.setTheme(name);
  },
  on: (event, heard) => chat.on(event, heard),
});
