"""pre: reports and the notes on them. Older code ignores these tables."""

from __future__ import annotations

from alembic import op
from sqlalchemy import inspect

from guard.store.sql.schema import REPORT_NOTES, REPORTS

revision = "0009"
down_revision = "0008"

_TABLES = (REPORTS, REPORT_NOTES)


def upgrade() -> None:
    """Create what is not there."""
    for table in _TABLES:
        if not inspect(op.get_bind()).has_table(table.name):
            table.create(op.get_bind())


def downgrade() -> None:
    """Drop them: all reports that were kept, and what people have noted on them."""
    for table in reversed(_TABLES):
        table.drop(op.get_bind())
