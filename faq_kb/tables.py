"""The tables beside the article files: what editors work on, what was published, what customers missed.

Shapes only; the articles themselves are YAML. Each table is written by one module: drafts by `drafts.py`, revisions by
`history.py`, misses and asked_again by `misses.py`, ratings and weeks by `usefulness.py`.
"""

from __future__ import annotations

from enum import Enum

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from faq_kb.columns import BigId, UtcDateTime


class DraftState(str, Enum):
    """How far an edit has come."""

    DRAFT = "draft"  # somebody works on it
    REVIEW = "review"  # somebody else is asked to look
    SCHEDULED = "scheduled"  # goes live by itself at `publish_at`


class Missed(str, Enum):
    """How a question went unanswered."""

    UNANSWERED = "unanswered"  # nothing was found
    THUMBS_DOWN = "thumbs_down"  # the customer said the answer does not help
    DENIED = "denied"  # "that is not what I asked"
    LED_TO_PERSON = "led_to_person"  # asked for a person right after an answer
    WRONG_ANSWER = "wrong_answer"  # an agent said so


class MissState(str, Enum):
    """What became of an unanswered question."""

    OPEN = "open"
    DRAFTED = "drafted"  # an edit was begun from it
    ANSWERED = "answered"  # that edit was published
    DISMISSED = "dismissed"  # an editor decided that no article is needed


metadata = MetaData()

drafts = Table(
    "faq_drafts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("article_id", String(80), nullable=False),
    Column("category", String(80), nullable=False),  # the file it stands in, without .yml
    Column("content", JSON, nullable=False),  # the article's fields as they will be written; null for a deletion
    Column("base", JSON),  # the published fields it began from; null for a new article
    Column("deletes", Boolean, nullable=False, default=False),
    Column("state", String(20), nullable=False),
    Column("version", Integer, nullable=False, default=1),  # grows with each save: two editors at once are told
    Column("publish_at", UtcDateTime),
    Column("note", Text, nullable=False, default=""),
    Column("problem", Text, nullable=False, default=""),  # why the schedule could not publish it
    Column("created_by", String(80), nullable=False),
    Column("updated_by", String(80), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    # One edit of an article at a time; a second editor joins it.
    UniqueConstraint("article_id", name="one_draft_an_article"),
    sqlite_autoincrement=True,
)

revisions = Table(
    "faq_revisions",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("article_id", String(80), nullable=False),
    Column("category", String(80), nullable=False),
    Column("before", JSON),  # the article's fields; null when it did not exist
    Column("after", JSON),  # null when it was deleted
    Column("action", String(20), nullable=False),  # publish, delete, revert, import, file (edited on disk)
    Column("actor", String(80), nullable=False),  # an agent's login, or "file"
    Column("note", Text, nullable=False, default=""),
    Column("version", String(20), nullable=False, default=""),  # of the served set that held it first
    Column("at", UtcDateTime, nullable=False),
    Index("revisions_of_article", "article_id", "id"),
    sqlite_autoincrement=True,
)

misses = Table(
    "faq_misses",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("text", Text, nullable=False),  # redacted
    Column("before", Text, nullable=False, default=""),  # what the customer said before it, redacted
    Column("language", String(8), nullable=False),
    Column("channel", String(80), nullable=False),
    Column("conversation_id", String(40), nullable=False),
    Column("message_id", BigInteger, nullable=False),  # of the customer's question
    Column("answer_id", BigInteger),  # of the line that did not help
    Column("customer", String(64), nullable=False),  # a hash: how many customers, never who
    Column("article_id", String(80)),  # the article that was given, if any
    Column("right_id", String(80)),  # the article that should have been, as an agent says
    Column("score", Float),
    Column("runners_up", JSON),
    Column("draft_id", Integer),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("message_id", "kind", name="one_miss_a_question"),
    Index("misses_by_state", "state", "at"),
    sqlite_autoincrement=True,
)

# Customers who want to hear when their question has an answer, and how to reach them.
asked_again = Table(
    "faq_asked_again",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("miss_id", BigInteger, nullable=False),
    Column("conversation_id", String(40), nullable=False),
    Column("contact", JSON, nullable=False),
    Column("language", String(8), nullable=False),
    Column("agreed_at", UtcDateTime, nullable=False),
    Column("told_at", UtcDateTime),
    Column("article_id", String(80)),
    UniqueConstraint("miss_id", "conversation_id", name="told_once"),
    sqlite_autoincrement=True,
)

ratings = Table(
    "faq_ratings",
    metadata,
    Column("message_id", BigInteger, primary_key=True, autoincrement=False),  # of the rated answer
    Column("article_id", String(80), nullable=False),
    Column("conversation_id", String(40), nullable=False),
    Column("helpful", Boolean, nullable=False),
    Column("language", String(8), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# What became of an article, by week (its Monday) and variant.
weeks = Table(
    "faq_weeks",
    metadata,
    Column("article_id", String(80), primary_key=True),
    Column("week", Date, primary_key=True),
    Column("language", String(8), primary_key=True),
    Column("asked", Integer, nullable=False, default=0),  # among what was found
    Column("answered", Integer, nullable=False, default=0),  # given as the answer
    Column("helpful", Integer, nullable=False, default=0),
    Column("unhelpful", Integer, nullable=False, default=0),
    Column("led_to_person", Integer, nullable=False, default=0),
)
