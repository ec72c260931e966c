// Changing what stands in a text field as if it had been typed: Ctrl+Z takes it out again, and "input" is told.

export function replaceRange(field, from, to, text) {
  field.focus();
  field.setSelectionRange(from, to);
  if (text === "" && from === to) return;
  if (document.execCommand(text ? "insertText" : "delete", false, text)) return;
  field.setRangeText(text, from, to, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** At the cursor, on a line of its own when something stands before it. */
export function insertParagraph(field, text) {
  const before = field.value.slice(0, field.selectionStart);
  const gap = before && !/\s$/.test(before) ? "\n" : "";
  replaceRange(field, field.selectionStart, field.selectionEnd, gap + text);
  field.scrollTop = field.scrollHeight;
}

/** At the cursor, just as it is. */
export function insertHere(field, text) {
  replaceRange(field, field.selectionStart, field.selectionEnd, text);
}
