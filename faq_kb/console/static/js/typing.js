// Keys pressed while an input method composes a word belong to the input method, in every browser's way of saying so.

export const isComposing = (event) => event.isComposing || event.keyCode === 229;

/** Calls `listener` after typing has rested for `pause`, and never in the middle of a composed word. */
export function onRest(field, listener, pause = 250) {
  let timer = null;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(listener, pause);
  };
  field.addEventListener("input", (event) => event.isComposing || soon());
  field.addEventListener("compositionend", soon);
}

/** A text area as high as its text. */
export function growing(area) {
  const grow = () => {
    area.style.height = "auto";
    if (area.scrollHeight) area.style.height = `${area.scrollHeight + 2}px`;
  };
  area.addEventListener("input", grow);
  // Width decides height; so do fonts that come late, and a tab that comes into view.
  let width = 0;
  new ResizeObserver(([entry]) => {
    if (entry.contentRect.width === width) return;
    width = entry.contentRect.width;
    grow();
  }).observe(area);
  return grow;
}
