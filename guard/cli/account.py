"""`maintenance account`: what became of the jobs that met a window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from guard.cli.exits import Exit
from guard.cli.failures import CommandError
from guard.cli.options import command, json_option
from guard.cli.render import Screen, moment, print_json
from guard.cli.where import find_guard
from guard.core.account import Account
from guard.core.counts import Count
from guard.errors import StoreError

if TYPE_CHECKING:
    from guard.api import Guard
    from guard.core.history import WindowRecord

__all__ = ["account"]


@command("account", example="account\naccount 0d9f… --json", exits=(Exit.AWAY, Exit.NOT_FOUND))
@click.argument("window_id", required=False)
@json_option
def account(ctx: click.Context, *, window_id: str | None, as_json: bool) -> None:
    """Count what became of the jobs that met a window.

    By operation; for the last window when no WINDOW_ID is given. When Redis is away, the numbers are
    those that were stored at the end of the window.
    """
    guard = find_guard(ctx)
    record = _record(guard, window_id)
    books, live = _books(guard, record)
    if as_json:
        print_json(_as_dict(record, books, live=live))
    else:
        _screen(ctx, record, books, live=live).show()


def _record(guard: Guard, window_id: str | None) -> WindowRecord:
    if window_id is not None:
        record = guard.durable.window(window_id)
    else:
        record = next(iter(guard.durable.windows(1)), None)
    if record is None:
        what = f"no window has the id {window_id!r}" if window_id else "there was no window yet"
        raise CommandError("NoWindow", f"{what}: `maintenance account` shows the last one", Exit.NOT_FOUND)
    return record


def _books(guard: Guard, record: WindowRecord) -> tuple[Account, bool]:
    """The account, and whether it is as of now."""
    try:
        return guard.account(record.window_id), True
    except StoreError:
        if not record.account:
            raise
        return Account.from_fields(record.account), False


def _as_dict(record: WindowRecord, books: Account, *, live: bool) -> dict[str, Any]:
    return {
        "window_id": record.window_id,
        "mode": record.mode,
        "reason": record.reason,
        "by": record.by,
        "started_at": record.started_at,
        "ended_at": record.ended_at,
        "live": live,
        "totals": {count.value: books.total(count) for count in Count},
        "by_operation": {count.value: books.by_operation(count) for count in Count},
        "still_parked": books.still_parked,
    }


def _screen(ctx: click.Context, record: WindowRecord, books: Account, *, live: bool) -> Screen:
    screen = Screen(ctx)
    screen.head(f"Account of window {record.window_id}")
    screen.row("reason", f"{record.reason} ({record.mode}, by {record.by})")
    end = moment(record.ended_at) if record.ended_at is not None else "still open"
    screen.row("time", f"{moment(record.started_at)} to {end}")
    screen.row("still parked", str(books.still_parked), "bad" if books.still_parked else "")
    used = [count for count in Count if books.total(count)]
    if used:
        operations = sorted({operation for _, operation in books.counts})
        titles = ("operation", *(count.value for count in used))
        rows = [
            (name, *(str(books.by_operation(count).get(name, 0)) for count in used)) for name in operations
        ]
        totals = ("all", *(str(books.total(count)) for count in used))
        screen.line()
        screen.table(titles, [*rows, totals])
    else:
        screen.line("  no job met this window")
    if not live:
        screen.note("Redis is away: these are the numbers that were stored at the end of the window")
    return screen
