"""The emergency ladder, walked: asks running jobs to stop, and ends those that do not.

Each worker walks its own, in a thread of its own, from the moment its agent learns of the emergency. It
needs nobody else: not whoever opened the window, not Redis, not the broker, not the worker's main loop.
What it decides is in `guard.core.ladder`; what needs a network is left to `guard.worker.errands`.

Loaded when an emergency meets running jobs, not before.
"""

from __future__ import annotations

import functools
import logging
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from guard.core.ladder import Step, next_signal_at, next_step
from guard.core.modes import Gate
from guard.core.named_events import EventName
from guard.gates.page import Rung, SlotState, mark_of
from guard.worker.climber import Climber
from guard.worker.processes import Child
from guard.worker.running import running_requests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from guard.core.ladder import Climb
    from guard.core.named_events import Announces
    from guard.core.state import GuardState
    from guard.gates.inner_celery import Request
    from guard.gates.page import SharedPage, SlotView
    from guard.gates.receipt import ReceiptGate
    from guard.ports import Clock
    from guard.worker.conclusions import Conclusions

__all__ = ["Ladder"]

log = logging.getLogger(__name__)

_PAUSE = 0.01
_IDLE_PAUSE = 0.1
"""When all that runs may run on: bypassed jobs."""
_STOP_SLICE = 0.01
_LOADING_SECONDS = 0.5
"""More than it takes to import what settles the end of a job."""


@contextmanager
def _stumbling_alone() -> Iterator[None]:
    """Whatever goes wrong with one job, the others must be asked and ended all the same. Tried again."""
    try:
        yield
    except Exception:
        log.exception("the emergency ladder stumbled over a job and goes on")


