// What is on screen stands in the address: a reload shows it again, and a phone's back button goes back.
import { Signals } from "/page/static/js/signals.js";

import { VIEWS } from "./views-menu.js";

const isView = (view) => VIEWS.includes(view) || /^saved-\d{1,9}$/.test(view ?? "");

export class Route extends Signals {
  view = "inbox";
  conversation = null;
  /** The line that a search led to. */
  message = null;
  pane = "list";
  #depth = 0;

  start() {
    addEventListener("popstate", () => {
      this.#depth = Math.max(0, this.#depth - 1);
      this.#read();
    });
    this.#read();
  }

  /** `write`: the agent means to answer, so the composer gets the focus. */
  open(conversation, { write = false, message = null } = {}) {
    this.#go(this.view, conversation, "conversation", message);
    this.emit("opened", { write, message });
  }

  showView(view) {
    this.#go(view, this.conversation, "list");
  }

  showSide() {
    if (this.conversation !== null) this.#go(this.view, this.conversation, "side");
  }

  back() {
    if (this.#depth > 0) history.back();
    else this.#go(this.view, this.pane === "side" ? this.conversation : null, this.pane === "side" ? "conversation" : "list");
  }

  /** Another agent signed in: nothing of the one before stays open. */
  reset() {
    this.#go("inbox", null, "list");
  }

  #go(view, conversation, pane, message = null) {
    const last = pane === "side" ? "side" : pane === "list" && conversation !== null ? "list" : message === null ? "" : `m${message}`;
    const address = `#/${[view, conversation === null ? "" : encodeURIComponent(conversation), last].filter(Boolean).join("/")}`;
    if (address !== location.hash) {
      history.pushState(null, "", address);
      this.#depth += 1;
    }
    this.#set(view, conversation, pane, message);
  }

  #read() {
    const [view, conversation, pane] = location.hash.replace(/^#\/?/, "").split("/");
    let id = null;
    try {
      id = conversation ? decodeURIComponent(conversation) : null;
    } catch {
      // Not an address of ours.
    }
    const message = /^m\d{1,15}$/.test(pane ?? "") ? Number(pane.slice(1)) : null;
    this.#set(isView(view) ? view : "inbox", id, id === null || pane === "list" ? "list" : pane === "side" ? "side" : "conversation", message);
  }

  #set(view, conversation, pane, message) {
    Object.assign(this, { view, conversation, pane, message });
    this.emit("change");
  }
}
