"""pre: drills and who acknowledged what in them. Older code ignores these tables."""

from __future__ import annotations

from alembic import op
from sqlalchemy import inspect

from guard.store.sql.schema import DRILL_WORDS, DRILLS

revision = "0010"
down_revision = "0009"

_TABLES = (DRILLS, DRILL_WORDS)


def upgrade() -> None:
    """Create what is not there."""
    for table in _TABLES:
        if not inspect(op.get_bind()).has_table(table.name):
            table.create(op.get_bind())


def downgrade() -> None:
    """Drop them: results of drills are lost."""
    for table in reversed(_TABLES):
        table.drop(op.get_bind())
