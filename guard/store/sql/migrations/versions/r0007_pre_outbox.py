"""pre: the outbox of notifications. Older code ignores it, and tells nobody."""

from __future__ import annotations

from alembic import op
from sqlalchemy import inspect

from guard.store.sql.schema import OUTBOX

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create it if it is not there."""
    if not inspect(op.get_bind()).has_table(OUTBOX.name):
        OUTBOX.create(op.get_bind())


def downgrade() -> None:
    """Drop it: what was not sent is lost."""
    OUTBOX.drop(op.get_bind())
