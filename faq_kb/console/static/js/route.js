// What is on screen stands in the address: #/, #/overview, #/articles/ID, #/misses, #/stats, #/words, #/import.
import { Signals } from "/page/static/js/signals.js";

const PAGES = ["articles", "overview", "misses", "stats", "words", "import"];

/** Events: change, with what was shown before. */
export class Route extends Signals {
  page = "articles";
  article = null;
  values = new URLSearchParams();

  start() {
    addEventListener("hashchange", () => this.#read());
    this.#read();
  }

  go(page, article = null, values = {}) {
    location.hash = Route.address(page, article, values);
  }

  /** The same view under another address, as after a rename. */
  replace(page, article = null) {
    history.replaceState(null, "", Route.address(page, article));
    this.#read();
  }

  static address(page, article = null, values = {}) {
    const query = new URLSearchParams(values).toString();
    const path = page === "articles" && article === null ? "" : [page, article].filter((one) => one !== null).map(encodeURIComponent).join("/");
    return `#/${path}${query ? `?${query}` : ""}`;
  }

  #read() {
    const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
    const [page, article] = path.split("/").map(readable);
    this.page = PAGES.includes(page) ? page : "articles";
    this.article = article || null;
    this.values = new URLSearchParams(query ?? "");
    this.emit("change");
  }
}

function readable(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}
