"""The ledger, wired. Loaded only where it is switched on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celery.states import READY_STATES

from guard.fleet.results import state_of
from guard.fleet.waiting import Waiting
from guard.gates.accepting import Accepting
from guard.gates.classify import CARRIERS
from guard.orchestrator.ledger_sweep import LedgerSweep
from guard.worker.bookkeeper import Bookkeeper

if TYPE_CHECKING:
    from guard.bootstrap.wiring import Wiring

__all__ = ["accepting", "bookkeeper", "ledger_sweep"]


def accepting(wiring: Wiring) -> Accepting:
    """Who enters jobs."""
    return Accepting(
        app=wiring.app, classifier=wiring.classifier, ledger=wiring.stores.ledger, clock=wiring.clock
    )


def bookkeeper(wiring: Wiring) -> Bookkeeper:
    """Who says what starts and ends in a worker."""
    classifier = wiring.classifier

    def is_kept(name: str) -> bool:
        by_job = name in CARRIERS or classifier.by_queue(name)
        return by_job or classifier.task(name).guarded

    return Bookkeeper(wiring.app, wiring.stores.ledger, is_kept=is_kept)


def ledger_sweep(wiring: Wiring) -> LedgerSweep:
    """Who finds lost jobs."""
    return LedgerSweep(
        ledger=wiring.stores.ledger,
        books=wiring.stores.ledger,
        broker=Waiting(wiring.make_broker()),
        index=wiring.stores.index,
        has_result=lambda task_id: state_of(wiring.app, task_id) in READY_STATES,
        clock=wiring.clock,
        announce=wiring.announcer.announce,
    )
