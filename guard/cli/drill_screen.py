"""What a drill looks like: while it is played, and its score card with a plot of times."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from guard.cli.render import Screen, moment, safe, short_time
from guard.cli.where import operator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from guard.core.drill_records import DrillRecord
    from guard.core.drill_scoring import Seen
    from guard.core.drills import Step
    from guard.drills.performing import Moment

__all__ = ["Played", "card_screen", "list_screen", "played", "plot"]

_SHORT_ID = 8
_AT_TARGET = 20
_WIDTH = 30
"""Of the plot: the target is at two thirds, so the end is one and a half times the target."""
_TONES = {"in time": "", "late": "warn", "too late": "bad", "not seen": "bad"}
_PASSES = 70
_GOOD = 80


@dataclass
class Played:
    """What happens, as lines on standard error."""

    acknowledge: bool
    unattended: bool
    quiet: bool
    _began: float = field(default_factory=time.monotonic)
    _typed: bytes = b""
    _asking: str = ""

    def began(self, record: DrillRecord) -> None:
        """The drill has an id now."""
        self._say(f"drill {record.drill_id[:_SHORT_ID]}: {record.scenario}")
        if not self.unattended:
            how = f"drill acknowledge {record.drill_id[:_SHORT_ID]} --by NAME"
            self._say(f"acknowledge: celery -A yourapp maintenance {how}")

    def show(self, moment: Moment) -> None:
        """Something happened."""
        step, seen = moment.step, moment.seen
        if step is None:
            self._say(f"told: {moment.text}")
        elif seen is not None:
            self._say(f"{step.key}: {_ended(step, seen)}")
        elif step.is_people:
            self._say(f"{step.key}, {step.who.value}, within {short_time(step.within)}: {step.title}")
        else:
            self._say(f"{step.key}: {step.title} …")

    def asked(self, step: Step) -> str | None:
        """The name that somebody has typed for this step."""
        if self._asking != step.key:
            self._asking, self._typed = step.key, b""
            _forget_typed()
            click.echo("         your name when it is done, then Enter: ", nl=False, err=True)
        if not select.select([sys.stdin], [], [], 0)[0]:
            return None
        piece = os.read(sys.stdin.fileno(), 200)
        self._typed += piece
        if b"\n" not in self._typed:
            return None
        line, _, self._typed = self._typed.partition(b"\n")
        return line.decode("utf-8", "replace").strip() or operator()

    def _say(self, text: str) -> None:
        if not self.quiet:
            click.echo(f"{time.monotonic() - self._began:7.1f}  {safe(text)}", err=True)


def played(*, acknowledge: bool, unattended: bool, quiet: bool) -> Played:
    """Shows a drill that begins now."""
    return Played(acknowledge=acknowledge, unattended=unattended, quiet=quiet)


def _forget_typed() -> None:
    """What was typed before the question is no answer to it."""
    if sys.stdin.isatty():
        termios.tcflush(sys.stdin, termios.TCIFLUSH)


def _ended(step: Step, seen: Seen) -> str:
    if seen.skipped:
        return f"skipped, {step.points} points not earned"
    if seen.seconds is None:
        return f"not seen: {seen.why}"
    by = f" by {seen.by}" if seen.by else ""
    why = f" ({seen.why})" if seen.why else ""
    return f"{short_time(seen.seconds)}{by}{why}"


def list_screen(ctx: click.Context, records: Sequence[DrillRecord]) -> Screen:
    """The last drills."""
    screen = Screen(ctx)
    if not records:
        screen.head("No drill was played yet")
        screen.line("  celery -A yourapp maintenance drill security-incident")
        return screen
    titles = ("id", "began", "scenario", "where", "state", "score", "by")
    rows: list[tuple[str, ...]] = [
        (
            one.drill_id[:_SHORT_ID],
            moment(one.began_at),
            one.scenario,
            one.place,
            one.state.value,
            f"{one.percent:g} %" if one.percent is not None else "none",
            one.by,
        )
        for one in records
    ]
    screen.table(titles, rows)
    return screen


def card_screen(ctx: click.Context, record: DrillRecord) -> Screen:
    """A score card."""
    screen = Screen(ctx)
    card = record.card
    screen.head(*_verdict(record))
    screen.row("id", record.drill_id)
    screen.row("played", f"{moment(record.began_at)} by {record.by}, {record.place}")
    if not card:
        if record.waiting_for:
            screen.row("waits for", record.waiting_for)
        screen.note("it runs, or its process was killed: there is no result")
        return screen
    for concern, seconds in card["seconds"].items():
        screen.row(concern, short_time(seconds) if seconds is not None else "unknown: not all of it was seen")
    screen.line()
    titles = ("step", "who", "outcome", "took", "target", "points", "by")
    screen.table(titles, [_row(line) for line in card["lines"]])
    screen.line()
    screen.line("  time of each step; | is its target", "quiet")
    for line in card["lines"]:
        screen.line(
            f"  {line['key']:<14}{plot(line['seconds'], line['within'])}",
            _TONES.get(line["outcome"], "quiet"),
        )
    screen.line()
    _notes(screen, record)
    return screen


def plot(seconds: float | None, within: float) -> str:
    """A bar: how long it took, and where the target is. A `>` at its end: it went on."""
    cells = [" "] * _WIDTH
    if seconds is not None:
        filled = round(_AT_TARGET * seconds / within) if within else _WIDTH
        cells[: min(filled, _WIDTH)] = "#" * min(filled, _WIDTH)
        if filled > _WIDTH:
            cells[-1] = ">"
    cells[_AT_TARGET] = "|"
    took = short_time(seconds) if seconds is not None else "?"
    return f"{''.join(cells)} {took} of {short_time(within)}"


def _verdict(record: DrillRecord) -> tuple[str, str]:
    card = record.card
    if not card:
        return f"Drill {record.scenario}: {record.state.value}", "warn"
    if card["aborted"]:
        return f"Drill {record.scenario}: aborted, no score", "warn"
    percent = card["percent"]
    tone = "good" if percent >= _GOOD else "warn" if percent >= _PASSES else "bad"
    points = f"{card['earned']:g} of {card['possible']} points"
    return f"Drill {record.scenario}: {points}, {percent:g} % ({card['level']})", tone


def _row(line: Mapping[str, Any]) -> tuple[str, ...]:
    took = short_time(line["seconds"]) if line["seconds"] is not None else "?"
    mark = "" if line["outcome"] == "in time" else "! "
    points = f"{line['earned']:g} of {line['points']}"
    outcome = f"{mark}{line['outcome']}"
    return (line["key"], line["who"], outcome, took, short_time(line["within"]), points, line["by"])


def _notes(screen: Screen, record: DrillRecord) -> None:
    card = record.card
    if card["aborted"]:
        screen.note(f"aborted: {card['aborted']}")
    skipped = [line for line in card["lines"] if line["outcome"] == "skipped"]
    if skipped:
        points = sum(line["points"] for line in skipped)
        screen.note(
            f"{len(skipped)} steps were skipped: {points} points of the {card['possible']} not earned"
        )
    for line in card["lines"]:
        if line["outcome"] == "not seen" and line["why"]:
            screen.note(f"{line['key']} was not seen: {line['why']}", "bad")
