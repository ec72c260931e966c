"""Links to the shop's account-link page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("locator", sa.String(length=32), nullable=False, unique=True),
        sa.Column("channel", sa.String(length=80), nullable=False),
        sa.Column("sender", sa.String(length=200), nullable=False),
        sa.Column("conversation_id", sa.String(length=40), sa.ForeignKey("conversations.id"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.Column("customer_id", sa.String(length=80)),
        sa.Column("customer_name", sa.String(length=200)),
        sa.Column("identity_until", sa.DateTime(timezone=True)),
        sa.Column("provider_nonce_hash", sa.String(length=64), unique=True),
        sa.Column("provider_until", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("links_of_sender", "account_links", ["channel", "sender"])
    op.create_index("links_by_age", "account_links", ["expires_at"])


def downgrade() -> None:
    op.drop_table("account_links")
