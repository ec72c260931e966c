// Rows of the inbox: one for a ticket that waits, one for a conversation.
import { isAsleep } from "./inbox.js";
import { tagView } from "./tag-view.js";
import { dateTime, shortTime, soonTime, wait } from "/page/static/js/formats.js";
import { oneLine } from "/page/static/js/safe-text.js";
import { copyOf, keepRows, partsOf, setText } from "/page/static/js/templates.js";
import { locale, named, t } from "/page/static/js/texts.js";

const LONG_WAIT_SECONDS = 300;

export function showQueue(list, tickets, { desk, onOpen, onClaim }) {
  keepRows(list, tickets, {
    key: (ticket) => ticket.number,
    stamp: (ticket) => JSON.stringify([ticket.customer, ticket.summary, ticket.priority, ticket.reason, ticket.team, ticket.kind, ticket.stage, ticket.language, ticket.channel, ticket.conversation === desk.selectedId, desk.isClaiming(ticket.number), locale()]),
    create: (ticket) => {
      const parts = partsOf(copyOf("queue-row"));
      parts.root.dataset.ticket = ticket.number;
      parts.root.dataset.conversation = ticket.conversation;
      parts.open.addEventListener("click", () => onOpen(ticket.conversation));
      parts.claim.addEventListener("click", () => onClaim(ticket.number));
      parts.wait.since = ticket.since;
      return { node: parts.root, parts };
    },
    update: ({ parts }, ticket) => showTicket(parts, ticket, desk),
  });
  for (const ticket of tickets) {
    const clock = list.keptRows.get(ticket.number).parts.wait;
    clock.since = ticket.since;
    showWait(clock);
  }
}

function showTicket(parts, ticket, desk) {
  const name = oneLine(ticket.customer, 80);
  setText(parts.name, name);
  setText(parts.number, ticket.number);
  setText(parts.summary, oneLine(ticket.summary, 160) || named("reason", ticket.reason));
  parts.summary.lang = ticket.language ?? "";
  showPriority(parts.priority, ticket.priority);
  parts.nobody.hidden = ticket.stage !== "supervisor";
  setText(parts.kind, ticket.kind === "message" ? t("ticket.message") : "");
  setText(parts.reason, ticket.summary ? named("reason", ticket.reason) : "");
  setText(parts.team, ticket.team && ticket.team !== "support" ? named("team", ticket.team) : "");
  setText(parts.language, named("language_short", ticket.language));
  setText(parts.channel, named("channel", ticket.channel));
  parts.root.classList.toggle("chosen", ticket.conversation === desk.selectedId);
  parts.open.setAttribute("aria-current", String(ticket.conversation === desk.selectedId));
  parts.claim.disabled = desk.isClaiming(ticket.number);
  parts.claim.setAttribute("aria-label", t("action.claim_of", { customer: name }));
  parts.wait.title = dateTime(ticket.opened_at);
}

/** 0 is everyday work and needs no mark. */
export function showPriority(tag, priority) {
  const level = Math.max(0, Math.min(3, Number(priority) || 0));
  tag.dataset.level = String(level);
  setText(tag, level ? t(`priority.${level}`) : "");
}

export function showWait(clock, now = Date.now()) {
  const seconds = (now - clock.since) / 1000;
  setText(clock, wait(seconds));
  clock.classList.toggle("long", seconds >= LONG_WAIT_SECONDS);
}

export function showConversations(list, rows, { desk, onOpen, testid = "conversation-row", showStatus = false, showAgent = false }) {
  keepRows(list, rows, {
    key: (row) => row.mention?.message ?? row.id,
    stamp: (row) => JSON.stringify([row.customer, row.status, row.agent?.name, row.guests, row.tags, row.snoozed_until, row.mention, row.last_text, row.last_author, shortTime(row.last_at), desk.unread(row), row.id === desk.selectedId, desk.drafts.has(row.id), row.ticket, row.language, row.channel, locale()]),
    create: (row) => {
      const parts = partsOf(copyOf("conversation-row"));
      parts.root.dataset.testid = testid;
      parts.root.dataset.conversation = row.id;
      parts.open.addEventListener("click", () => onOpen(row.id, { message: row.mention?.message ?? null }));
      return { node: parts.root, parts };
    },
    update: ({ parts }, row) => showConversation(parts, row, { desk, showStatus, showAgent }),
  });
}

function showConversation(parts, row, { desk, showStatus, showAgent }) {
  const unread = row.mention ? Number(!row.mention.seen) : desk.unread(row);
  setText(parts.name, oneLine(row.customer, 80));
  setText(parts.time, shortTime(row.last_at));
  parts.time.title = dateTime(row.last_at);
  const from = row.last_author && row.last_author !== "customer" && row.last_author !== "system" ? `${t(`author.${row.last_author}`)}${t("colon")}` : "";
  if (row.mention) setText(parts.text, `${oneLine(row.mention.by, 40)}${t("colon")}${oneLine(row.mention.text, 160)}`);
  else setText(parts.text, row.last_text ? from + oneLine(row.last_text, 160) : "");
  parts.text.lang = row.language ?? "";
  parts.dot.dataset.status = row.status;
  parts.draft.toggleAttribute("hidden", !desk.drafts.has(row.id));
  parts.unread.hidden = !unread;
  setText(parts.unread, unread > 99 ? "99+" : unread || "");
  parts.unread.setAttribute("aria-label", t("row.unread", { count: unread }));
  const people = [row.agent, ...(row.guests ?? [])].filter(Boolean).map((one) => oneLine(one.name, 40)).join(" + ");
  const isShared = (row.guests ?? []).length > 0;
  const status = (showAgent && row.agent) || isShared ? people : showStatus ? named("status", row.status) : "";
  setText(parts.status, status);
  parts.status.className = `tag status-${row.status}`;
  setText(parts.ticket, row.ticket ?? "");
  parts.asleep.hidden = !isAsleep(row);
  if (isAsleep(row)) setText(parts.asleepUntil, soonTime(row.snoozed_until));
  parts.tags.replaceChildren(...(row.tags ?? []).slice(0, 3).map(tagView));
  setText(parts.language, named("language_short", row.language));
  setText(parts.channel, named("channel", row.channel));
  parts.root.classList.toggle("chosen", row.id === desk.selectedId);
  parts.root.classList.toggle("unread-row", unread > 0);
  parts.open.setAttribute("aria-current", String(row.id === desk.selectedId));
}
