/* Switchboard's one tag:
 *
 *   <script src="…/widget.js" data-inbox="demo" data-locale="zh-HK" data-identity="<JWT>" data-theme="auto" defer></script>
 *
 * Loads the chat into a shadow root and offers window.Switchboard, whose calls wait for the chat.
 */
(() => {
  "use strict";
  if (window.Switchboard) return;

  const tag = document.currentScript ?? document.querySelector('script[data-inbox][src*="widget.js"]');
  const gateway = new URL(".", tag.src);
  const wishes = {
    gateway: gateway.href,
    inbox: tag.dataset.inbox || "default",
    locale: tag.dataset.locale || "",
    identity: tag.dataset.identity ?? null,
    theme: tag.dataset.theme || "auto",
    tag: tag.dataset,
  };

  const load = (name) => import(new URL(`widget/static/chat/${name}.js`, gateway).href);
  const chat = load("element").then(({ placeChat }) => placeChat(wishes));
  chat.catch((problem) => console.warn("Switchboard: the chat could not be loaded.", problem));

  let visit;
  const visits = () => (visit ??= Promise.all([chat, load("visit")]).then(([element, { Visit }]) => new Visit(element, wishes)));
  setTimeout(() => visits().catch(() => {}), 4000);

  const later = (name) => (...given) => chat.then((element) => element[name](...given));
  window.Switchboard = Object.freeze({
    open: later("open"),
    close: later("close"),
    identify: later("identify"),
    logout: later("logout"),
    setLocale: later("setLocale"),
    setTheme: later("setTheme"),
    on: later("on"),
    setCart: (...cart) => void (wishes.cart = cart),
    setInvitations: async (allowed) => (await visits()).allow(allowed),
  });
})();
