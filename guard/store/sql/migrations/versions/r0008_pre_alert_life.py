"""pre: the life of an alert. Runs before the code that needs it; older code leaves the columns alone, and
what it writes is read as something that merely happened."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, inspect

from guard.store.sql.schema import ALERTS

revision = "0008"
down_revision = "0007"

_COLUMNS = (
    "state",
    "alert_key",
    "count",
    "last_told_at",
    "acknowledged_by",
    "acknowledged_at",
    "resolved_by",
    "resolved_at",
)
_KEY = "ux_guard_alerts_alert_key"


def upgrade() -> None:
    """Add the columns and the key, unless the table was made with them."""
    looked = inspect(op.get_bind())
    there = {column["name"] for column in looked.get_columns(ALERTS.name)}
    for name in _COLUMNS:
        if name not in there:
            op.add_column(ALERTS.name, Column(name, ALERTS.c[name].type))
    if _KEY not in {index["name"] for index in looked.get_indexes(ALERTS.name)}:
        op.create_index(_KEY, ALERTS.name, ["alert_key"], unique=True)


def downgrade() -> None:
    """Drop them: every alert is one that merely happened, and what stands is raised anew."""
    op.drop_index(_KEY, table_name=ALERTS.name)
    for name in reversed(_COLUMNS):
        op.drop_column(ALERTS.name, name)
