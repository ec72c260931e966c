// Which list is shown: every view with its number, the agent's own saved views, and saving the one on screen.
import { Menu } from "./menu.js";
import { oneLine } from "/page/static/js/safe-text.js";
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { errorText, t } from "/page/static/js/texts.js";

export const VIEWS = ["inbox", "mine", "queue", "team", "mentions", "promises", "snoozed", "all", "bot", "closed"];
const COUNTED = { queue: "waiting", mine: "mine", team: "team", mentions: "mentions", promises: "promises", snoozed: "snoozed" };
// A number with which somebody should do something.
const URGENT = new Set(["queue", "mentions", "promises"]);

class ViewsMenu extends HTMLElement {
  saved = [];

  start({ desk, route }) {
    Object.assign(this, { desk, route, parts: partsOf(this) });
    this.menu = new Menu(this.parts.button, this.parts.panel, { onOpen: () => this.#opened(), align: "start" });
    this.parts.save.addEventListener("submit", (event) => this.#save(event));
    desk.on("inbox list locale", () => this.#show());
    desk.on("agent", () => desk.agent && this.#read());
  }

  open() {
    this.menu.open();
  }

  /** The view with this number, from 1: the same from the first second on, whatever was read yet. */
  show(number) {
    this.route.showView(VIEWS[number - 1]);
  }

  /** The saved view behind a view's name, if it is one. */
  savedOf(view) {
    return this.saved.find((one) => view === `saved-${one.id}`) ?? null;
  }

  nameOf(view) {
    const saved = this.savedOf(view);
    return saved ? oneLine(saved.name, 60) : t(view.startsWith("saved-") ? "view.saved" : `view.${view}`);
  }

  async #read() {
    try {
      this.saved = (await this.desk.api.views()).views;
      this.#show();
      this.desk.emit("views");
    } catch {
      // Shown without them; the next opening asks again.
    }
  }

  #opened() {
    this.parts.problem.hidden = true;
    this.parts.name.value = "";
    this.#show(true);
    this.#read();
  }

  #show(isOpening = false) {
    const { list, inbox } = this.desk;
    setText(this.parts.current, this.nameOf(list.view));
    if (!isOpening && !this.menu.isOpen) return;
    const focused = this.contains(document.activeElement) ? document.activeElement.dataset.view : null;
    const entries = VIEWS.map((view) => this.#entry(view, this.nameOf(view), inbox.counts[COUNTED[view]] ?? 0));
    this.parts.views.replaceChildren(...entries);
    this.parts.savedViews.replaceChildren(...this.saved.map((one) => this.#savedEntry(one)));
    this.parts.savedTitle.hidden = this.saved.length === 0;
    // What was drawn anew has lost the focus.
    if (focused) this.parts.panel.querySelector(`[data-view="${focused}"]`)?.focus();
    this.parts.save.hidden = list.isOfInbox || (!list.isNarrowed && !list.query);
  }

  #entry(view, name, count) {
    const parts = partsOf(copyOf("view-entry"));
    parts.choose.dataset.view = view;
    parts.choose.setAttribute("aria-checked", String(view === this.desk.list.view));
    setText(parts.name, name);
    setText(parts.count, count >= 100 ? "99+" : count || "");
    parts.count.classList.toggle("urgent", URGENT.has(view));
    parts.choose.addEventListener("click", () => {
      this.menu.close();
      this.route.showView(view);
    });
    return parts.root;
  }

  #savedEntry(view) {
    const row = this.#entry(`saved-${view.id}`, oneLine(view.name, 60), 0);
    const parts = partsOf(row);
    parts.forget.hidden = false;
    parts.forget.setAttribute("aria-label", t("view.forget", { name: oneLine(view.name, 60) }));
    parts.forget.title = parts.forget.getAttribute("aria-label");
    parts.forget.addEventListener("click", async () => {
      await this.desk.api.deleteView(view.id).catch((error) => this.desk.notifyError(error));
      await this.#read();
      this.parts.name.focus();
    });
    return row;
  }

  async #save(event) {
    event.preventDefault();
    const { list } = this.desk;
    const filters = Object.fromEntries(Object.entries({ ...list.filters, q: list.query }).filter(([, value]) => value));
    try {
      const { view } = await this.desk.api.saveView(this.parts.name.value, filters);
      await this.#read();
      this.menu.close();
      this.route.showView(`saved-${view.id}`);
    } catch (error) {
      this.parts.problem.hidden = false;
      setText(this.parts.problem, error.status === 400 ? error.message : errorText(error));
    }
  }
}

customElements.define("desk-views", ViewsMenu);