class Ladder:
    """The ladder of one worker.

    Args:
        make_conclusions: called when the first job has ended.
        grace: seconds of grace where neither task nor window says otherwise.
        terminable: whether this pool can end one job.
        how_to_end: what to do about a job that this pool cannot end, for the log.
    """

    def __init__(
        self,
        *,
        page: SharedPage,
        gate: ReceiptGate,
        make_conclusions: Callable[[], Conclusions],
        clock: Clock,
        grace: float,
        terminable: bool,
        how_to_end: str,
        announce: Announces,
    ) -> None:
        self._page = page
        self._gate = gate
        self._make_conclusions = make_conclusions
        self._clock = clock
        self._grace = grace
        self._terminable = terminable
        self._how_to_end = how_to_end
        self._announce = announce
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._walking = False
        self._state: GuardState | None = None
        self._climbers: dict[tuple[int, int, int], Climber] = {}
        self._said = ""

    @functools.cached_property
    def _conclusions(self) -> Conclusions:
        """Loaded after the jobs were asked: that must not wait for it."""
        return self._make_conclusions()

    def follow(self, state: GuardState) -> None:
        """The agent believes this state. When it is no emergency, or another one than before, jobs that were
        only asked are left alone first."""
        emergency = state if state.gate is Gate.EMERGENCY else None
        with self._lock:
            known = self._state
            if emergency is None or (known is not None and known.window_id != emergency.window_id):
                self.leave_off()
            self._state = emergency
            if self._state is not None or self._climbers:
                self._walk_on()

    def leave_off(self) -> None:
        """The emergency is over. Jobs that were only asked are left alone before this returns."""
        with self._lock:
            self._state = None
            self._walk_once()
            if self._climbers:
                self._walk_on()

    def stop(self, within: float) -> None:
        """The worker ends: wait for what has been begun, for this long at most."""
        give_up = self._clock.boot() + within
        while self._clock.boot() < give_up:
            with self._lock:
                begun = any(climber.signalled or climber.report for climber in self._climbers.values())
            if not begun and ("_conclusions" not in self.__dict__ or self._conclusions.idle):
                return
            self._clock.sleep(_STOP_SLICE)
        log.warning("this worker ends before all is recorded of the jobs that the emergency ended")

    def _walk_on(self) -> None:
        self._wake.set()
        if not self._walking:
            self._walking = True
            threading.Thread(target=self._walk, daemon=True, name="guard-ladder").start()

    def _walk(self) -> None:
        while True:
            self._wake.clear()
            with self._lock:
                runs = self._walk_once()
                if not self._climbers and not (runs and self._state is not None):
                    self._walking = False
                    return
                pause = _PAUSE if self._climbers else _IDLE_PAUSE
            with _stumbling_alone():
                if self._has_time_to_load():
                    self._conclusions  # noqa: B018 - loads what is needed when the first of them ends
            self._wake.wait(pause)

    def _has_time_to_load(self) -> bool:
        """Whether jobs are on the ladder, and no signal is due before their conclusions could be loaded."""
        with self._lock:
            soon = self._clock.boot() + _LOADING_SECONDS
            climbs = [self._look(climber)[0] for climber in self._climbers.values()]
        return bool(climbs) and all((due := next_signal_at(climb)) is None or due > soon for climb in climbs)

    def _walk_once(self) -> bool:
        """One step of every job. Whether any slot says that a job runs."""
        slots = {
            (slot.index, slot.pid, slot.started_ms): slot
            for slot in self._page.slots()
            if slot.state is SlotState.RUNNING and slot.rung is not Rung.CONCLUDED
        }
        if self._state is not None:
            for key in slots.keys() - self._climbers.keys():
                with _stumbling_alone():
                    self._meet(slots[key])
        for key, climber in list(self._climbers.items()):
            with _stumbling_alone():
                self._step(key, climber)
        return bool(slots)

    def _meet(self, slot: SlotView) -> None:
        """A job runs that is not on the ladder yet."""
        request = None if slot.rung is Rung.EXEMPT else self._request_in(slot)
        operation = request is not None and self._gate.ended_by_emergency(request)
        if request is None or not operation:
            return  # it may run, or the main loop has not heard of it yet and will in a moment
        try:
            child = Child(slot.pid) if self._terminable else None
        except ProcessLookupError:
            return
        if not self._page.view(slot.index).is_same(slot):
            if child is not None:
                child.close()
            return
        climber = Climber(slot=slot, request=request, operation=operation, child=child, tell=self._told)
        self._climbers[slot.index, slot.pid, slot.started_ms] = climber

    def _request_in(self, slot: SlotView) -> Request | None:
        """The request that runs in a slot. The slot was read before: with Celery's fair scheduling a child
        gets its next job after the parent has heard how the last one ended, so of those whose end is not
        known the pid names one."""
        for request in running_requests():
            if request.worker_pid == slot.pid and slot.mark in {0, mark_of(request.id)}:
                return request
        return None

    def _told(self, climber: Climber) -> None:
        """Celery's main loop has said how a job ended; it may have been left alone since."""
        with self._lock:
            if climber.is_concluded:
                return
            slot = climber.slot
            self._climbers.setdefault((slot.index, slot.pid, slot.started_ms), climber)
            self._walk_on()

    def _step(self, key: tuple[int, int, int], climber: Climber) -> None:
        climb, slot = self._look(climber)
        now = self._clock.boot()
        match next_step(climb, now):
            case Step.ASK:
                self._ask(climber, climb, now)
            case Step.PARK:
                if not climber.is_parking:
                    self._conclusions.park(climber)
            case Step.TERM:
                self._signal(climber, signal.SIGTERM)
            case Step.KILL:
                self._signal(climber, signal.SIGKILL)
            case Step.LEAVE:
                self._drop(key, climber)
                self._page.set_rung(climber.slot, Rung.NONE)
                self._conclusions.leave(climber)
                self._announce(EventName.JOB_SPARED, **climber.told)
            case Step.CONCLUDE:
                self._drop(key, climber)
                climber.is_concluded = True
                if climber.asked_at is not None:
                    self._page.set_rung(climber.slot, Rung.CONCLUDED)
                    self._conclusions.conclude(climber, doubtful=climber.may_have_succeeded(slot))

    def _look(self, climber: Climber) -> tuple[Climb, SlotView]:
        # The process first: what a slot says after its process has gone is final.
        state = self._state
        grace = state.terms.grace if state is not None and state.terms.grace is not None else self._grace
        climb = climber.look(
            self._page.view(climber.slot.index),
            grace=grace,
            terminable=self._terminable,
            wanted=state is not None,
        )
        return climb, self._page.view(climber.slot.index)

    def _ask(self, climber: Climber, climb: Climb, now: float) -> None:
        assert self._state is not None  # noqa: S101 - nobody is asked without an emergency
        climber.asked(self._state, now)
        self._page.ask(climber.slot, int((now + climb.grace) * 1000))
        if not climb.grace:
            self._wake.set()  # its signal is due at the next step, once all others are asked
        self._announce(EventName.JOB_ASKED, **climber.told, grace=climb.grace)
        if climber.child is None:
            if self._said != self._state.window_id:
                self._said = self._state.window_id
                log.warning("this worker's pool cannot end a job, it can only ask. %s", self._how_to_end)
        elif climber.soft_stop:
            climber.child.signal_if(signal.SIGUSR1, lambda: self._still_runs(climber))

    def _signal(self, climber: Climber, number: signal.Signals) -> None:
        """End a job's process, unless its slot says, while it stands still, that the job is over."""
        child = climber.child
        assert child is not None  # noqa: S101 - only pools that can end a job get here
        before = climber.terminated_at, climber.killed_at

        def is_meant() -> bool:
            slot = self._page.view(climber.slot.index)
            exiting = slot.state is SlotState.EXITING and number is signal.SIGKILL
            if not slot.is_same(climber.slot) or not (slot.state is SlotState.RUNNING or exiting):
                return False
            # Written before it is sent, and while the child stands still: whoever hears of its end, there
            # or in the main loop, must know that it was us.
            self._page.set_rung(climber.slot, Rung.SIGNALLED)
            if number is signal.SIGKILL:
                climber.killed_at = self._clock.boot()
            else:
                climber.terminated_at = self._clock.boot()
            return True

        sent = child.signal_if(number, is_meant)
        if sent:
            self._announce(EventName.JOB_SIGNALLED, **climber.told, signal=number.name, pid=child.pid)
        elif (climber.terminated_at, climber.killed_at) != before:  # it vanished between look and signal
            climber.terminated_at, climber.killed_at = before

    def _still_runs(self, climber: Climber) -> bool:
        slot = self._page.view(climber.slot.index)
        return slot.is_same(climber.slot) and slot.state is SlotState.RUNNING

    def _drop(self, key: tuple[int, int, int], climber: Climber) -> None:
        del self._climbers[key]
        if climber.child is not None:
            climber.child.close()
