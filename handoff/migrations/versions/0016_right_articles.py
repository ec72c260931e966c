"""Which article would have been right, as an agent says of a wrong answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("faq_misses", sa.Column("right_id", sa.String(length=80), nullable=True))


def downgrade() -> None:
    op.drop_column("faq_misses", "right_id")
