"""The timeline of a window: the journal, alerts and the ends of jobs, in one order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.reports.report import Moment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.core.reports.facts import WindowFacts

__all__ = ["MOST_MOMENTS", "timeline_of"]

MOST_MOMENTS = 1000
_LONGEST = 300
_LEFT_OUT = frozenset({"window_id"})


def timeline_of(facts: WindowFacts, *, most: int) -> tuple[tuple[Moment, ...], int]:
    """Everything in the order in which it happened, and how much was left out in the middle."""
    moments = [
        Moment(
            at=line.at,
            what=line.action if line.outcome == "done" else f"{line.action}: {line.outcome}",
            who=line.actor,
            detail=in_words(line.detail),
            source=facts.journal.source,
        )
        for line in facts.journal.value or ()
    ]
    moments += [
        Moment(
            at=alert.at,
            what=f"alert ({alert.severity.value}): {alert.kind}",
            detail=alert.message[:_LONGEST],
            source=facts.alerts.source,
        )
        for alert in facts.alerts.value or ()
    ]
    moments += [
        Moment(
            at=job.ended_at,
            what=f"job {job.outcome.value}",
            who=job.worker,
            detail=f"{job.task} {job.task_id}, asked {job.ended_at - job.asked_at:.1f} s before,"
            f" now {job.went.value}",
            source=facts.outcomes.source,
        )
        for job in facts.outcomes.value or ()
    ]
    ordered = sorted(moments, key=lambda one: one.at)
    if len(ordered) <= most:
        return tuple(ordered), 0
    half = most // 2
    return (*ordered[:half], *ordered[len(ordered) - half :]), len(ordered) - 2 * half


def in_words(detail: Mapping[str, object]) -> str:
    """``mode emergency, grace 5``: what is empty and the window itself are left out."""
    parts = [
        f"{name.replace('_', ' ')} {_said(value)}"
        for name, value in detail.items()
        if name not in _LEFT_OUT and value not in (None, "", [], {}, ())
    ]
    return ", ".join(parts)[:_LONGEST]


def _said(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name} {_said(one)}" for name, one in value.items())
    if isinstance(value, list):
        return " ".join(_said(one) for one in value)
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
