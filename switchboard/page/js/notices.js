// Short sentences at the foot of the page: what just happened, or why it did not.
import { copyOf, partsOf, setIcon } from "./templates.js";
import { errorText, t } from "./texts.js";

const SHOWN_MS = { plain: 3000, problem: 9000 };
const MOST_SHOWN = 4;

export class Notices {
  constructor(place, state) {
    this.place = place;
    state.on("notice", (notice) => this.show(notice));
  }

  /** `text` instead of a `key` when it is made already; `act` is `{text, run}`, what can be done about it. */
  show({ key, text, values = {}, error, act, kind = "plain" }) {
    const parts = partsOf(copyOf("notice"));
    parts.root.classList.add(kind);
    // An alert is read out at once; a status when there is time.
    parts.root.setAttribute("role", kind === "problem" ? "alert" : "status");
    setIcon(parts.icon, kind === "problem" ? "alert" : "check");
    parts.text.textContent = error ? errorText(error) : text ?? t(key, values);
    if (act) {
      parts.act.hidden = false;
      parts.act.textContent = act.text;
      parts.act.addEventListener("click", () => {
        parts.root.remove();
        act.run();
      });
    }
    parts.dismiss.addEventListener("click", () => parts.root.remove());
    this.place.append(parts.root);
    while (this.place.childElementCount > MOST_SHOWN) this.place.firstElementChild.remove();
    this.#fade(parts.root, act ? SHOWN_MS.problem : SHOWN_MS[kind]);
  }

  #fade(notice, after) {
    let timer = setTimeout(() => notice.remove(), after);
    // Whoever points at it is reading it.
    notice.addEventListener("pointerenter", () => clearTimeout(timer));
    notice.addEventListener("pointerleave", () => (timer = setTimeout(() => notice.remove(), 2000)));
  }
}
