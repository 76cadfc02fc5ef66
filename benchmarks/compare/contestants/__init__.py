"""Every contestant, in the order of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.compare.contestants.bullmq import BullmqQueue, BullmqWorker
from benchmarks.compare.contestants.celery_alone import CeleryCancel, CeleryRevoke, CeleryStopped
from benchmarks.compare.contestants.dramatiq import DramatiqLater, DramatiqStopped
from benchmarks.compare.contestants.guarded import GuardHold, GuardRefuse
from benchmarks.compare.contestants.huey import Huey
from benchmarks.compare.contestants.rq import Rq

if TYPE_CHECKING:
    from benchmarks.compare.contestant import Contestant

__all__ = ["CONTESTANTS"]

CONTESTANTS: dict[str, type[Contestant]] = {
    kind.name: kind
    for kind in (
        GuardRefuse,
        GuardHold,
        CeleryCancel,
        CeleryRevoke,
        CeleryStopped,
        Rq,
        Huey,
        DramatiqStopped,
        DramatiqLater,
        BullmqQueue,
        BullmqWorker,
    )
}
