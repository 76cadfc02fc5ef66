"""Alembic's entry: runs the guard's migrations on the connection that `guard.store.sql.migrate` gives."""

from __future__ import annotations

from alembic import context

from guard.store.sql.names import VERSION_TABLE
from guard.store.sql.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
    transactional_ddl=False,
)
with context.begin_transaction():
    context.run_migrations()
