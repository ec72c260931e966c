"""Invitations of visitors of the shop's pages to chat."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = sa.text("state IN ('sent', 'shown')")


def upgrade() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("visit", sa.String(length=40), nullable=False),
        sa.Column("agent_id", sa.Integer()),
        sa.Column("name", sa.String(length=120)),
        sa.Column("rule", sa.String(length=40)),
        sa.Column("answered_by", sa.String(length=20), nullable=False),
        sa.Column("team", sa.String(length=40), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True)),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("conversation_id", sa.String(length=40)),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"]),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"]),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("invitations_of_visit", "invitations", ["visit", "sent_at"])
    op.create_index(
        "one_open_invitation", "invitations", ["visit"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )


def downgrade() -> None:
    op.drop_table("invitations")
