"""What became of a window's workers that do not answer: left, gone, or vouched for."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from guard.core.history import AuditRecord
from guard.core.modes import Gate
from guard.core.named_events import EventName
from guard.core.roll import Fate, RollEntry
from guard.errors import InvalidRequest, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from guard.core.named_events import Announces
    from guard.core.roster import RosterEntry
    from guard.core.state import GuardState
    from guard.fleet.redelivery import Redelivery
    from guard.ports import Clock, ControlPlane, DurableStore

__all__ = ["Fates", "enrol"]

log = logging.getLogger(__name__)


def enrol(durable: DurableStore, window_id: str, workers: Collection[RosterEntry]) -> None:
    """Put workers on the roll of a window. When the durable store is away, the next look does it."""
    entries = [
        RollEntry(
            agent_id=card.agent_id,
            node=card.node,
            host=card.host,
            pid=card.pid,
            machine=card.machine,
            page=card.page,
        )
        for card in (worker.card for worker in workers)
    ]
    try:
        durable.enrol(window_id, entries)
    except StoreError as error:
        log.debug("the roll is not written: %s", error)


class Fates:
    """The roll of a window, and what is found out of those on it that are silent.

    Args:
        lease: seconds after which a worker that is not heard of counts as silent.
        is_gone: whether a worker is gone from its machine and no pool child that it left is in a job; None
            when that cannot be told.
        redelivery: gives back what workers had that are gone.
    """

    def __init__(
        self,
        *,
        durable: DurableStore,
        plane: ControlPlane,
        clock: Clock,
        lease: float,
        is_gone: Callable[[RollEntry], bool | None],
        redelivery: Callable[[], Redelivery],
        announce: Announces,
    ) -> None:
        self._announce = announce
        self._durable = durable
        self._plane = plane
        self._clock = clock
        self._lease = lease
        self._is_gone = is_gone
        self._redelivery = redelivery

    def enrol(self, window_id: str, workers: Collection[RosterEntry]) -> None:
        """Put workers on the roll."""
        enrol(self._durable, window_id, workers)

    def settled_roll(
        self, state: GuardState, workers: Collection[RosterEntry]
    ) -> tuple[tuple[RollEntry, ...], frozenset[str]] | None:
        """The roll, after what can be found out of silent workers was; and the ids of agents that are gone
        while their jobs are not back yet. None when the durable store does not answer."""
        try:
            silent = self._silent(state, workers)
            left = [entry for entry in silent if self._plane.departed(entry.agent_id)]
            gone = [entry for entry in silent if entry not in left and self._is_gone(entry)]
            for entry in left:
                self._settle(state, entry, Fate.LEFT)
            undelivered = frozenset(entry.agent_id for entry in self._settle_gone(state, gone, workers))
            return tuple(self._durable.roll(state.window_id)), undelivered
        except StoreError:
            return None

    def vouch(self, state: GuardState, node: str, workers: Collection[RosterEntry], *, by: str) -> None:
        """Take an operator's word that a silent worker runs nothing any more. Its jobs are given back if it
        can be told which they are; else the broker does that in its time.

        Args:
            node: the worker's name, or its agent's id.

        Raises:
            InvalidRequest: no worker of this window is silent under that name, or several are.
        """
        everyone = self._silent(state, workers)
        silent = [entry for entry in everyone if node in {entry.node, entry.agent_id}]
        if len(silent) != 1:
            known = ", ".join(f"{entry.node} ({entry.agent_id})" for entry in everyone) or "none"
            problem = "is not silent" if not silent else "is the name of several silent workers: give the id"
            raise InvalidRequest(f"worker {node[:80]!r} {problem}; silent are: {known}")
        (entry,) = silent
        given_back = self._bring_back(state, [entry], workers)
        self._settle(state, entry, Fate.VOUCHED, by=by, given_back=given_back)

    def _silent(self, state: GuardState, workers: Collection[RosterEntry]) -> list[RollEntry]:
        heard = {worker.card.agent_id for worker in workers if worker.seen_seconds_ago <= self._lease}
        return [
            entry
            for entry in self._durable.roll(state.window_id)
            if entry.agent_id not in heard and entry.fate is Fate.UNKNOWN
        ]

    def _settle_gone(
        self, state: GuardState, gone: Sequence[RollEntry], workers: Collection[RosterEntry]
    ) -> Sequence[RollEntry]:
        """Settle workers that are gone if their jobs are back; else return them."""
        if not gone:
            return ()
        given_back = self._bring_back(state, gone, workers)
        if given_back is None:
            return gone
        for entry in gone:
            self._settle(state, entry, Fate.GONE, given_back=given_back)
        return ()

    def _bring_back(
        self, state: GuardState, gone: Collection[RollEntry], workers: Collection[RosterEntry]
    ) -> tuple[str, ...] | None:
        if state.gate in {Gate.OPEN, Gate.TEST}:
            return ()  # a rehearsal touches nothing
        ids = {entry.agent_id for entry in gone}
        settled = {entry.agent_id for entry in self._durable.roll(state.window_id) if entry.fate}
        last = {worker.card.agent_id: worker.report for worker in workers}
        others = [
            worker.report
            for worker in workers
            if worker.card.agent_id not in ids
            and (worker.seen_seconds_ago <= self._lease or worker.card.agent_id not in settled)
        ]
        return self._redelivery().bring_back(state, gone=[last.get(one) for one in ids], others=others)

    def _settle(
        self,
        state: GuardState,
        entry: RollEntry,
        fate: Fate,
        *,
        by: str = "guard",
        given_back: Sequence[str] | None = (),
    ) -> None:
        if not self._durable.settle(state.window_id, entry.agent_id, fate):
            return
        self._announce(
            EventName.WORKER_SETTLED,
            window_id=state.window_id,
            epoch=state.epoch,
            worker=entry.node,
            fate=fate.value,
            by=by,
        )
        detail: Mapping[str, object] = {
            "window_id": state.window_id,
            "agent_id": entry.agent_id,
            "node": entry.node,
            "host": entry.host,
            "pid": entry.pid,
            "given_back": list(given_back) if given_back is not None else None,
        }
        self._durable.journal(
            AuditRecord(
                at=self._clock.wall(),
                actor=by,
                action=f"worker {fate.value}",
                epoch=state.epoch,
                outcome="done",
                detail=detail,
            )
        )
