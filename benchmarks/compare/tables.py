"""All rounds as four tables. Pure: they are made of what the JSON has, so an old run can be shown again."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.compare.wording import NONE, counts, ratio, seconds, spread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["GUARD", "Rows", "Table", "tables"]

GUARD = "guard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Headings and rows of text; the first column is the contestant."""

    title: str
    headings: tuple[str, ...]
    rows: list[tuple[str, ...]]

    def as_text(self) -> str:
        """Columns aligned, for a terminal. A note instead of figures may run on to the right."""
        whole = [self.headings, *(row for row in self.rows if len(row) == len(self.headings))]
        widths = [max(len(line[column]) for line in whole) for column in range(len(self.headings))]
        widths[0] = max(len(line[0]) for line in (self.headings, *self.rows))
        lines = (
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=False))
            for line in (self.headings, *self.rows)
        )
        return "\n".join([self.title, *(f"  {line}".rstrip() for line in lines)])

    def as_markdown(self) -> str:
        """A table of Markdown."""
        lines = [self.headings, ("---",) * len(self.headings), *self.rows]
        cells = [(*line, *("",) * (len(self.headings) - len(line))) for line in lines]
        return "\n".join([f"**{self.title}**", "", *(f"| {' | '.join(line)} |" for line in cells)])


class Rows:
    """The rounds of one contestant: `of(kind, name)` are a figure's values, one for each round."""

    def __init__(self, rounds: Sequence[dict[str, Any]], *, drops: bool) -> None:
        self.rounds = rounds
        self.drops = drops

    def of(self, kind: str, name: str) -> list[Any]:
        """One figure of every round of this kind."""
        return [each["figures"][name] for each in self.rounds if each["round"] == kind]

    def all_of(self, name: str, *kinds: str) -> list[Any]:
        """One figure of every round of these kinds."""
        return [value for kind in kinds for value in self.of(kind, name)]


def tables(report: dict[str, Any]) -> list[Table]:
    """The tables of a run.

    Args:
        report: `contestants`: name to `why_not` and `drops`; `rounds`: as `Played.to_dict` has them.
    """
    by_name = {
        name: Rows([each for each in report["rounds"] if each["contestant"] == name], drops=about["drops"])
        for name, about in report["contestants"].items()
    }
    guard = by_name.get(GUARD, Rows([], drops=False))
    return [
        Table(title=title, headings=("", *headings), rows=_rows(report, by_name, guard, cells))
        for title, headings, cells in _TABLES
    ]


def _rows(
    report: dict[str, Any],
    by_name: dict[str, Rows],
    guard: Rows,
    cells: Callable[[Rows, Rows], tuple[str, ...]],
) -> list[tuple[str, ...]]:
    made = []
    for name, about in report["contestants"].items():
        if about["why_not"]:
            made.append((name, f"not run: {about['why_not']}"))
        elif not by_name[name].rounds:
            made.append((name, "no round was played to its end"))
        else:
            made.append((name, *cells(by_name[name], guard)))
    return made


def _pausing(rows: Rows, guard: Rows) -> tuple[str, ...]:
    after = rows.of("calm", "after")
    latest = [value for value in rows.of("calm", "latest_after") if value is not None]
    return (
        spread(rows.of("calm", "call")),
        ratio(rows.of("calm", "call"), guard.of("calm", "call")),
        spread(rows.of("calm", "last_start")),
        counts(after),
        seconds(max(latest)) if latest else NONE,
        spread(rows.of("calm", "first_call")),
    )


def _paused(rows: Rows, _guard: Rows) -> tuple[str, ...]:
    told = rows.of("long", "told_right")
    then = rows.of("long", "running_then")
    known = [right for right in told if right is not None]
    return (
        f"{sum(rows.of('long', 'running_ended'))} of {sum(rows.of('long', 'running'))}",
        NONE if not sum(then) else f"{sum(known)} of {sum(then)}" if known else "cannot say",
        counts(rows.of("long", "after")),
        counts(rows.of("idle", "after")),
        _publishing(rows),
        f"{counts(rows.of('calm', 'held'))} of {counts(rows.of('calm', 'owed'))}",
    )


def _publishing(rows: Rows) -> str:
    accepted, refused = (sum(rows.of("calm", f"{what}_meanwhile")) for what in ("accepted", "refused"))
    if accepted and refused:
        return f"{accepted} accepted, {refused} refused"
    return "goes on" if accepted else "refused"


def _resuming(rows: Rows, guard: Rows) -> tuple[str, ...]:
    rates = [rate for rate in rows.of("unpaused", "rate") if rate]
    pace = median(rates) if rates else None
    ended = zip(rows.of("calm", "all_ended"), rows.of("calm", "ended_after"), strict=True)
    beside = [spent / (number / pace) for spent, number in ended if spent and number and pace]
    whole = ("calm", "idle", "long", "unpaused")
    return (
        spread(rows.of("calm", "first_start")),
        ratio(rows.of("calm", "first_start"), guard.of("calm", "first_start")),
        spread(rows.of("calm", "resume_call")),
        f"{pace:.0f} /s" if pace else NONE,
        f"{median(beside):.2f}" if beside and not rows.drops else NONE,
        f"{sum(rows.all_of('accepted', *whole)):,}",
        _gone(rows, *whole),
        f"{sum(rows.all_of('twice', *whole)):,}",
    )


def _surviving(rows: Rows, _guard: Rows) -> tuple[str, ...]:
    crashed = [f"{sum(rows.of('crashed', what)):,}" for what in ("lost", "kept", "twice")]
    return (
        counts(rows.of("restarted", "after_disturbance")),
        _gone(rows, "restarted"),
        counts(rows.of("killed", "after_disturbance")),
        _gone(rows, "killed"),
        f"{sum(rows.of('crashed', 'accepted')):,}",
        *crashed,
    )


def _gone(rows: Rows, *kinds: str) -> str:
    if not any(each["round"] in kinds for each in rows.rounds):
        return NONE
    lost, kept = (sum(rows.all_of(what, *kinds)) for what in ("lost", "kept"))
    told = f"{lost:,} dropped" if rows.drops and lost else f"{lost:,}"
    return f"{told}, {kept:,} kept" if kept else told


_TABLES: tuple[tuple[str, tuple[str, ...], Callable[[Rows, Rows], tuple[str, ...]]], ...] = (
    (
        "Until it is paused, jobs of 50 ms at work",
        (
            "call returned",
            "guard / it",
            "last start after the call began",
            "started after it returned",
            "latest of them",
            "first call of a process",
        ),
        _pausing,
    ),
    (
        "While it is paused",
        (
            "running jobs that ended",
            "named as running",
            "long jobs that started",
            "of an idle fleet: started",
            "publishing",
            "held, by its own word",
        ),
        _paused,
    ),
    (
        "Resuming, and the books",
        (
            "first start",
            "guard / it",
            "call returned",
            "without a pause",
            "time to end all / without a pause",
            "accepted",
            "lost",
            "started twice",
        ),
        _resuming,
    ),
    (
        "A worker is replaced",
        (
            "SIGTERM in the pause: started",
            "lost",
            "SIGKILL in the pause: started",
            "lost",
            "SIGKILL at work: accepted",
            "lost",
            "kept",
            "started twice",
        ),
        _surviving,
    ),
)
