/* The chat when it is the whole page: always open, and what lies over the conversation is known to the page. */

import { SwitchboardChat } from "../chat/element.js";

export class FullChat extends SwitchboardChat {
  links = [];

  async start(wishes) {
    await super.start(wishes);
    this.open();
    const noted = new MutationObserver(() => this.#noteCover());
    noted.observe(this.shadowRoot, { subtree: true, childList: true, attributeFilter: ["hidden", "open"] });
  }

  close() {}

  show() {
    super.show();
    if (!this.panel) return;
    for (const link of this.links) if (!link.isConnected) this.shadowRoot.prepend(link);
    this.panel.element.setAttribute("role", "main");
    this.panel.element.removeAttribute("aria-modal");
  }

  async putOn(name) {
    await (canMakeSheets() ? super.putOn(name) : this.#link(name));
    if (name === "chat.css") await this.wear("../page/full.css");
  }

  /* Safari before 16.4 makes no style sheets, and with it many a WebView. */
  #link(name) {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL(`../chat/${name}`, import.meta.url) });
    const loaded = new Promise((done) => (link.onload = link.onerror = done));
    this.links.push(link);
    this.shadowRoot.append(link);
    return loaded;
  }

  /* A picture, or the help pages. */
  get cover() {
    const { pages } = this.panel;
    return this.root.querySelector("dialog[open]") ?? (pages?.isOpen ? pages : null);
  }

  uncover() {
    const { cover } = this;
    if (cover?.goBack) cover.goBack();
    else cover?.close();
  }

  #noteCover() {
    const isCovered = Boolean(this.cover);
    if (isCovered === this.isCovered) return;
    this.isCovered = isCovered;
    this.dispatchEvent(new CustomEvent("switchboard:covered", { detail: { isCovered } }));
  }
}

function canMakeSheets() {
  try {
    return Boolean(new CSSStyleSheet()) && "adoptedStyleSheets" in document;
  } catch {
    return false;
  }
}
