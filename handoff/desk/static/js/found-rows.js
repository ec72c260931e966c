// What a search found: lines of transcripts with the words marked, each the way into its conversation.
import { dateTime, shortTime } from "/page/static/js/formats.js";
import { oneLine } from "/page/static/js/safe-text.js";
import { copyOf, keepRows, partsOf, setIcon, setText } from "/page/static/js/templates.js";
import { locale, named } from "/page/static/js/texts.js";
import { ICONS, nameOf } from "./message-view.js";

export function showHits(list, hits, { desk, onOpen }) {
  keepRows(list, hits, {
    key: (hit) => hit.message,
    stamp: (hit) => JSON.stringify([hit.text, hit.from, hit.to, hit.conversation.customer, hit.conversation.status, hit.conversation.id === desk.selectedId, locale()]),
    create: (hit) => {
      const parts = partsOf(copyOf("hit-row"));
      parts.root.dataset.message = hit.message;
      parts.open.addEventListener("click", () => onOpen(hit.conversation.id, { message: hit.message }));
      return { node: parts.root, parts };
    },
    update: ({ parts }, hit) => showHit(parts, hit, desk),
  });
}

function showHit(parts, hit, desk) {
  const { conversation } = hit;
  setText(parts.name, oneLine(conversation.customer, 80));
  setText(parts.time, shortTime(hit.at));
  parts.time.title = dateTime(hit.at);
  parts.dot.dataset.status = conversation.status;
  setIcon(parts.icon, ICONS[hit.author] ?? "person");
  setText(parts.by, nameOf(hit, conversation.customer));
  parts.text.lang = hit.lang ?? "";
  parts.text.replaceChildren(...marked(hit));
  setText(parts.status, named("status", conversation.status));
  parts.status.className = `tag status-${conversation.status}`;
  setText(parts.channel, named("channel", conversation.channel));
  parts.root.classList.toggle("chosen", conversation.id === desk.selectedId);
}

/** The excerpt with the hit in a mark. The places count the characters of the server, where an emoji is one. */
function marked({ text, from, to }) {
  const letters = Array.from(text);
  const part = (start, end) => oneBreathless(letters.slice(start, end).join(""));
  const mark = document.createElement("mark");
  mark.textContent = part(from, to);
  return to > from ? [part(0, from), mark, part(to)] : [part(0)];
}

/** Without line breaks and direction marks, and with its spaces. */
const oneBreathless = (text) => text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "").replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ");
