"""The tables of the platform, the states of a conversation and the moves between them.

Shapes only. Each table is written by one module: conversations and moves by `conversations.py`, messages by
`transcript.py`, tickets by `tickets.py`, agents and sessions by `agents.py`, visitors by `visitors.py`, invitations by
`invitations.py`, shifts by `roster.py`, desk_mode by `desk_mode.py`, deliveries by `deliveries.py`, promises by
`promises.py`, ratings by `ratings.py`, wrap-ups by `wrap_ups.py`, tags by `tags.py`, mentions by `mentions.py`, guests
by `guests.py`, canned replies by `canned_replies.py`, attachments by `attachments.py`, customers, their senders and
changes by `customers.py`, their merges by `customer_merges.py`, codes by `contact_codes.py`, account links by
`account_links.py`, what both proved by `contact_proofs.py`, saved views and preferences by `desk/choices.py`.
"""

from __future__ import annotations

from enum import Enum

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from faq_kb.columns import BigId, UtcDateTime


class Status(str, Enum):
    """Who has the word in a conversation."""

    BOT = "bot"  # the assistant answers
    WAITING = "waiting"  # in the queue for a person; the assistant serves an allow-list
    AGENT = "agent"  # a person answers, the assistant is silent
    CLOSED = "closed"  # over for good; the next message opens a new conversation


# The allowed moves, drawn in the README. Nothing leaves `closed`.
MOVES: dict[Status, frozenset[Status]] = {
    Status.BOT: frozenset({Status.WAITING, Status.AGENT, Status.CLOSED}),
    Status.WAITING: frozenset({Status.AGENT, Status.BOT, Status.CLOSED}),
    Status.AGENT: frozenset({Status.WAITING, Status.BOT, Status.CLOSED, Status.AGENT}),
    Status.CLOSED: frozenset(),
}


class Author(str, Enum):
    """Who wrote a message."""

    CUSTOMER = "customer"
    ASSISTANT = "assistant"
    AGENT = "agent"
    NOTE = "note"  # private, between agents; never leaves the desk
    SYSTEM = "system"  # the platform itself


class TicketStatus(str, Enum):
    """Where a ticket stands."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    CLOSED = "closed"
    CANCELLED = "cancelled"  # the customer left the queue


class TicketKind(str, Enum):
    """Whether the customer waits on the line or left a message."""

    LIVE = "live"
    MESSAGE = "message"


class Presence(str, Enum):
    """What an agent says of themselves. Whether they are there at all, their page's heartbeats say."""

    ONLINE = "online"  # takes customers
    AWAY = "away"  # at the desk, takes nobody
    OFFLINE = "offline"  # done for now


class Stage(int, Enum):
    """Who is asked to take a waiting ticket; it widens with time."""

    TEAM = 0  # its own team
    FALLBACK = 1  # the fallback team as well
    ANYBODY = 2  # everybody, whatever their skills and languages
    SUPERVISOR = 3  # it was passed on too often: supervisors


class Role(str, Enum):
    """What a member of the shop's team may do."""

    AGENT = "agent"  # answer customers
    SUPERVISOR = "supervisor"  # answer, take over, close by force
    EDITOR = "editor"  # write articles; no conversations
    ADMIN = "admin"  # everything


class Tier(str, Enum):
    """What a customer has proved, and so what may be shown to them."""

    ANONYMOUS = "anonymous"  # nothing
    ORDER = "order"  # an order number with the last four digits of its phone
    CONTACT = "contact"  # a code that was sent to an address or a number of theirs
    IDENTITY = "identity"  # an identity signed by the shop


# Who this is, is proved: what people wrote down about them opens.
SURE = (Tier.CONTACT, Tier.IDENTITY)


class DeliveryState(str, Enum):
    """Where a message of ours is on its way to the customer's phone. Later ones never go back to earlier ones."""

    PENDING = "pending"  # not sent yet, or to be tried again
    SENDING = "sending"  # somebody is sending it
    SENT = "sent"  # the provider took it
    DELIVERED = "delivered"  # it is on the customer's device
    READ = "read"  # the customer has seen it
    FAILED = "failed"  # it will not arrive; the reason says why
    UNKNOWN = "unknown"  # the provider never said whether it took it, and asking again might send it twice


