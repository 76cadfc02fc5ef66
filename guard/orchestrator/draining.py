"""The drain of a window: gather what is known of its workers and of workflows that go on."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from guard.core.drain import DrainFacts, DrainView, view_drain
from guard.core.history import AuditRecord
from guard.core.modes import Mode
from guard.core.named_events import EventName
from guard.core.stuck import stuck_on, tells_news
from guard.errors import StateMissing, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.finishing import FinishingStep
    from guard.core.named_events import Announces
    from guard.core.roster import RosterEntry
    from guard.core.state import GuardState
    from guard.orchestrator.fates import Fates
    from guard.ports import Clock, ControlPlane, DurableStore, FinishingSteps

__all__ = ["Draining"]

log = logging.getLogger(__name__)


class Draining:
    """How far a window's drain is.

    Args:
        lease: seconds after which a worker that is not heard of counts as silent.
        fates: the roll, and who finds out what became of silent workers.
        finishing: gives the steps of workflows that go on.
    """

    def __init__(
        self,
        *,
        durable: DurableStore,
        plane: ControlPlane,
        clock: Clock,
        lease: float,
        fates: Fates,
        finishing: Callable[[], FinishingSteps],
        announce: Announces,
    ) -> None:
        self._announce = announce
        self._told: tuple[str, frozenset[str]] = "", frozenset()
        self._durable = durable
        self._plane = plane
        self._clock = clock
        self._lease = lease
        self._fates = fates
        self._finishing = finishing

    def view(self, state: GuardState) -> DrainView:
        """How far the drain is. Never raises for a store that is away: that is part of the answer."""
        asked = self._clock.boot()
        workers = self._workers()
        age = self._registry_age(asked, workers)
        if workers is not None:
            self._fates.enrol(state.window_id, workers)
        settled = self._fates.settled_roll(state, workers or ())
        view = view_drain(
            DrainFacts(
                epoch=state.epoch,
                workers=workers,
                roll=settled[0] if settled is not None else None,
                undelivered=settled[1] if settled is not None else frozenset(),
                lease=self._lease,
                registry_age=age,
                now=self._clock.wall(),
                steps=self._steps_of(state),
            )
        )
        self._tell_if_stuck(state, view)
        return view

    def _tell_if_stuck(self, state: GuardState, view: DrainView) -> None:
        stuck = stuck_on(view, drained_for=self._clock.wall() - state.changed_at)
        window_id, told = self._told
        told = told if window_id == state.window_id else frozenset()
        if tells_news(stuck, told):
            self._announce(
                EventName.DRAIN_STUCK,
                window_id=state.window_id,
                epoch=state.epoch,
                blockers=list(stuck),
                unknown=list(view.unknown),
            )
            self._told = state.window_id, told | frozenset(stuck)

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
                self._durable.journal(
                    AuditRecord(
                        at=self._clock.wall(),
                        actor=by,
                        action="step vouched",
                        epoch=state.epoch,
                        outcome="done",
                        detail=step.to_dict(),
                    )
                )
                self._announce(
                    EventName.STEP_VOUCHED,
                    window_id=state.window_id,
                    epoch=state.epoch,
                    task_id=step.task_id,
                    task=step.task,
                    by=by,
                )
                return
        self._fates.vouch(state, node, self._workers() or (), by=by)

    def _registry_age(self, asked: float, workers: tuple[RosterEntry, ...] | None) -> float | None:
        """How old the registry was when the workers were asked for, at this boot time; None when nobody says.

        It is looked at after the workers: between these two looks it may be lost, and then it is young. An
        age from before them would speak for a registry that they were not read from. This thread may stand
        still between the looks, so what has passed since the first does not count.
        """
        try:
            return self._plane.barrier().registry_age - (self._clock.boot() - asked)
        except StateMissing:
            if workers == ():
                self._restore()
            return None
        except StoreError:
            return None

    def _restore(self) -> None:
        """The control plane is empty, and nobody is registered who would write the state again: without it
        the registry would never be known to be whole."""
        try:
            self._plane.publish(self._durable.read())
        except StoreError as error:
            log.debug("the control plane stays empty: %s", error)

    def _workers(self) -> tuple[RosterEntry, ...] | None:
        try:
            return tuple(entry for entry in self._plane.roster() if entry.card.role == "worker")
        except StoreError:
            return None
