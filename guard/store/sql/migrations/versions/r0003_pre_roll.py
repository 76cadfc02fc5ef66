"""pre: the roll of workers of each window. Runs before the code that needs it; older code ignores it."""

from __future__ import annotations

from alembic import op
from sqlalchemy import inspect

from guard.store.sql.schema import ROLL

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the table, unless it is there."""
    if not inspect(op.get_bind()).has_table(ROLL.name):
        ROLL.create(op.get_bind())


def downgrade() -> None:
    """Drop the table: a drain then rests on the registry alone."""
    ROLL.drop(op.get_bind())
