// What is on screen stands in the address: a reload shows it again, and a phone's back button goes back.
import { Signals } from "/page/static/js/signals.js";

const VIEWS = ["inbox", "all", "closed"];

export class Route extends Signals {
  view = "inbox";
  conversation = null;
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
  open(conversation, { write = false } = {}) {
    this.#go(this.view, conversation, "conversation");
    this.emit("opened", { write });
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

  #go(view, conversation, pane) {
    const address = `#/${[view, conversation === null ? "" : encodeURIComponent(conversation), pane === "side" ? "side" : pane === "list" && conversation !== null ? "list" : ""].filter(Boolean).join("/")}`;
    if (address !== location.hash) {
      history.pushState(null, "", address);
      this.#depth += 1;
    }
    this.#set(view, conversation, pane);
  }

  #read() {
    const [view, conversation, pane] = location.hash.replace(/^#\/?/, "").split("/");
    let id = null;
    try {
      id = conversation ? decodeURIComponent(conversation) : null;
    } catch {
      // Not an address of ours.
    }
    this.#set(VIEWS.includes(view) ? view : "inbox", id, id === null || pane === "list" ? "list" : pane === "side" ? "side" : "conversation");
  }

  #set(view, conversation, pane) {
    Object.assign(this, { view, conversation, pane });
    this.emit("change");
  }
}
