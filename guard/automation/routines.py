"""Who runs routines: takes the lock, runs, tells who must know, stores the result under the lock's fence.

`step()` is one look at the timetable and may be called by anybody at any time: what it decides is in
`guard.core.routines`, what was handled is in the store, and each writing is fenced.
"""

from __future__ import annotations

import logging
import os
import socket
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.automation.history import spans
from guard.automation.notes import in_short
from guard.core.alerts import Alert, Severity
from guard.core.modes import Mode
from guard.core.named_events import EventName, not_announced
from guard.core.routine_result import Finding, RoutineResult, new_findings
from guard.core.routines import Act, Outcome, Span, is_too_soon, rule
from guard.core.state import newer
from guard.errors import RoutineRuns, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import tzinfo

    from guard.automation.world import World
    from guard.core.named_events import Announces
    from guard.core.routine_result import RoutineRun
    from guard.core.routines import Ruling
    from guard.core.timetable import Entry
    from guard.ports import Alerts, Clock, ControlPlane, DurableStore
    from guard.store.sql.routines import Hold, SqlRoutines

__all__ = ["DueRoutine", "Runner"]

log = logging.getLogger(__name__)

_RECENT_WINDOWS = 200
"""More than there can be within the longest grace, unless somebody opens one every half hour."""
_NOTE_SECONDS = 30.0
"""For a note that a time was skipped or missed."""
_RUN_SECONDS = 360.0
"""For a run of a routine that is not in the timetable."""
_NOTED = {Act.SKIP: Outcome.SKIPPED, Act.MISS: Outcome.MISSED, Act.BEGIN: Outcome.FIRST}


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRoutine:
    """An entry, and what is to be done about it."""

    entry: Entry
    ruling: Ruling


