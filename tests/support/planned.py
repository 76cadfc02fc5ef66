"""A world for planned windows: a guard without workers, a clock by hand, and what happened when.

world = World(start=at("2026-03-01 12:00"))
world.plan("weekly", at="2026-03-01 02:00", every="FREQ=WEEKLY;BYDAY=SU", duration=3600)
world.go(until=at("2026-04-01 00:00"))
world.opened
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from guard.automation.schedule import Due, DueReport
from guard.core import changes
from guard.core.changes import WindowRequest
from guard.core.generation import SessionPolicy
from guard.core.modes import CLOSED_PHASES, Mode, Phase
from guard.core.planned import Plan, Schedule
from guard.core.planning import PlanRequest, check_plan
from guard.core.state import GuardState
from guard.core.zones import instant, zone_of
from guard.errors import InvalidRequest, StaleEpoch
from guard.orchestrator.window import Window
from guard.store.memory_schedules import MemorySchedules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from guard.core.acts import Notice
    from guard.core.alerts import Alert
    from guard.core.occurrence import Occurrence

__all__ = ["Span", "World", "at"]


def at(local: str, zone: str = "UTC") -> float:
    """UTC seconds of a local time."""
    return instant(datetime.fromisoformat(local), zone_of(zone))


@dataclass
class Span:
    """A window that was open: from when until when, and each state it was in."""

    window_id: str
    by: str
    began: float
    ended: float | None = None
    ended_by: str = ""
    states: list[GuardState] = field(default_factory=list)


class World:
    """A guard as `guard.core.changes` describes it, whose workers obey at once.

    Args:
        drains: whether its workers come to an end.
        releases: whether parked jobs go back at once.
    """

    def __init__(self, start: float, *, drains: bool = True, releases: bool = True) -> None:
        self.now = start
        self.drains = drains
        self.releases = releases
        self.state = GuardState.first("store", start)
        self.store = MemorySchedules()
        self.spans: list[Span] = []
        self.notices: list[tuple[float, Notice]] = []
        self.alerts: list[tuple[float, Alert]] = []
        self.automated = ""
        self.interrupt: Callable[[], None] | None = None
        """Called once right before the next write of a row or change of the guard: another process."""

    # -- what the runner asks of the world -------------------------------------------------------

    def wall(self) -> float:
        return self.now

    def read(self) -> GuardState:
        return self.state

    def give(self, notice: Notice) -> None:
        self.notices.append((self.now, notice))

    def raise_alert(self, alert: Alert) -> None:
        self.alerts.append((self.now, alert))

    def enable(self, *, window_id: str | None = None, **wanted: Any) -> Window:
        self._another()
        if window_id is not None and any(span.window_id == window_id for span in self.spans):
            if self.state.window_id == window_id and self.state.phase in CLOSED_PHASES:
                return self._window()
            raise InvalidRequest(f"window {window_id} is over: use another id")
        state = changes.close(
            self.state, WindowRequest.check(**wanted), window_id=window_id or str(uuid.uuid4()), now=self.now
        )
        self.spans.append(Span(window_id=state.window_id, by=wanted["by"], began=self.now))
        return self._set(state)

    def change(self, *, by: str, epoch: int | None = None, **wanted: Any) -> Window:
        self._another()
        self._still(epoch)
        return self._set(changes.change(self.state, by=by, now=self.now, **wanted))

    def disable(self, *, by: str, unverified: bool = False, epoch: int | None = None) -> Window:
        self._another()
        self._still(epoch)
        state = changes.release(self.state, by=by, now=self.now, unverified=unverified)
        self.spans[-1].ended, self.spans[-1].ended_by = self.now, by
        window = self._set(state)
        if self.releases:
            self.finish()
        return window

    def finish(self) -> None:
        """All parked jobs have gone back."""
        self.state = changes.finish_release(self.state, now=self.now)

    def _still(self, epoch: int | None) -> None:
        if epoch is not None and epoch != self.state.epoch:
            raise StaleEpoch(expected=epoch, found=self.state.epoch)

    def _set(self, state: GuardState) -> Window:
        self.state = state
        self.spans[-1].states.append(state)
        if state.phase is Phase.CLOSING:
            self.state = changes.confirm(self.state, now=self.now)
            if self.drains and state.mode is not Mode.TEST:
                self.state = changes.drained(self.state, now=self.now)
        return self._window()

    def _window(self) -> Window:
        state = self.state
        return Window(
            window_id=state.window_id,
            mode=state.mode.value if state.mode else "",
            reason=state.reason,
            by=state.by,
            epoch=state.epoch,
            phase=state.phase.value,
            started_at=state.started_at or self.now,
            planned_end=state.planned_end,
            proof="acknowledged",
        )

    def _another(self) -> None:
        interrupt, self.interrupt = self.interrupt, None
        if interrupt is not None:
            interrupt()

    # -- what tests do ---------------------------------------------------------------------------

    def plan(self, name: str, **wanted: Any) -> Schedule:
        """Add a plan, checked as everybody's."""
        schedule = Schedule(
            schedule_id=f"id of {name}", revision=1, plan=self.checked(name, **wanted), changed_at=self.now,
            changed_by="tests",
        )  # fmt: skip
        self.store.add(schedule)
        return schedule

    def checked(self, name: str, **wanted: Any) -> Plan:
        values = {"reason": f"the {name} one", "by": "tests", "zone": "UTC", "duration": 3600} | wanted
        return check_plan(PlanRequest(name=name, **values), now=self.now)

    def replace(self, schedule: Schedule, **changed: Any) -> Schedule:
        new = replace(schedule, revision=schedule.revision + 1, **changed)
        assert self.store.change(new)
        return new

    def runner(self, store: Any = None) -> Due:
        return Due(
            schedules=store or _Interrupted(self),
            state=self,
            windows=self,
            notices=self,
            alerts=self,  # type: ignore[arg-type] # it raises; nobody asks it for recent ones
            clock=self,  # type: ignore[arg-type] # the wall is all that is looked at
            sessions=dict.fromkeys(Mode, SessionPolicy.KEEP),
            automated=lambda: self.automated,
        )

    def tick(self) -> DueReport:
        """What beat does."""
        return self.runner().run()

    def go(self, until: float, step: float = 30.0) -> None:
        """Let beat tick until then, and once at that time."""
        while self.now < until:
            self.tick()
            self.now = min(until, self.now + step)
        self.tick()

    def sleep(self, until: float) -> None:
        """Beat is down until then."""
        self.now = until

    def row(self, schedule: Schedule, starts_at: float) -> Occurrence:
        (row,) = [
            row for row in self.store.history(schedule.schedule_id, 10_000) if row.starts_at == starts_at
        ]
        return row

    @property
    def is_open(self) -> bool:
        return self.state.phase in CLOSED_PHASES

    @property
    def opened(self) -> list[tuple[float, float | None]]:
        return [(span.began, span.ended) for span in self.spans]

    @property
    def alerted(self) -> list[str]:
        return [alert.kind for _, alert in self.alerts]


class _Interrupted:
    """The store of the world; another process may come between before each write."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world.store, name)

    def save(self, before: Occurrence, after: Occurrence, notices: Sequence[Notice] = ()) -> bool:
        self._world._another()
        return self._world.store.save(before, after, notices)


def spans_of(world: World) -> Mapping[str, Span]:
    """The windows by id."""
    return {span.window_id: span for span in world.spans}
