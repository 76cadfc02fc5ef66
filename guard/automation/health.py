"""The check before the gates open again: is everything there that jobs will need?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.optimization_report import Finding
from guard.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guard.automation.parts import OptimizationParts
    from guard.core.roster import RosterEntry
    from guard.upkeep.database import Database

__all__ = ["check_health"]

_PAUSE_SECONDS = 0.2


def check_health(
    parts: OptimizationParts, database: Database | None, tables: Iterable[str]
) -> tuple[Finding, ...]:
    """What was found. It changes nothing, and keeps no window closed: what is wrong is told."""
    epoch: int | None = None
    try:
        epoch = parts.changes.durable.read().epoch
        durable = Finding(name="durable store", good=True, note=f"epoch {epoch}")
    except StoreError as error:
        durable = Finding(name="durable store", good=False, note=str(error))
    try:
        live = parts.changes.plane.read().epoch
        agree = epoch is None or live == epoch
        plane = Finding(name="control plane", good=agree, note=f"epoch {live}")
    except StoreError as error:
        plane = Finding(name="control plane", good=False, note=str(error))
    return (
        durable,
        plane,
        _workers_soon(parts, epoch),
        *(_readable(database, name) for name in tables if database is not None),
    )


def _workers_soon(parts: OptimizationParts, epoch: int | None) -> Finding:
    """The window's last step may be milliseconds old: workers get one lease to follow."""
    lease = parts.settings.guard_lease_seconds
    until = parts.clock.boot() + lease
    while True:
        found = _workers(parts.roster(), epoch, lease=lease)
        if found.good is not False or parts.clock.boot() >= until:
            return found
        parts.clock.sleep(_PAUSE_SECONDS)


def _workers(roster: list[RosterEntry] | None, epoch: int | None, *, lease: float) -> Finding:
    if roster is None or epoch is None:
        return Finding(name="workers", good=None, note="nobody can say which workers follow")
    live = [one for one in roster if one.card.role == "worker" and one.seen_seconds_ago < lease]
    behind = [one.card.node for one in live if one.acknowledged_epoch < epoch]
    silent = [one.card.node for one in roster if one.card.role == "worker" and one not in live]
    if behind or silent:
        told = [*(f"{node} is behind" for node in behind), *(f"{node} is silent" for node in silent)]
        return Finding(name="workers", good=False, note=", ".join(told[:10]))
    return Finding(name="workers", good=True, note=f"{len(live)} acknowledged")


def _readable(database: Database, name: str) -> Finding:
    problem = database.read_one(name)
    return Finding(name=f"table {name}", good=not problem, note=problem)
