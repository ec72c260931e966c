"""Canned replies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "canned_replies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer()),
        sa.Column("shortcut", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_by", sa.String(length=120), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["agents.id"]),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    shared, own = sa.text("owner_id IS NULL"), sa.text("owner_id IS NOT NULL")
    op.create_index(
        "one_shared_reply_a_shortcut",
        "canned_replies",
        ["key"],
        unique=True,
        sqlite_where=shared,
        postgresql_where=shared,
    )
    op.create_index(
        "one_own_reply_a_shortcut",
        "canned_replies",
        ["owner_id", "key"],
        unique=True,
        sqlite_where=own,
        postgresql_where=own,
    )


def downgrade() -> None:
    op.drop_table("canned_replies")
