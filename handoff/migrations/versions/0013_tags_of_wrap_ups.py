"""The tags of wrap-ups become tags of their conversations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from faq_kb.folding import fold_keeping_length

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_wrap_ups = sa.table(
    "wrap_ups",
    sa.column("conversation_id", sa.String),
    sa.column("agent_id", sa.Integer),
    sa.column("tags", sa.JSON),
    sa.column("at", sa.DateTime(timezone=True)),
)
_tags = sa.table(
    "tags",
    sa.column("id", sa.Integer),
    sa.column("key", sa.String),
    sa.column("name", sa.String),
    sa.column("colour", sa.String),
    sa.column("created_at", sa.DateTime(timezone=True)),
)
_worn = sa.table(
    "conversation_tags",
    sa.column("conversation_id", sa.String),
    sa.column("tag_id", sa.Integer),
    sa.column("agent_id", sa.Integer),
    sa.column("at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    connection = op.get_bind()
    known = {row.key: row.id for row in connection.execute(sa.select(_tags.c.key, _tags.c.id))}
    worn = {tuple(row) for row in connection.execute(sa.select(_worn.c.conversation_id, _worn.c.tag_id))}
    for row in connection.execute(sa.select(_wrap_ups)).all():
        for name in row.tags or ():
            key = fold_keeping_length(name)[:80]
            if key not in known:
                connection.execute(sa.insert(_tags).values(key=key, name=name, colour="grey", created_at=row.at))
                known[key] = connection.execute(sa.select(_tags.c.id).where(_tags.c.key == key)).scalar_one()
            if (row.conversation_id, known[key]) not in worn:
                worn.add((row.conversation_id, known[key]))
                values = {"conversation_id": row.conversation_id, "tag_id": known[key]}
                connection.execute(sa.insert(_worn).values(**values, agent_id=row.agent_id, at=row.at))
    with op.batch_alter_table("wrap_ups") as table:
        table.drop_column("tags")


def downgrade() -> None:
    with op.batch_alter_table("wrap_ups") as table:
        table.add_column(sa.Column("tags", sa.JSON(), nullable=False, server_default="[]"))