class PromiseKind(str, Enum):
    """What was promised to a customer."""

    REPLY = "reply"  # an answer, by a person who said when
    MESSAGE = "message"  # an answer to a message that was left
    CALLBACK = "callback"  # a call to a phone number that was left


class PromiseState(str, Enum):
    """What became of a promise. A broken one stays outstanding until somebody answers after all."""

    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"
    WITHDRAWN = "withdrawn"  # no longer needed, said before it was due


metadata = MetaData()

visitors = Table(
    "visitors",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("inbox", String(80), nullable=False),
    Column("token_version", Integer, nullable=False, default=1),
    Column("customer_id", String(80)),
    Column("customer_name", String(200)),
    Column("identity_until", UtcDateTime),
    Column("language", String(8)),
    Column("page", JSON),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)

# Not who looks at which page: that is nowhere but in memory. Only what they were asked.
invitations = Table(
    "invitations",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("visit", String(40), nullable=False),
    Column("agent_id", Integer, ForeignKey("agents.id")),
    Column("name", String(120)),
    Column("rule", String(40)),
    Column("answered_by", String(20), nullable=False),
    Column("team", String(40), nullable=False),
    Column("text", String(1000), nullable=False),
    Column("language", String(8), nullable=False),
    Column("state", String(20), nullable=False),
    Column("sent_at", UtcDateTime, nullable=False),
    Column("shown_at", UtcDateTime),
    Column("settled_at", UtcDateTime),
    Column("conversation_id", String(40), ForeignKey("conversations.id")),
    Index("invitations_of_visit", "visit", "sent_at"),
    # Nobody is asked two things at once, whoever invites in the same moment.
    Index(
        "one_open_invitation",
        "visit",
        unique=True,
        sqlite_where=text("state IN ('sent', 'shown')"),
        postgresql_where=text("state IN ('sent', 'shown')"),
    ),
    sqlite_autoincrement=True,
)

