"""How alembic reaches the database: through the connection it is given."""

from __future__ import annotations

from alembic import context

from faq_kb import tables
from handoff.models import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=[metadata, tables.metadata],
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()
