// An article as the customer got it: its question, its first lines, and the way to its page.
import { oneLine, webLink } from "/page/static/js/safe-text.js";
import { copyOf, partsOf } from "/page/static/js/templates.js";

export function cardView({ title, text, url }) {
  const parts = partsOf(copyOf("card"));
  const name = oneLine(title, 300);
  parts.title.replaceChildren(webLink(url, name) ?? name);
  parts.text.textContent = oneLine(text, 300);
  return parts.root;
}
