// Tags in their colours, as they stand on rows and in the head of a conversation.
import { oneLine } from "/page/static/js/safe-text.js";

export const COLOURS = ["grey", "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink"];

export function tagView(tag) {
  const element = document.createElement("span");
  element.className = "tag coloured";
  element.dataset.testid = "tag";
  // From the server's list of colours, and nothing else becomes part of the page.
  element.dataset.colour = COLOURS.includes(tag.colour) ? tag.colour : "grey";
  element.textContent = oneLine(tag.name, 40);
  return element;
}
