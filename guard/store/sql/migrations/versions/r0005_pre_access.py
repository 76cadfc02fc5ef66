"""pre: access over HTTP: tokens, second factors, sign-ins of the admin page, approvals, bypasses. Older code
ignores these tables."""

from __future__ import annotations

from alembic import op
from sqlalchemy import inspect

from guard.store.sql.schema import APPROVALS, BREAK_GLASS, BYPASSES, PAGE_SESSIONS, SECOND_FACTORS, TOKENS

revision = "0005"
down_revision = "0004"

_TABLES = (TOKENS, SECOND_FACTORS, BREAK_GLASS, PAGE_SESSIONS, APPROVALS, BYPASSES)


def upgrade() -> None:
    """Create what is not there."""
    for table in _TABLES:
        if not inspect(op.get_bind()).has_table(table.name):
            table.create(op.get_bind())


def downgrade() -> None:
    """Drop them: all access tokens and sign-ins end, and enrolled second factors are forgotten."""
    for table in reversed(_TABLES):
        table.drop(op.get_bind())