agents = Table(
    "agents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("login", String(80), nullable=False, unique=True),
    Column("name", String(120), nullable=False),
    Column("role", String(20), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("language", String(8), nullable=False, default="en"),
    Column("active", Boolean, nullable=False, default=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime),
    # No team means every team, no language every language.
    Column("teams", JSON),
    Column("skills", JSON),
    Column("languages", JSON),
    Column("capacity", Integer),  # conversations at a time; empty: what the teams say
    Column("presence", String(20), nullable=False, server_default=Presence.ONLINE.value),
    # Counts what was given to this agent, so that two gateways never fill the same place.
    Column("assignments", Integer, nullable=False, server_default="0"),
    Column("assigned_at", UtcDateTime),
)

agent_sessions = Table(
    "agent_sessions",
    metadata,
    # Only the hash of the cookie is kept: a read of the database signs nobody in.
    Column("token_hash", String(64), primary_key=True),
    Column("agent_id", Integer, ForeignKey("agents.id"), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

shifts = Table(
    "shifts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("agent_id", Integer, ForeignKey("agents.id"), nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("note", String(200), nullable=False),
    Index("shifts_by_time", "starts_at", "ends_at"),
    Index("shifts_of_agent", "agent_id", "starts_at"),
    sqlite_autoincrement=True,
)

desk_mode = Table(
    "desk_mode",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("mode", String(20), nullable=False),
    Column("changed_by", String(80)),
    Column("changed_at", UtcDateTime),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("channel", String(80), nullable=False),
    Column("sender", String(200), nullable=False),
    Column("status", String(20), nullable=False),
    Column("epoch", Integer, nullable=False, default=1),
    Column("agent_id", Integer, ForeignKey("agents.id")),
    Column("language", String(8), nullable=False),
    Column("language_fixed", Boolean, nullable=False, default=False),
    Column("tier", String(20), nullable=False, default=Tier.ANONYMOUS.value),
    Column("customer_id", String(80)),
    Column("customer_name", String(200)),
    Column("identity_until", UtcDateTime),
    Column("proved_orders", JSON, nullable=False, default=list),
    Column("page", JSON),
    Column("last_seq", Integer, nullable=False, default=0),
    Column("last_text", String(200)),
    Column("last_author", String(20)),
    Column("last_at", UtcDateTime),
    Column("unanswered", Integer, nullable=False, default=0),
    # What the channel needs to write to the customer later (a thread, a service's address), and what its window is
    # counted from.
    Column("reach", JSON),
    Column("wrote_at", UtcDateTime),
    # Up to which line the customer's page has shown the conversation.
    Column("read_seq", Integer, nullable=False, default=0, server_default="0"),
    Column("snoozed_until", UtcDateTime),
    Column("snoozed_by", Integer),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    # One open conversation for each customer on each channel, whoever asks at the same moment.
    Index(
        "one_open_conversation",
        "channel",
        "sender",
        unique=True,
        sqlite_where=text("status <> 'closed'"),
        postgresql_where=text("status <> 'closed'"),
    ),
    Index("conversations_of_sender", "channel", "sender", "opened_at"),
    Index("conversations_by_status", "status", "last_at"),
    Index("conversations_of_customer", "customer_id", "opened_at"),
    Index("conversations_by_time", "last_at"),
    Index(
        "snoozed_conversations",
        "snoozed_until",
        sqlite_where=text("snoozed_until IS NOT NULL"),
        postgresql_where=text("snoozed_until IS NOT NULL"),
    ),
)

messages = Table(
    "messages",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("conversation_id", String(40), ForeignKey("conversations.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("author", String(20), nullable=False),
    Column("agent_id", Integer, ForeignKey("agents.id")),
    Column("name", String(120)),
    Column("text", Text, nullable=False),
    # What the bot is asked when it is not the text: the payload of a button that the bot itself offered.
    Column("payload", Text),
    Column("body", JSON),  # buttons, order card, provenance, contact form
    Column("language", String(8), nullable=False),
    Column("while_waiting", Boolean, nullable=False, default=False),
    Column("client_id", String(80)),
    Column("dedup_key", String(64), unique=True),
    Column("reply_to", BigInteger),
    Column("part", Integer),
    Column("at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    Column("delivered_at", UtcDateTime),
    UniqueConstraint("conversation_id", "seq", name="one_message_a_place"),
    UniqueConstraint("reply_to", "part", name="one_reply_a_part"),
    Index(
        "unsettled_messages",
        "conversation_id",
        "id",
        sqlite_where=text("author = 'customer' AND settled_at IS NULL"),
        postgresql_where=text("author = 'customer' AND settled_at IS NULL"),
    ),
    Index(
        "undelivered_messages",
        "conversation_id",
        "id",
        sqlite_where=text("author <> 'customer' AND delivered_at IS NULL"),
        postgresql_where=text("author <> 'customer' AND delivered_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)

tickets = Table(
    "tickets",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("conversation_id", String(40), ForeignKey("conversations.id"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("status", String(20), nullable=False),
    Column("team", String(40), nullable=False),
    Column("priority", Integer, nullable=False, default=0),
    Column("reason", String(60), nullable=False),
    Column("summary", Text, nullable=False, default=""),
    Column("collected", JSON),  # slots, order facts and the profile that the bot looked up
    Column("contact", JSON),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("claimed_at", UtcDateTime),
    Column("claimed_by", Integer, ForeignKey("agents.id")),
    Column("ended_at", UtcDateTime),
    Column("skills", String(400), nullable=False, server_default=""),
    Column("language", String(8), nullable=False, server_default=""),
    # The queue's order: when it was opened, earlier by its priority, earlier still when it came back.
    Column("turn_at", UtcDateTime),
    Column("stage", Integer, nullable=False, server_default="0"),
    Column("wanted_agent", Integer),  # the lead, or who helped this customer last
    # The agent who holds it has to say something until then; empty once they have.
    Column("reply_due_at", UtcDateTime),
    Column("passed_by", JSON),  # agents who held it and said nothing
    # Handing off twice is one ticket, also when two requests cross.
    Index(
        "one_open_ticket",
        "conversation_id",
        unique=True,
        sqlite_where=text("status IN ('waiting', 'claimed')"),
        postgresql_where=text("status IN ('waiting', 'claimed')"),
    ),
    Index("queue_order", "status", "kind", "turn_at", "id"),
    Index("queue_of_team", "team", "status", "kind", "turn_at", "id"),
    Index("claims_of_team", "team", "claimed_at"),
    Index("replies_due", "status", "reply_due_at"),
    Index("tickets_of_conversation", "conversation_id", "id"),
    sqlite_autoincrement=True,
)

moves = Table(
    "moves",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("conversation_id", String(40), ForeignKey("conversations.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("from_status", String(20)),
    Column("to_status", String(20), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("reason", String(80), nullable=False, default=""),
    Column("agent_id", Integer),  # who has the word from here on, when it is a person
    Index("moves_by_time", "at"),
    Index("moves_of_conversation", "conversation_id", "id"),
    sqlite_autoincrement=True,
)

# No foreign key: a message that is forgotten meanwhile is found gone.
pending_media = Table(
    "pending_media",
    metadata,
    Column("message_id", BigInteger, primary_key=True, autoincrement=False),
    Column("channel", String(80), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try_at", UtcDateTime, nullable=False),
    Index("due_media", "next_try_at"),
)

# Of a channel whose provider keeps its messages for us to fetch.
channel_cursors = Table(
    "channel_cursors",
    metadata,
    Column("channel", String(80), primary_key=True),
    Column("cursor", String(200), nullable=False),
    Column("moved_at", UtcDateTime, nullable=False),
)

# A part is one message at the provider: a long line leaves in several.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("message_id", BigInteger, ForeignKey("messages.id"), nullable=False),
    Column("conversation_id", String(40), ForeignKey("conversations.id"), nullable=False),
    Column("channel", String(80), nullable=False),
    Column("part", Integer, nullable=False, default=0),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    # While pending: when to try (again). While it is being sent: when whoever sends it must have died.
    Column("next_try_at", UtcDateTime, nullable=False),
    Column("provider_id", String(200)),
    Column("reason", String(40)),  # a word of `DeliveryFailed`
    Column("detail", String(300)),  # what the provider said
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint("message_id", "part", name="one_delivery_a_part"),
    Index(
        "open_deliveries",
        "channel",
        "next_try_at",
        sqlite_where=text("state IN ('pending', 'sending')"),
        postgresql_where=text("state IN ('pending', 'sending')"),
    ),
    Index(
        "open_deliveries_of_conversation",
        "conversation_id",
        "message_id",
        "part",
        sqlite_where=text("state IN ('pending', 'sending')"),
        postgresql_where=text("state IN ('pending', 'sending')"),
    ),
    Index("deliveries_of_conversation", "conversation_id", "state"),
    Index("deliveries_by_provider_id", "channel", "provider_id"),
    sqlite_autoincrement=True,
)

promises = Table(
    "promises",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("conversation_id", String(40), ForeignKey("conversations.id"), nullable=False),
    # A promise outlives the conversation it was made in, so it is found by the customer.
    Column("channel", String(80), nullable=False),
    Column("sender", String(200), nullable=False),
    Column("customer_id", String(80)),
    Column("kind", String(20), nullable=False),
    Column("maker", String(20), nullable=False),
    Column("agent_id", Integer, ForeignKey("agents.id")),
    Column("team", String(40), nullable=False),
    Column("what", String(300), nullable=False),
    Column("message_id", BigInteger),
    Column("ticket_id", Integer, ForeignKey("tickets.id")),
    Column("made_at", UtcDateTime, nullable=False),
    Column("counts_from_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("state", String(20), nullable=False),
    Column("soon_at", UtcDateTime),
    Column("overdue_at", UtcDateTime),
    Column("escalated_at", UtcDateTime),
    Column("settled_at", UtcDateTime),
    Column("settled_by", String(80)),
    UniqueConstraint("message_id", name="one_promise_a_line"),
    # Who leaves a contact twice was promised an answer once.
    Index(
        "one_open_promise_a_ticket",
        "ticket_id",
        unique=True,
        sqlite_where=text("settled_at IS NULL"),
        postgresql_where=text("settled_at IS NULL"),
    ),
    Index("promises_of_customer", "channel", "sender", "settled_at"),
    Index("promises_by_due", "settled_at", "due_at"),
    sqlite_autoincrement=True,
)

ratings = Table(
    "ratings",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("conversation_id", String(40), ForeignKey("conversations.id"), nullable=False),
    Column("epoch", Integer, nullable=False),  # of the stretch that is rated
    Column("owner", String(20), nullable=False),
    Column("agent_id", Integer, ForeignKey("agents.id")),
    Column("message_id", BigInteger),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("score", Integer),
    Column("comment", Text, nullable=False, default=""),
    Column("answered_at", UtcDateTime),
    # Each stretch is asked about once.
    UniqueConstraint("conversation_id", "epoch", name="one_question_a_stretch"),
    Index("ratings_by_time", "asked_at"),
    sqlite_autoincrement=True,
)

wrap_ups = Table(
    "wrap_ups",
    metadata,
    Column("conversation_id", String(40), ForeignKey("conversations.id"), primary_key=True),
    Column("agent_id", Integer, ForeignKey("agents.id"), nullable=False),
    Column("team", String(40), nullable=False),
    Column("resolution", String(40)),
    Column("reason", String(40)),
    Column("at", UtcDateTime, nullable=False),
    Index("wrap_ups_by_time", "at"),
)

# What people write down about a customer. `customer_senders` says about whom: each sender on a channel has a record of
# their own until two are united.
customers = Table(
    "customers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("merged_into", Integer, ForeignKey("customers.id")),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", String(120), nullable=False),
    Index("customers_merged_into", "merged_into"),
    sqlite_autoincrement=True,
)

customer_senders = Table(
    "customer_senders",
    metadata,
    Column("channel", String(80), primary_key=True),
    Column("sender", String(200), primary_key=True),
    Column("customer_id", Integer, ForeignKey("customers.id"), nullable=False),
    Index("senders_of_customer", "customer_id"),
)

customer_changes = Table(
    "customer_changes",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("customer_id", Integer, ForeignKey("customers.id"), nullable=False),
    Column("version", Integer, nullable=False),  # what the record became by it
    Column("at", UtcDateTime, nullable=False),
    Column("agent_id", Integer, ForeignKey("agents.id")),
    Column("by", String(120), nullable=False),
    Column("field", String(60), nullable=False),
    Column("before", JSON),
    Column("after", JSON),
    Column("undoes", BigInteger),  # the change that this one takes back
    Column("merge_id", Integer),  # it came with uniting two records, or with undoing that
    Index("changes_of_customer", "customer_id", "id"),
    sqlite_autoincrement=True,
)

# Enough to undo it exactly.
customer_merges = Table(
    "customer_merges",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kept_id", Integer, ForeignKey("customers.id"), nullable=False),
    Column("gone_id", Integer, ForeignKey("customers.id"), nullable=False),
    Column(
        "account", String(254), nullable=False
    ),  # what both had proved: the shop's customer, or an address or number
    Column("senders", JSON, nullable=False),  # those that came over
    Column("kept_before", JSON, nullable=False),
    Column("kept_after", JSON, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("agent_id", Integer, ForeignKey("agents.id")),  # nobody: the customer's own proof did it
    Column("by", String(120), nullable=False),
    Column("undone_at", UtcDateTime),
    Column("undone_by", String(120)),
    Index("merges_of_kept", "kept_id"),
    Index("merges_of_gone", "gone_id"),
    sqlite_autoincrement=True,
)

contact_codes = Table(
    "contact_codes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("channel", String(80), nullable=False),  # who asked
    Column("sender", String(200), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("contact", String(254), nullable=False),
    Column("salt", String(32), nullable=False),
    Column("code_hash", String(64), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Index("codes_of_sender", "channel", "sender", "id"),
    Index("codes_by_age", "expires_at"),
    sqlite_autoincrement=True,
)

# Links to the shop's account-link page. A link's token is never stored: it is made from `locator` with a key.
account_links = Table(
    "account_links",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("locator", String(32), nullable=False, unique=True),
    Column("channel", String(80), nullable=False),  # who asked
    Column("sender", String(200), nullable=False),
    Column("conversation_id", String(40), ForeignKey("conversations.id"), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    # Whom the shop signed for, while the provider itself asks its customer.
    Column("customer_id", String(80)),
    Column("customer_name", String(200)),
    Column("identity_until", UtcDateTime),
    Column("provider_nonce_hash", String(64), unique=True),
    Column("provider_until", UtcDateTime),
    Index("links_of_sender", "channel", "sender"),
    Index("links_by_age", "expires_at"),
    sqlite_autoincrement=True,
)

# Of the last day, on channels whose messages cost money.
paid_messages = Table(
    "paid_messages",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("channel", String(80), nullable=False),
    Column("recipient", String(64), nullable=False),  # a hash
    Column("at", UtcDateTime, nullable=False),
    Index("paid_messages_by_age", "channel", "at"),
    sqlite_autoincrement=True,
)

# The last three codes for a customer or a contact, each as a hash.
contact_sends = Table(
    "contact_sends",
    metadata,
    Column("subject", String(64), primary_key=True),
    Column("first_at", UtcDateTime),
    Column("second_at", UtcDateTime),
    Column("third_at", UtcDateTime, nullable=False),
    Index("sends_by_age", "third_at"),
)

contact_proofs = Table(
    "contact_proofs",
    metadata,
    Column("channel", String(80), primary_key=True),
    Column("sender", String(200), primary_key=True),
    Column("kind", String(10), primary_key=True),
    Column("contact", String(254), primary_key=True),
    # Where the code was typed; empty for the sender that the address or number itself is.
    Column("conversation_id", String(40), primary_key=True),
    Column("proved_at", UtcDateTime, nullable=False),
    Index("proofs_of_contact", "kind", "contact"),
)

tags = Table(
    "tags",
    metadata,
    Column("id", Integer, primary_key=True),
    # What tells tags apart: the name folded, so that 退貨 and 退货 are one tag.
    Column("key", String(80), nullable=False, unique=True),
    Column("name", String(40), nullable=False),
    Column("colour", String(12), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

conversation_tags = Table(
    "conversation_tags",
    metadata,
    Column("conversation_id", String(40), ForeignKey("conversations.id"), primary_key=True),
    Column("tag_id", Integer, ForeignKey("tags.id"), primary_key=True),
    Column("agent_id", Integer, ForeignKey("agents.id")),
    Column("at", UtcDateTime, nullable=False),
    Index("conversations_of_tag", "tag_id", "conversation_id"),
)

mentions = Table(
    "mentions",
    metadata,
    Column("message_id", BigInteger, ForeignKey("messages.id"), primary_key=True, autoincrement=False),
    Column("agent_id", Integer, ForeignKey("agents.id"), primary_key=True),
    Column("conversation_id", String(40), ForeignKey("conversations.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime),
    Index("mentions_of_agent", "agent_id", "message_id"),
)

guests = Table(
    "guests",
    metadata,
    # A colleague beside the one who has the word. Holds for one epoch: whoever takes the word next begins alone.
    Column("conversation_id", String(40), ForeignKey("conversations.id"), primary_key=True),
    Column("agent_id", Integer, ForeignKey("agents.id"), primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("invited_by", Integer, ForeignKey("agents.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("guest_at", "agent_id", "conversation_id"),
)

desk_views = Table(
    "desk_views",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("agent_id", Integer, ForeignKey("agents.id"), nullable=False),
    Column("name", String(60), nullable=False),
    Column("filters", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("agent_id", "name", name="one_view_a_name"),
    sqlite_autoincrement=True,
)

desk_preferences = Table(
    "desk_preferences",
    metadata,
    Column("agent_id", Integer, ForeignKey("agents.id"), primary_key=True, autoincrement=False),
    Column("choices", JSON, nullable=False),
)

canned_replies = Table(
    "canned_replies",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner_id", Integer, ForeignKey("agents.id")),  # nobody: everybody's
    Column("shortcut", String(32), nullable=False),
    # What tells shortcuts apart: folded, so that /退貨 and /退货 are one.
    Column("key", String(32), nullable=False),
    Column("texts", JSON, nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_by", String(120), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Index(
        "one_shared_reply_a_shortcut",
        "key",
        unique=True,
        sqlite_where=text("owner_id IS NULL"),
        postgresql_where=text("owner_id IS NULL"),
    ),
    Index(
        "one_own_reply_a_shortcut",
        "owner_id",
        "key",
        unique=True,
        sqlite_where=text("owner_id IS NOT NULL"),
        postgresql_where=text("owner_id IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)

attachments = Table(
    "attachments",
    metadata,
    Column("id", String(40), primary_key=True),
    # Whose it is until it is sent: a customer on a channel, or an agent. Only they can put it into a message.
    Column("owner", String(300), nullable=False),
    Column("agent_id", Integer, ForeignKey("agents.id")),  # nobody: the customer sent it
    Column("conversation_id", String(40), ForeignKey("conversations.id")),
    Column("message_id", BigInteger),  # empty: not sent yet
    Column("kind", String(10), nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("name", String(200), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("width", Integer),
    Column("height", Integer),
    Column("created_at", UtcDateTime, nullable=False),
    Index("attachments_of_conversation", "conversation_id"),
    Index(
        "unsent_attachments",
        "created_at",
        sqlite_where=text("message_id IS NULL"),
        postgresql_where=text("message_id IS NULL"),
    ),
)
