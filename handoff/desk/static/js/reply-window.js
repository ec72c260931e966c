// Until when, and how often, the customer's channel lets us write, above the field where the agent types.
import { dateTime } from "/page/static/js/formats.js";
import { setText } from "/page/static/js/templates.js";
import { t } from "/page/static/js/texts.js";

const SOON_MS = 2 * 3600_000;

export function showWindow(element, thread, now = Date.now()) {
  const window = thread.row?.status === "closed" ? null : thread.window;
  element.hidden = !window;
  if (!window) return;
  element.dataset.state = stateOf(window, now);
  setText(element, windowText(window, now));
}

/** `open`, `soon` (it closes within two hours) or `closed`. */
export function stateOf(window, now = Date.now()) {
  const until = window.until ? Date.parse(window.until) : null;
  if (!window.open || (until !== null && now >= until)) return "closed";
  return until !== null && until - now < SOON_MS ? "soon" : "open";
}

export function windowText(window, now = Date.now()) {
  const isOver = window.until !== null && now >= Date.parse(window.until);
  return stateOf(window, now) === "closed" ? closed(window, isOver) : open(window);
}

function closed({ left, after }, isOver) {
  return left === 0 && !isOver ? t("window.used_up") : t(`window.closed.${after}`);
}

function open({ until, left }) {
  if (until && left !== null) return t("window.open_until_left", { time: dateTime(until), left });
  return until ? t("window.open_until", { time: dateTime(until) }) : t("window.open_left", { left });
}
