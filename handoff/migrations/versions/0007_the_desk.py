"""Reading, snoozing, tags, mentions, guests, saved views, preferences; the index of the transcript."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("conversations") as batch:
        batch.add_column(sa.Column("read_seq", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("snoozed_until", sa.DateTime(timezone=True)))
        batch.add_column(sa.Column("snoozed_by", sa.Integer()))
    op.create_index("conversations_by_time", "conversations", ["last_at"])
    snoozed = sa.text("snoozed_until IS NOT NULL")
    op.create_index(
        "snoozed_conversations", "conversations", ["snoozed_until"], sqlite_where=snoozed, postgresql_where=snoozed
    )
    op.create_index("tickets_of_conversation", "tickets", ["conversation_id", "id"])
    op.create_table(
        "tags",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("colour", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "conversation_tags",
        sa.Column("conversation_id", sa.String(length=40), nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"]),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"]),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"]),
        sa.PrimaryKeyConstraint("conversation_id", "tag_id"),
    )
    op.create_index("conversations_of_tag", "conversation_tags", ["tag_id", "conversation_id"])
    op.create_table(
        "mentions",
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"]),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"]),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"]),
        sa.PrimaryKeyConstraint("message_id", "agent_id"),
    )
    op.create_index("mentions_of_agent", "mentions", ["agent_id", "message_id"])
    op.create_table(
        "guests",
        sa.Column("conversation_id", sa.String(length=40), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("invited_by", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"]),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"]),
        sa.ForeignKeyConstraint(["invited_by"], ["agents.id"]),
        sa.PrimaryKeyConstraint("conversation_id", "agent_id"),
    )
    op.create_index("guest_at", "guests", ["agent_id", "conversation_id"])
    op.create_table(
        "desk_views",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("agent_id", "name", name="one_view_a_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "desk_preferences",
        sa.Column("agent_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"]),
        sa.PrimaryKeyConstraint("agent_id"),
    )
    _create_index_of_transcript()


def _create_index_of_transcript() -> None:
    """What `handoff/search.py` alone reads and writes, in each database's own words."""
    op.create_table(
        "search_progress", sa.Column("one", sa.Integer(), primary_key=True), sa.Column("up_to", sa.BigInteger)
    )
    op.execute("INSERT INTO search_progress (one, up_to) VALUES (1, 0)")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE message_grams USING fts5(grams, prefix='1', tokenize='ascii')")
        return
    op.execute(
        "CREATE TABLE message_grams (message_id BIGINT PRIMARY KEY, folded TEXT NOT NULL, grams TEXT[] NOT NULL)"
    )
    op.execute("CREATE INDEX message_grams_by_gram ON message_grams USING gin (grams)")


def downgrade() -> None:
    for table in (
        "message_grams",
        "search_progress",
        "desk_preferences",
        "desk_views",
        "guests",
        "mentions",
        "conversation_tags",
        "tags",
    ):
        op.drop_table(table)
    op.drop_index("tickets_of_conversation", "tickets")
    op.drop_index("snoozed_conversations", "conversations")
    op.drop_index("conversations_by_time", "conversations")
    with op.batch_alter_table("conversations") as batch:
        for column in ("snoozed_by", "snoozed_until", "read_seq"):
            batch.drop_column(column)
