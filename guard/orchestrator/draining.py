"""The drain of a window: gather what is known of its workers, and settle what became of silent ones."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from guard.core.drain import DrainFacts, DrainView, view_drain
from guard.core.history import AuditRecord
from guard.core.modes import Mode
from guard.core.roll import Fate, RollEntry
from guard.errors import InvalidRequest, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from guard.core.finishing import FinishingStep
    from guard.core.roster import RosterEntry
    from guard.core.state import GuardState
    from guard.ports import Clock, ControlPlane, DurableStore, FinishingSteps

__all__ = ["Draining"]

log = logging.getLogger(__name__)


class Draining:
    """How far a window's drain is.

    Args:
        lease: seconds after which a worker that is not heard of counts as silent.
        is_gone: whether a worker is gone from its machine and no pool child that it left is in a job; None
            when that cannot be told.
        finishing: gives the steps of workflows that go on.
    """

    def __init__(
        self,
        *,
        durable: DurableStore,
        plane: ControlPlane,
        clock: Clock,
        lease: float,
        is_gone: Callable[[RollEntry], bool | None],
        finishing: Callable[[], FinishingSteps],
    ) -> None:
        self._durable = durable
        self._plane = plane
        self._clock = clock
        self._lease = lease
        self._is_gone = is_gone
        self._finishing = finishing

    def view(self, state: GuardState) -> DrainView:
        """How far the drain is. Never raises for a store that is away: that is part of the answer."""
        workers = self._workers()
        if workers is not None:
            self._enrol(state.window_id, workers)
        return view_drain(
            DrainFacts(
                epoch=state.epoch,
                workers=workers,
                roll=self._settled_roll(state.window_id, workers or ()),
                lease=self._lease,
                now=self._clock.wall(),
                steps=self._steps_of(state),
            )
        )

    def may_be_reported(self, state: GuardState) -> bool:
        """Whether the window may be called drained: no step goes on, and from now on none will."""
        try:
            return state.mode is not Mode.NORMAL or self._finishing().close(state.window_id)
        except StoreError:
            return False

    def _steps_of(self, state: GuardState) -> tuple[FinishingStep, ...] | None:
        if state.mode is not Mode.NORMAL:
            return ()  # in an emergency no step goes on
        try:
            return tuple(self._finishing().steps(state.window_id))
        except StoreError:
            return None

    def vouch(self, state: GuardState, node: str, *, by: str) -> None:
        """Take an operator's word that a silent worker runs nothing any more, or that a step which goes on is
        lost. It is journaled.

        Args:
            node: the worker's name or its agent's id, or the step's task id.

        Raises:
            InvalidRequest: no worker of this window is silent under that name, or several are.
        """
        for step in self._steps_of(state) or ():
            if step.task_id == node:
                self._finishing().end(state.window_id, step.token)
                self._write(state, "step vouched", by, step.to_dict())
                return
        silent = [entry for entry in self._silent(state) if node in {entry.node, entry.agent_id}]
        if len(silent) != 1:
            known = ", ".join(f"{entry.node} ({entry.agent_id})" for entry in self._silent(state)) or "none"
            problem = "is not silent" if not silent else "is the name of several silent workers: give the id"
            raise InvalidRequest(f"worker {node[:80]!r} {problem}; silent are: {known}")
        (entry,) = silent
        self._durable.settle(state.window_id, entry.agent_id, Fate.VOUCHED)
        self._journal(state, entry, Fate.VOUCHED, by)

    def _silent(self, state: GuardState) -> list[RollEntry]:
        heard = {
            worker.card.agent_id for worker in self._workers() or () if worker.seen_seconds_ago <= self._lease
        }
        return [
            entry
            for entry in self._durable.roll(state.window_id)
            if entry.agent_id not in heard and entry.fate is Fate.UNKNOWN
        ]

    def _workers(self) -> tuple[RosterEntry, ...] | None:
        try:
            return tuple(entry for entry in self._plane.roster() if entry.card.role == "worker")
        except StoreError:
            return None

    def _enrol(self, window_id: str, workers: tuple[RosterEntry, ...]) -> None:
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
            self._durable.enrol(window_id, entries)
        except StoreError as error:
            log.debug("the roll is not written: %s", error)

    def _settled_roll(self, window_id: str, workers: tuple[RosterEntry, ...]) -> tuple[RollEntry, ...] | None:
        """The roll, after what can be found out of silent workers was."""
        heard = {worker.card.agent_id for worker in workers if worker.seen_seconds_ago <= self._lease}
        try:
            roll = self._durable.roll(window_id)
            silent = [entry for entry in roll if entry.fate is Fate.UNKNOWN and entry.agent_id not in heard]
            settled = [entry for entry in silent if self._settle(window_id, entry)]
            return tuple(self._durable.roll(window_id) if settled else roll)
        except StoreError:
            return None

    def _settle(self, window_id: str, entry: RollEntry) -> bool:
        fate = self._fate(entry)
        if fate is Fate.UNKNOWN or not self._durable.settle(window_id, entry.agent_id, fate):
            return False
        self._journal(self._durable.read(), entry, fate, "guard")
        return True

    def _fate(self, entry: RollEntry) -> Fate:
        if self._plane.departed(entry.agent_id):
            return Fate.LEFT
        return Fate.GONE if self._is_gone(entry) else Fate.UNKNOWN

    def _journal(self, state: GuardState, entry: RollEntry, fate: Fate, by: str) -> None:
        detail = {
            "window_id": state.window_id,
            "agent_id": entry.agent_id,
            "node": entry.node,
            "host": entry.host,
            "pid": entry.pid,
        }
        log.warning("worker %s of this window does not answer any more: %s", entry.node, fate.value)
        self._write(state, f"worker {fate.value}", by, detail)

    def _write(self, state: GuardState, action: str, by: str, detail: Mapping[str, object]) -> None:
        self._durable.journal(
            AuditRecord(
                at=self._clock.wall(),
                actor=by,
                action=action,
                epoch=state.epoch,
                outcome="done",
                detail=detail,
            )
        )
