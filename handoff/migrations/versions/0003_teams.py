"""Teams, skills and languages of agents and tickets, and the order of the queue."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("agents", sa.Column("teams", sa.JSON()))
    op.add_column("agents", sa.Column("skills", sa.JSON()))
    op.add_column("agents", sa.Column("languages", sa.JSON()))
    op.add_column("agents", sa.Column("capacity", sa.Integer()))
    op.add_column("agents", sa.Column("presence", sa.String(length=20), nullable=False, server_default="online"))
    op.add_column("agents", sa.Column("assignments", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("agents", sa.Column("assigned_at", _AT))
    op.add_column("tickets", sa.Column("skills", sa.String(length=400), nullable=False, server_default=""))
    op.add_column("tickets", sa.Column("language", sa.String(length=8), nullable=False, server_default=""))
    op.add_column("tickets", sa.Column("turn_at", _AT))
    op.add_column("tickets", sa.Column("stage", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("tickets", sa.Column("wanted_agent", sa.Integer()))
    op.add_column("tickets", sa.Column("reply_due_at", _AT))
    op.add_column("tickets", sa.Column("passed_by", sa.JSON()))
    op.execute("UPDATE tickets SET turn_at = opened_at")
    op.execute(
        "UPDATE tickets SET language = "
        "(SELECT language FROM conversations WHERE conversations.id = tickets.conversation_id)"
    )
    op.drop_index("queue_order", table_name="tickets")
    op.create_index("queue_order", "tickets", ["status", "kind", "turn_at", "id"])
    op.create_index("queue_of_team", "tickets", ["team", "status", "kind", "turn_at", "id"])
    op.create_index("claims_of_team", "tickets", ["team", "claimed_at"])
    op.create_index("replies_due", "tickets", ["status", "reply_due_at"])
