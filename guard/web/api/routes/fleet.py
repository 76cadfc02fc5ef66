"""Workers, and how far the drain is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.core.access import Deed, Right
from guard.web.api.asked import Reply, Route
from guard.web.api.shapes import base, work
from guard.web.api.shapes import windows as shapes

if TYPE_CHECKING:
    from guard.core.roster import RosterEntry
    from guard.web.api.asked import Asked

__all__ = ["ROUTES"]

_GROUP = "workers"


def _workers(asked: Asked) -> Reply:
    entries, epoch = asked.guard.workers(), asked.site.standing.now().status.epoch
    found = None if entries is None else [_worker(entry, epoch) for entry in sorted(entries, key=_by_name)]
    return Reply(body={"epoch": epoch, "workers": found})


def _by_name(entry: RosterEntry) -> tuple[bool, str, str]:
    return entry.card.role != "worker", entry.card.node, entry.card.agent_id


def _worker(entry: RosterEntry, epoch: int | None) -> dict[str, Any]:
    card, report, told = entry.card, entry.report, entry.acknowledged_epoch
    return {
        "agent_id": card.agent_id,
        "role": card.role,
        "node": card.node,
        "host": card.host,
        "pid": card.pid,
        "pool": card.pool,
        "slots": card.slots,
        "queues": list(card.queues),
        "terminable": card.terminable,
        "problem": card.problem,
        "acknowledged_epoch": told if told >= 0 else None,
        "current": told == epoch if epoch is not None else None,
        "seen_seconds_ago": round(entry.seen_seconds_ago, 3),
        "running": len(report.running) if report is not None else None,
        "reserved": report.reserved if report is not None else None,
        "cordoned": list(report.cordoned) if report is not None else None,
    }


def _drain(asked: Asked) -> Reply:
    return Reply(body=asked.guard.look().to_dict())


def _vouch(asked: Asked) -> Reply:
    asked.guard.vouch(asked.body.worker, by=asked.by)
    return Reply(body={"success": True, "message": "the drain no longer waits for it, on your word"})


ROUTES = (
    Route(
        method="GET",
        path="/maintenance/workers",
        name="workers",
        group=_GROUP,
        summary="Workers and publishing processes, and which epoch each has acknowledged.",
        answer=_workers,
        gives=work.WorkersAnswer,
    ),
    Route(
        method="GET",
        path="/maintenance/drain",
        name="drain",
        group=_GROUP,
        summary="What keeps the drain from being over, with estimates.",
        answer=_drain,
        gives=shapes.DrainAnswer,
    ),
    Route(
        method="POST",
        path="/maintenance/drain/vouch",
        name="vouch",
        group=_GROUP,
        summary="Say that a worker which does not answer runs nothing any more. It is believed.",
        answer=_vouch,
        gives=base.Done,
        right=Right.OPERATE,
        deed=Deed.CHANGE,
        body=shapes.VouchRequest,
    ),
)
