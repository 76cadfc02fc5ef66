"""The rollback of a window for people: what it would do, and what it did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.cli.render import Screen, counted, moment

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click

    from guard.core.difference import Difference
    from guard.orchestrator.rollback import Comparison, RolledBack

__all__ = ["comparison_screen", "rolled_back_rows"]

_LONGEST = 120


def comparison_screen(ctx: click.Context, found: Comparison) -> Screen:
    """What a rollback would do."""
    screen = Screen(ctx)
    screen.head(f"Rollback of window {found.window_id}")
    when = "unknown" if found.found_at is None else f"what was the case before {moment(found.found_at)}"
    screen.row("found", when, "bad" if found.found_at is None else "")
    _listed(screen, "to restore", found.undoable, "warn")
    _listed(screen, "not from here", [one for one in found.differences if one.undo is None], "")
    _unknown(screen, found.unknown)
    return screen


def rolled_back_rows(screen: Screen, done: RolledBack) -> None:
    """What a rollback did, as rows of the screen that tells how the window ended."""
    _listed(screen, "restored", done.restored, "good")
    screen.row("not restored", counted(len(done.failed), "thing") if done.failed else "nothing")
    screen.more(f"{_said(one)}: {why}" for one, why in done.failed)
    _listed(screen, "not from here", done.left, "")
    _unknown(screen, done.unknown)
    if done.failed:
        screen.note("`disable --rollback` may be repeated", "bad")


def _listed(screen: Screen, label: str, found: Iterable[Difference], tone: str) -> None:
    things = list(found)
    screen.row(label, counted(len(things), "thing") if things else "nothing", tone if things else "")
    screen.more(f"{_said(one)}; {one.how}" for one in things)


def _unknown(screen: Screen, unknown: Iterable[str]) -> None:
    for sentence in unknown:
        screen.note(f"unknown: {sentence}", "bad")


def _said(one: Difference) -> str:
    return f"{one.kind.value} {one.what}: was {_value(one.was)}, is {_value(one.now)}"


def _value(value: str | None) -> str:
    if value is None:
        return "not there"
    return (value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…") or "empty"