class Runner:
    """Runs the routines of one app.

    Args:
        timetable: its entries.
        routines: what each does.
        world: gives what they may ask; called when one runs.
        told_elsewhere: kinds of findings that somebody else raises as alerts; they stay in the result.
    """

    def __init__(
        self,
        *,
        timetable: Sequence[Entry],
        routines: Mapping[str, Callable[[World], RoutineResult]],
        world: Callable[[], World],
        store: SqlRoutines,
        durable: DurableStore,
        plane: ControlPlane,
        alerts: Alerts,
        clock: Clock,
        zone: tzinfo,
        announce: Announces = not_announced,
        told_elsewhere: Collection[str] = (),
    ) -> None:
        self._announce = announce
        self._timetable = timetable
        self._routines = routines
        self._world = world
        self._store = store
        self._durable = durable
        self._plane = plane
        self._alerts = alerts
        self._clock = clock
        self._zone = zone
        self._told_elsewhere = frozenset(told_elsewhere)

    # -- deciding --------------------------------------------------------------------------------

    def due(self, now: float | None = None) -> list[DueRoutine]:
        """What is to be done about each recorded entry now. Only looks.

        Raises:
            StoreUnavailable: the durable store did not answer.
        """
        return self._look([entry for entry in self._timetable if entry.recorded], now)

    def step(self) -> list[DueRoutine]:
        """Note what was skipped, missed or given up, and give those that are to be run now.

        Only local times: beat sends what runs by interval by itself.

        Raises:
            StoreUnavailable: the durable store did not answer. The next step sees the same.
        """
        entries = [entry for entry in self._timetable if entry.recorded and not entry.is_frequent]
        looked = self._look(entries, None)
        for one in looked:
            if one.ruling.act in _NOTED or one.ruling.act is Act.GIVE_UP:
                self._note(one.entry, one.ruling)
        return [one for one in looked if one.ruling.act is Act.RUN]

    def _look(self, entries: Sequence[Entry], now: float | None) -> list[DueRoutine]:
        at = self._clock.wall() if now is None else now
        turns = self._store.last_turns()
        windows = self._windows(at)
        return [
            DueRoutine(
                entry=entry,
                ruling=rule(entry, last=turns.get(entry.name), windows=windows, zone=self._zone, now=at),
            )
            for entry in entries
        ]

    def _windows(self, now: float) -> list[Span]:
        """Those of the history, and the one that only the control plane knows: an emergency that was opened
        while the database was away."""
        known = spans(self._durable.windows(_RECENT_WINDOWS))
        state = self._durable.read()
        try:
            state = newer(state, self._plane.read())
        except StoreError:
            log.debug("the control plane does not answer: the durable store is believed")
        if state.is_active and state.mode is not Mode.TEST:
            known.append(Span(start=state.started_at if state.started_at is not None else now, end=None))
        return known

    def _note(self, entry: Entry, ruling: Ruling) -> None:
        with self._lock(entry.name, by="timetable", seconds=_NOTE_SECONDS) as hold:
            if hold is None:
                return
            now = self._clock.wall()
            if ruling.act is Act.GIVE_UP:
                noted = self._store.give_up(hold, now=now)
            else:
                noted = self._store.note(
                    hold, due_at=ruling.due_at, outcome=_NOTED[ruling.act], why=ruling.why, now=now
                )
            if noted:
                self._announce(
                    EventName.ROUTINE_SKIPPED, routine=entry.name, outcome=ruling.act.value, why=ruling.why
                )
            if noted and ruling.act in {Act.MISS, Act.GIVE_UP}:
                kind = "routine missed" if ruling.act is Act.MISS else "routine given up"
                self._tell(entry.name, [_warning(kind, f"{entry.name} did not run: {ruling.why}")], now)

    # -- running ---------------------------------------------------------------------------------

    def tick(self, name: str, *, by: str) -> RoutineRun | None:
        """Run a routine by interval, if it is its turn. None when it is not, or another process runs it."""
        entry = self._entry(name)
        if entry is not None and self._look([entry], None)[0].ruling.act is not Act.RUN:
            return None
        with self._lock(name, by=by, seconds=_limit(entry)) as hold:
            # Another process may have run it between that look and the lock.
            if hold is None or (entry is not None and self._ran_lately(entry)):
                return None
            return self._run_held(hold, entry, due_at=None)

    def _ran_lately(self, entry: Entry) -> bool:
        return is_too_soon(entry, self._store.last_turns().get(entry.name), self._clock.wall())

    def run(self, name: str, *, by: str, due_at: float | None = None) -> RoutineRun | None:
        """Run a routine now.

        Args:
            name: one of the routines.
            by: who asks.
            due_at: for which time of the timetable; None: by hand, whatever the timetable says.

        Returns:
            The stored run; None when this time has been handled, or its lock was lost meanwhile.

        Raises:
            RoutineRuns: by hand, and it runs already.
            StoreUnavailable: the durable store did not answer. Nothing was begun, or the result was lost.
        """
        entry = self._entry(name)
        with self._lock(name, by=by, seconds=_limit(entry)) as hold:
            if hold is not None:
                return self._run_held(hold, entry, due_at)
        if due_at is None:
            raise RoutineRuns(name)
        return None

    def _entry(self, name: str) -> Entry | None:
        return next((one for one in self._timetable if one.name == name), None)

    @contextmanager
    def _lock(self, name: str, *, by: str, seconds: float) -> Iterator[Hold | None]:
        """The lock of a routine while a block runs; None while somebody else has it."""
        hold = self._store.take(name, holder=_holder(by), now=self._clock.wall(), seconds=seconds)
        try:
            yield hold
        finally:
            if hold is not None:
                self._store.give_back(hold)

    def _run_held(self, hold: Hold, entry: Entry | None, due_at: float | None) -> RoutineRun | None:
        now = self._clock.wall()
        due_at = now if due_at is None else due_at
        before = self._store.last_result(hold.name, before=due_at)
        is_frequent = entry is not None and entry.is_frequent
        seq = self._store.begin(hold, due_at=due_at, now=now, is_for_a_time=not is_frequent)
        if seq is None:
            return None
        self._announce(EventName.ROUTINE_BEGUN, routine=hold.name, run=seq)
        result = self._perform(hold.name)
        told = new_findings(result, before.result if before is not None and is_frequent else None)
        ended = self._clock.wall()
        # Told before it is stored: should this process die in between, the next run tells it again.
        self._tell(hold.name, told, ended)
        is_kept = self._store.finish(hold, seq, result=result, now=ended)
        self._announce(
            EventName.ROUTINE_ENDED,
            routine=hold.name,
            run=seq,
            outcome=result.outcome.value,
            seconds=ended - now,
            findings=len(result.findings),
            kept=is_kept,
        )
        if not is_kept:
            log.warning("the lock of routine %s was taken over: its result is not stored", hold.name)
            return None
        return next((run for run in self._store.runs(hold.name, 5) if run.seq == seq), None)

    def _perform(self, name: str) -> RoutineResult:
        try:
            return self._routines[name](self._world())
        except Exception as error:
            log.exception("routine %s failed", name)
            message = f"{name} failed: {in_short(error)}"
            return RoutineResult(findings=(_warning("routine failed", message),), outcome=Outcome.FAILED)

    def _tell(self, name: str, findings: Sequence[Finding], now: float) -> None:
        for one in findings:
            if one.kind in self._told_elsewhere:
                continue
            self._alerts.raise_alert(
                Alert(
                    at=now,
                    severity=one.severity,
                    kind=one.kind,
                    message=one.message,
                    detail={"routine": name, "subject": one.subject},
                )
            )


def _warning(kind: str, message: str) -> Finding:
    return Finding(severity=Severity.WARNING, kind=kind, message=message)


def _limit(entry: Entry | None) -> float:
    """Seconds after which a run is certainly over."""
    return entry.limit if entry is not None else _RUN_SECONDS


def _holder(by: str) -> str:
    """Names one taking of a lock; two never have the same."""
    return f"{uuid.uuid4().hex[:12]} {os.getpid()}@{socket.gethostname()} {by}"
