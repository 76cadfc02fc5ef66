"""Alembic's entry: runs the guard's migrations on the connection that `guard.store.sql.migrate` gives."""

from __future__ import annotations

from alembic import context

from guard.store.sql.names import VERSION_TABLE
from guard.store.sql.schema import METADATA

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
    # In one transaction where tables can be made in one: SQLite's write lock is ours from the look at the
    # version to the last step. MySQL commits at each step; there a lock is held (`guard.store.sql.migrate`).
    transactional_ddl=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
