"""pre: the terms of a window. Runs before the code that needs it; older code leaves the column alone."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Text, inspect

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column, unless the table was made with it."""
    if "terms" not in {column["name"] for column in inspect(op.get_bind()).get_columns("guard_state")}:
        op.add_column("guard_state", Column("terms", Text))


def downgrade() -> None:
    """Drop the column: a window that is open keeps its mode and loses its terms."""
    op.drop_column("guard_state", "terms")
