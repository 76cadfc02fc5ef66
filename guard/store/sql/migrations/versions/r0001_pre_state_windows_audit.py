"""pre: the guard state, the windows and the journal. Runs before the code that needs it.

MySQL commits each DDL statement by itself, so a crash can leave half of them: every step looks
first whether it is already done, and running the migration again completes it.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import inspect

from guard.store.sql.schema import AUDIT, STATE, WINDOWS

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create what is missing."""
    connection = op.get_bind()
    for table in (STATE, WINDOWS, AUDIT):
        if not inspect(connection).has_table(table.name):
            table.create(connection)


def downgrade() -> None:
    """Drop the guard's tables. The journal is lost: export it first."""
    connection = op.get_bind()
    for table in (AUDIT, WINDOWS, STATE):
        if inspect(connection).has_table(table.name):
            table.drop(connection)
