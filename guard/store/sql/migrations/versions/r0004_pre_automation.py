"""pre: generation of sessions, alerts, planned windows, routines, and what a window found. Older code ignores
the tables and leaves the column alone."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Text, inspect

from guard.store.sql.schema import ALERTS, FOUND, OCCURRENCES, ROUTINE_LOCKS, ROUTINES, SCHEDULES

revision = "0004"
down_revision = "0003"

_TABLES = (FOUND, ALERTS, SCHEDULES, OCCURRENCES, ROUTINES, ROUTINE_LOCKS)


def upgrade() -> None:
    """Create what is not there."""
    if "generation" not in {column["name"] for column in inspect(op.get_bind()).get_columns("guard_state")}:
        op.add_column("guard_state", Column("generation", Text))
    for table in _TABLES:
        if not inspect(op.get_bind()).has_table(table.name):
            table.create(op.get_bind())


def downgrade() -> None:
    """Drop them: sessions that were invalidated are accepted again where their keys still live."""
    for table in reversed(_TABLES):
        table.drop(op.get_bind())
    op.drop_column("guard_state", "generation")
