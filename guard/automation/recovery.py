"""Recovery: the window of a run whose process is gone is ended by whoever looks.

A run holds a lease in the durable store from before its window opens until after it has ended. When that has
run out, or a window of the automation is open with no lease at all, its process is dead or cut off. The beat,
the workers' housekeeping and the next run all look; the lease's fence lets one of them act.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.automation.automated_window import AutomatedWindow
from guard.automation.holding import Holding
from guard.core.optimization import BY, Ruling
from guard.core.optimization_report import Report, RunOutcome, Step, table_report

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from guard.automation.parts import OptimizationParts
    from guard.automation.record import Records
    from guard.core.optimization_report import TableReport

__all__ = ["recover", "tables_from_notes"]


def recover(parts: OptimizationParts, records: Records) -> Report | None:
    """End the window that a dead run has left open, and report what it had done. None: there is none.

    Raises:
        StoreUnavailable: the durable store did not answer; nothing was changed.
    """
    now = parts.clock.wall()
    window_id = _left_behind(parts, now)
    if window_id is None:
        return None
    fence = parts.leases.take(window_id, parts.who, now=now, until=now + parts.patience.lease)
    if fence is None:
        return None  # somebody else is at it
    with Holding(parts.leases, fence, clock=parts.clock, patience=parts.patience) as holding:
        ended = AutomatedWindow(parts, window_id).end(within=0.0)
        if ended.ended is False:
            holding.keep()
            return None  # the durable store went away again: next time
        begun, notes = records.of(window_id)
        named = tuple(begun["named"]) if begun is not None else ()
        report = Report(
            window_id=window_id,
            by=str(begun["by"]) if begun is not None else BY,
            outcome=RunOutcome.RECOVERED,
            why="the process that ran it is gone",
            began_at=_began_at(parts, window_id) or now,
            ended_at=parts.clock.wall(),
            named=named,
            tables=tables_from_notes(named, notes, "not done: the process that ran it is gone"),
            window_ended=ended.ended,
            released=ended.released,
            problems=(ended.problem,) if ended.problem else (),
        )
        records.finished(report)
    return report


def _left_behind(parts: OptimizationParts, now: float) -> str | None:
    """The window whose run is dead."""
    lease = parts.leases.look()
    if lease is not None:
        return lease.window_id if lease.until <= now else None
    state = parts.changes.durable.read()
    orphan = state.is_active and state.by == BY and now - state.changed_at > parts.patience.lease
    return state.window_id if orphan else None


def _began_at(parts: OptimizationParts, window_id: str) -> float | None:
    window = parts.changes.durable.window(window_id)
    return window.started_at if window is not None else None


def tables_from_notes(
    named: Sequence[str], notes: Sequence[Mapping[str, Any]], why: str
) -> tuple[TableReport, ...]:
    """What became of each table of a run that did not end, from its notes; `why` is said of the others."""
    return tuple(
        _from_notes(name, [note for note in notes if note.get("table") == name], why) for name in named
    )


def _from_notes(name: str, notes: Sequence[Mapping[str, Any]], why: str) -> TableReport:
    steps = [Step.from_dict(note["step"]) for note in notes if "step" in note]
    ruled = next((note for note in notes if "optimise" in note), None)
    ruling = Ruling(optimise=ruled["optimise"], why=str(ruled["why"])) if ruled is not None else None
    undone = ""
    if not steps:
        undone = why
    elif ruling is None:
        undone = "analysed; whether to rebuild it was not decided any more"
    elif ruling.optimise and len(steps) == 1:
        undone = "optimise: begun, and nobody knows how it ended"
    return table_report(
        name, steps, ruling, missing=any(note.get("missing") for note in notes), undone=undone
    )
