"""Attachments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("owner", sa.String(length=300), nullable=False),
        sa.Column("agent_id", sa.Integer()),
        sa.Column("conversation_id", sa.String(length=40)),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"]),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("attachments_of_conversation", "attachments", ["conversation_id"])
    unsent = sa.text("message_id IS NULL")
    op.create_index("unsent_attachments", "attachments", ["created_at"], sqlite_where=unsent, postgresql_where=unsent)


def downgrade() -> None:
    op.drop_table("attachments")
