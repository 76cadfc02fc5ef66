"""pre: the journal becomes a chain; secrets may be kept. Runs before the code that needs it.

Rows that are there are chained here, in their order. Older code leaves the new columns alone: what it writes
after this has no link, and `maintenance audit verify` names it (docs/audit.md, upgrading).
"""

from __future__ import annotations

from typing import Any

from alembic import context, op
from sqlalchemy import BigInteger, Column, String, inspect

from guard.core.audit_chain import ChainKeys
from guard.store.sql.audit_chain import chain_what_is_there
from guard.store.sql.schema import AUDIT_ANCHORS, AUDIT_HEAD, SECRETS

revision = "0006"
down_revision = "0005"

_TABLES = (AUDIT_HEAD, AUDIT_ANCHORS, SECRETS)
_COLUMNS: dict[str, Any] = {"number": BigInteger(), "previous": String(80), "link": String(80)}
_INDEX = "ix_guard_audit_number"


def upgrade() -> None:
    """Add what is not there, and chain the rows that have no link."""
    connection = op.get_bind()
    present = {column["name"] for column in inspect(connection).get_columns("guard_audit")}
    for name, kind in _COLUMNS.items():
        if name not in present:
            op.add_column("guard_audit", Column(name, kind))
    if _INDEX not in {index["name"] for index in inspect(connection).get_indexes("guard_audit")}:
        op.create_index(_INDEX, "guard_audit", ["number"], unique=True)
    for table in _TABLES:
        if not inspect(connection).has_table(table.name):
            table.create(connection)
    chain_what_is_there(connection, context.config.attributes.get("chain_keys") or ChainKeys())


def downgrade() -> None:
    """Drop them: the journal is kept, without its proof; secrets that were kept here are gone."""
    from guard.store.sql.append_only import drop_triggers

    drop_triggers(op.get_bind())
    for table in reversed(_TABLES):
        table.drop(op.get_bind())
    op.drop_index(_INDEX, "guard_audit")
    for name in reversed(_COLUMNS):
        op.drop_column("guard_audit", name)
