// The three lists of the inbox. The server's order is kept; pushes move single rows until the next reading.

export class Inbox {
  queue = [];
  mine = [];
  others = [];
  /** How many there are in the views where a number means work. */
  counts = {};
  /** Channels that do not run, told to those who can see to it. */
  leftOut = [];
  /** Until the first reading nobody can say that the queue is empty. */
  isRead = false;

  fill({ queue, mine, others, counts, channels_left_out: leftOut }) {
    this.counts = counts ?? {};
    this.leftOut = leftOut ?? [];
    this.queue = (queue ?? []).map(withStart);
    this.mine = mine ?? [];
    this.others = others ?? [];
    this.isRead = true;
  }

  /** A ticket came by push: show it where it will stand after the next reading. */
  add(ticket) {
    this.removeTicket(ticket.number);
    const place = this.queue.findIndex((one) => goesBefore(ticket, one));
    this.queue.splice(place < 0 ? this.queue.length : place, 0, withStart(ticket));
  }

  removeTicket(number) {
    this.queue = this.queue.filter((ticket) => ticket.number !== number);
  }

  /** A conversation changed: move its row to the list it now belongs to. */
  place(row, agentId) {
    if (row.status !== "waiting") this.queue = this.queue.filter((ticket) => ticket.conversation !== row.id);
    const isMine = isHeldBy(row, agentId) && !isAsleep(row);
    this.mine = placed(this.mine, row, isMine);
    this.others = placed(this.others, row, row.status === "agent" && !isMine && !isHeldBy(row, agentId));
  }

  /** Whether the lists agree that `row` stands as it says: false when a push about it was missed. */
  agreesWith(row, agentId) {
    const isListed = Boolean(this.find(row.id));
    if (row.status === "agent" && isAsleep(row)) return !this.mine.some((one) => one.id === row.id);
    if (row.status === "agent") return isListed && isHeldBy(row, agentId) === this.mine.some((one) => one.id === row.id);
    return !isListed && (row.status === "waiting") === this.queue.some((ticket) => ticket.conversation === row.id && ticket.kind !== "message");
  }

  find(conversation) {
    return [...this.mine, ...this.others].find((row) => row.id === conversation) ?? null;
  }

  ticketOf(conversation) {
    return this.queue.find((ticket) => ticket.conversation === conversation) ?? null;
  }
}

/** Theirs, or they were invited beside. */
export const isHeldBy = (row, agentId) => row?.status === "agent" && [row.agent?.id, ...(row.guests ?? []).map((guest) => guest.id)].some((id) => String(id) === String(agentId));

export const isAsleep = (row) => Boolean(row?.snoozed_until) && Date.parse(row.snoozed_until) > Date.now();

/** Customers on the line before messages, then the higher priority; a new one is the youngest of its kind. */
function goesBefore(ticket, other) {
  const isMessage = ticket.kind === "message";
  if (isMessage !== (other.kind === "message")) return !isMessage;
  return ticket.priority > other.priority;
}

/** The wait counts from the server's seconds, not from its clock: a wrong clock here must not show a wrong wait. */
function withStart(ticket) {
  return { ...ticket, since: Date.now() - (ticket.waiting_seconds ?? 0) * 1000 };
}

function placed(list, row, belongs) {
  const index = list.findIndex((one) => one.id === row.id);
  if (!belongs) return index < 0 ? list : list.filter((one) => one.id !== row.id);
  if (index < 0) return [row, ...list];
  return list.with(index, row);
}
