"""An app with a guard and a timetable, on stores of the test's own."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from celery import Celery

import beat_schedule
import guard
from guard.automation.routines import Runner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from guard.automation.world import World
    from guard.core.routine_result import RoutineResult
    from tests.support.valkey import Valkey

SECRET = "a secret for the tests"


class HandClock:
    """A clock that goes on when it is told to."""

    def __init__(self, now: float) -> None:
        self.now = now

    def wall(self) -> float:
        return self.now

    def boot(self) -> float:
        return 4321.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class House:
    """A guard, and what is inside it."""

    def __init__(self, **environ: str) -> None:
        settings = guard.load_settings({"GUARD_SECRET_KEY": SECRET, **environ})
        self.app = Celery("house", broker=environ["CELERY_BROKER_URL"], set_as_current=False)
        self.guard = guard.install(self.app, settings)
        self.app.conf.guard_timetable = beat_schedule.TIMETABLE
        self.guard.durable.migrate()  # type: ignore[attr-defined]

    @property
    def routines(self) -> Any:
        """As bootstrap wires them."""
        return self.guard._parts.routines

    def world(self) -> World:
        """What the routines of this app may ask."""
        made: World = self.routines._world()
        return made

    def runner(self, clock: HandClock, **routines: Callable[[World], RoutineResult]) -> Runner:
        """A runner of a process of its own, with a clock of ours."""
        stores = self.guard._parts.stores
        return Runner(
            timetable=self.routines.timetable,
            routines={name.replace("_", "-"): routine for name, routine in routines.items()},
            world=self.world,
            store=self.routines.store,
            durable=stores.durable,
            plane=stores.plane,
            alerts=stores.alerts,
            clock=clock,
            zone=self.routines.zone,
        )

    def alerts(self) -> list[tuple[str, str]]:
        """Severity and kind of what was raised, oldest first."""
        recent = self.guard._parts.stores.alerts.recent(100)
        return [(one.severity.value, one.kind) for one in reversed(recent)]

    def close(self) -> None:
        self.guard.close()
        self.app.close()


@contextmanager
def house(**environ: str) -> Iterator[House]:
    made = House(**environ)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(params=["sqlite", "mariadb"])
def home(request: pytest.FixtureRequest, valkey: Valkey) -> Iterator[House]:
    """A house on an empty database and the session's Valkey."""
    redis = valkey.url(valkey.fresh_db())
    with house(
        DATABASE_URL=str(request.getfixturevalue(f"{request.param}_url")),
        REDIS_URL=redis,
        CELERY_BROKER_URL=valkey.broker_url(valkey.fresh_db()),
    ) as made:
        yield made
