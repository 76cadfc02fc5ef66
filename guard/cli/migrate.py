"""`maintenance migrate`: make or complete the guard's tables."""

from __future__ import annotations

import click

from guard.cli.exits import Exit
from guard.cli.failures import CommandError
from guard.cli.options import command, json_option
from guard.cli.render import print_json, safe
from guard.cli.where import find_guard
from guard.settings.masking import mask_url

__all__ = ["migrate"]

_DID = {
    "ready": "nothing to do: the guard's tables are as this release needs them",
    "missing": "made the guard's tables",
    "half migrated": "completed the guard's tables",
}


@command("migrate", example="migrate", exits=(Exit.AWAY,))
@json_option
def migrate(ctx: click.Context, *, as_json: bool) -> None:
    """Make or complete the guard's tables.

    They are in the durable store (DATABASE_URL). Safe to run twice and by several at once. The
    application's own tables are never touched. SQLite needs no migrate: there they are made at first use.
    """
    from guard.store.sql.migrate import schema_state
    from guard.store.sql.store import SqlStore

    guard = find_guard(ctx)
    store = guard.durable
    if not isinstance(store, SqlStore):
        raise CommandError("NotSql", "this app's durable store is not SQL: nothing to migrate", Exit.NOT_NOW)
    before = schema_state(store.engine).value
    store.migrate()
    after = schema_state(store.engine).value
    url = mask_url(str(guard.settings.database_url))
    if as_json:
        print_json({"database": url, "before": before, "after": after, "changed": before != after})
    else:
        click.echo(safe(f"{_DID[before]} ({url})"))
