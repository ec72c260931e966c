// A list that makes its rows as they come near: five hundred conversations cost what fits on the screen.

const FIRST_ROWS = 30;
const MORE_ROWS = 40;

export class GrowingList {
  #limit = FIRST_ROWS;
  #items = [];
  #options = null;
  #end = document.createElement("li");
  #isNear = false;
  #watcher;

  /** `show(element, items, options)` makes the children; `onEnd` is called when the last of them comes near. */
  constructor(element, scroller, show, onEnd = () => {}) {
    Object.assign(this, { element, show, onEnd });
    this.#end.className = "row-end";
    this.#end.setAttribute("aria-hidden", "true");
    this.#watcher = new IntersectionObserver((entries) => this.#looked(entries.at(-1).isIntersecting), { root: scroller, rootMargin: "900px 0px" });
    this.#watcher.observe(this.#end);
  }

  render(items, options) {
    const hasMore = items.length > this.#limit || items.length > this.#items.length;
    this.#items = items;
    this.#options = options;
    this.show(this.element, items.slice(0, this.#limit), options);
    if (this.element.lastElementChild !== this.#end) this.element.append(this.#end);
    if (this.#isNear && hasMore) this.#lookAgain();
  }

  /** Another list is shown: begin at its head. */
  reset() {
    this.#limit = FIRST_ROWS;
  }

  #looked(isNear) {
    this.#isNear = isNear;
    if (isNear) this.#grow();
  }

  /** Looks again where the end is: the observer tells only of changes, and the end may still be in view. */
  #lookAgain() {
    this.#watcher.unobserve(this.#end);
    this.#watcher.observe(this.#end);
  }

  #grow() {
    if (this.#items.length > this.#limit) {
      this.#limit += MORE_ROWS;
      this.render(this.#items, this.#options);
    } else this.onEnd();
  }
}
