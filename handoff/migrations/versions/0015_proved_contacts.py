"""Addresses and numbers that customers proved by a code, and what unites records without a person's hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contact_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=80), nullable=False),
        sa.Column("sender", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("contact", sa.String(length=254), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("codes_of_sender", "contact_codes", ["channel", "sender", "id"])
    op.create_index("codes_by_age", "contact_codes", ["expires_at"])
    op.create_table(
        "contact_sends",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True)),
        sa.Column("second_at", sa.DateTime(timezone=True)),
        sa.Column("third_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject"),
    )
    op.create_index("sends_by_age", "contact_sends", ["third_at"])
    op.create_table(
        "contact_proofs",
        sa.Column("channel", sa.String(length=80), nullable=False),
        sa.Column("sender", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("contact", sa.String(length=254), nullable=False),
        sa.Column("conversation_id", sa.String(length=40), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "sender", "kind", "contact", "conversation_id"),
    )
    op.create_index("proofs_of_contact", "contact_proofs", ["kind", "contact"])
    with op.batch_alter_table("customer_merges") as table:
        table.alter_column("agent_id", existing_type=sa.Integer(), nullable=True)
        table.alter_column("account", existing_type=sa.String(length=80), type_=sa.String(length=254))


def downgrade() -> None:
    for table in ("contact_proofs", "contact_sends", "contact_codes"):
        op.drop_table(table)
