"""The watch on real servers, with a clock of ours: windows, requests, machine; then servers that are away."""

from __future__ import annotations

import gc
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from guard.automation.watch import Watch
from guard.core.alert_rules import APPLICATION_SECONDS, DATABASE_SECONDS, SYSTEM_SECONDS
from guard.core.counts import Count
from guard.core.health import Health
from guard.errors import NoSuchAlert
from guard.store.sql.alerts import SqlAlerts
from guard.store.sql.schema import ALERTS
from tests.automation.conftest import HandClock, House, house
from tests.automation.test_checks import CalmMachine, FullMachine
from tests.support.eventually import eventually
from tests.support.require import require_server
from tests.support.stopwatch import Stopwatch
from tests.support.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from guard.automation.watch_parts import WatchParts
    from guard.core.alerts import Alert, AlertState
    from tests.support.mariadb import MariaDB

# PyMySQL leaves its socket to the garbage collector when nobody listens.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def _collected_here() -> Iterator[None]:
    yield
    gc.collect()


class Post:
    """A watch of a house, and who is told."""

    def __init__(self, home: House, **parts: Any) -> None:
        self.home = home
        self.clock = HandClock(time.time())
        self.told: list[tuple[str, str]] = []
        """Stage and kind of what goes into the outbox."""
        wired: WatchParts = home.guard._parts.watching.watch._parts  # type: ignore[attr-defined]
        alerts = SqlAlerts(wired.durable, deliveries=self._note)  # type: ignore[arg-type]
        self.parts = replace(
            wired, clock=self.clock, machine=CalmMachine(), alerts=alerts, **parts
        )
        self.watch = Watch(self.parts)

    def _note(self, alert: Alert, stage: str, key: str) -> tuple[()]:
        self.told.append((stage, alert.kind))
        return ()

    def look(self, every: float = APPLICATION_SECONDS, *, after: float | None = None) -> tuple[str, ...]:
        """The kinds of what was done. Turns are of the server's clock: here each is a new one."""
        self.clock.now += every if after is None else after
        for name in ("application", "system", "database"):
            self.parts.watched._client.delete(self.parts.watched._keys.turn(name))
        report = self.watch.look(every)
        assert report.looked
        return tuple(": ".join(move.split(": ")[:2]) for move in report.moves)

    def standing(self) -> dict[str, AlertState]:
        return {kept.alert.kind: kept.state for kept in self.home.guard.alerts.list() if kept.stands}


@pytest.fixture(scope="module")
def shared(valkey: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house of this module on SQLite."""
    folder: Path = tmp_path_factory.mktemp("watch")
    with house(
        DATABASE_URL=f"sqlite:///{folder / 'guard.db'}",
        REDIS_URL=valkey.url(valkey.fresh_db()),
        CELERY_BROKER_URL=valkey.broker_url(valkey.fresh_db()),
        GUARD_ALERT_THRESHOLDS="blocked=5",
    ) as made:
        made.guard._parts.stores.plane.overwrite(made.guard.durable.read())  # type: ignore[attr-defined]
        yield made


@pytest.fixture
def post(shared: House) -> Iterator[Post]:
    """A watch, with nothing open and no alert of before."""
    made = Post(shared)
    with shared.guard.durable.engine.begin() as connection:  # type: ignore[attr-defined]
        connection.execute(ALERTS.delete())
    client, keys = made.parts.watched._client, made.parts.watched._keys
    client.delete(keys.watched)
    made.look()  # it notes the windows of the test before
    made.told.clear()
    yield made
    if shared.guard.durable.read().is_active:
        shared.guard.disable(by="test", unverified=True)


# -- windows -----------------------------------------------------------------------------------------------


def test_a_window_from_begin_to_end(post: Post) -> None:
    guard = post.home.guard
    assert post.look() == ()
    guard.enable(reason="move the database", by="ops", duration=600)
    assert post.look() == ("raise: maintenance enabled",)
    assert post.look() == ()
    assert "move the database" in guard.alerts.list()[0].alert.message
    guard.disable(by="ops", unverified=True)
    assert set(post.look()) == {"resolve: maintenance enabled", "raise: recovery done"}
    assert post.look() == ()  # recovery is said once
    assert post.standing() == {}
    assert post.told[0] == ("raised", "maintenance enabled")
    assert set(post.told[1:]) == {("over", "maintenance enabled"), ("raised", "recovery done")}


def test_an_emergency_is_critical_and_repeated_until_acknowledged(post: Post) -> None:
    guard = post.home.guard
    guard.enable(reason="breach", by="ops", mode="emergency")
    assert post.look() == ("raise: emergency maintenance",)
    assert post.look(after=870) == ()
    assert post.look(after=30) == ("repeat: emergency maintenance",)
    (kept,) = [one for one in guard.alerts.list() if one.stands]
    guard.alerts.acknowledge(kept.alert_id, by="on call")
    guard.alerts.acknowledge(kept.alert_id, by="somebody else")
    assert guard.alerts.get(kept.alert_id).acknowledged_by == "on call"
    assert not {one for one in post.look(after=4000) if "emergency" in one}
    assert guard.records.journal(1)[0].record.action == "acknowledge alert"


def test_a_rehearsal_needs_nobody(post: Post) -> None:
    guard = post.home.guard
    guard.enable(reason="rehearsal", by="ops", mode="test", duration=60)
    for _ in range(5):
        assert post.look(after=300) == ()
    guard.disable(by="ops", unverified=True)
    assert post.look() == ()


def test_overrun_and_a_drain_that_is_stuck(post: Post) -> None:
    guard = post.home.guard
    guard.enable(reason="r", by="ops", duration=600, drain_within=300)
    state = guard.durable.read()
    draining = replace(state, phase=type(state.phase)("draining"))

    class Draining:
        def read(self) -> Any:
            return draining

        def windows(self, limit: int) -> list[Any]:
            return guard.durable.windows(limit)

    post.parts = replace(post.parts, durable=Draining(), plane=Draining())  # type: ignore[arg-type]
    post.watch = Watch(post.parts)
    assert post.look(after=240) == ("raise: maintenance enabled",)
    assert post.look(after=90) == ("raise: drain is stuck",)
    assert post.look(after=300) == ("raise: window past its end",)
    draining = replace(draining, duration=3600, terms=replace(state.terms, drain_within=1800))
    assert set(post.look()) == {"resolve: drain is stuck", "resolve: window past its end"}


def test_many_refusals(post: Post) -> None:
    guard = post.home.guard
    guard.enable(reason="r", by="ops")
    window = guard.durable.read().window_id
    post.look()
    done: list[str] = []
    for _ in range(4):  # four in half a minute: eight a minute, above the five of the setting
        post.parts.tally.add(window, {f"{Count.REFUSED.value}:job_creation": 4})
        done += post.look()
    assert done == ["raise: high block rate"]
    for _ in range(4):
        done += post.look()
    assert done == ["raise: high block rate", "resolve: high block rate"]


# -- runners -----------------------------------------------------------------------------------------------


def test_two_runners_at_once_raise_and_tell_once(post: Post) -> None:
    post.home.guard.enable(reason="r", by="ops")
    posts = [Post(post.home) for _ in range(3)]
    begin = threading.Barrier(3)
    for one in posts:  # as if each had found the turn free
        one.watch._is_our_turn = lambda _every: (True, "")  # type: ignore[method-assign]

    def look(one: Post) -> None:
        begin.wait(20)
        one.watch.look(APPLICATION_SECONDS)

    threads = [threading.Thread(target=look, args=(one,)) for one in posts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [told for one in posts for told in one.told] == [("raised", "maintenance enabled")]
    assert list(post.standing()) == ["maintenance enabled"]


def test_a_turn_counts_once_however_often_beat_ticks(post: Post) -> None:
    post.look()
    assert not post.watch.look(APPLICATION_SECONDS).looked
    assert not Post(post.home).watch.look(APPLICATION_SECONDS).looked
    assert Post(post.home).watch.look(SYSTEM_SECONDS).looked  # of other figures


@pytest.mark.parametrize("number", [987654321, 2**63 - 1, 2**63])
def test_an_alert_of_no_number(post: Post, number: int) -> None:
    with pytest.raises(NoSuchAlert):
        post.home.guard.alerts.acknowledge(number, by="ops")


# -- requests and machine ----------------------------------------------------------------------------------


def test_slow_and_failing_requests(post: Post) -> None:
    minute = int(post.clock.now // 60)
    post.parts.watched.add_requests({minute: (9, 9, 90.0)})
    assert post.look() == ()  # too few to say anything
    post.parts.watched.add_requests({minute: (91, 0, 200.0)})
    assert set(post.look()) == {"raise: slow responses", "raise: many errors"}
    minute = int(post.clock.now // 60)
    post.parts.watched.add_requests({minute: (900, 0, 1.0)})
    for _ in range(3):
        post.look()
    assert post.standing() == {}
    client, keys = post.parts.watched._client, post.parts.watched._keys
    client.delete(*(keys.requests(minute + n) for n in range(-3, 3)))


def test_a_machine_that_is_full(post: Post) -> None:
    class Busy(FullMachine):
        seconds = 1000.0

        def cpu_times(self) -> tuple[float, float]:
            self.seconds += 50.0
            return self.seconds * 0.95, self.seconds

    post.parts = replace(post.parts, machine=Busy())
    post.watch = Watch(post.parts)
    assert post.look(SYSTEM_SECONDS) == ("raise: disk nearly full",)
    for _ in range(4):
        assert post.look(SYSTEM_SECONDS) == ()
    assert post.look(SYSTEM_SECONDS) == ("raise: memory nearly full",)
    assert post.look(SYSTEM_SECONDS) == ("raise: high CPU use",)
    seen = {view.rule.name: view.seen for view in post.home.guard.alerts.rules()}
    (cpu,) = (seen["cpu"] or {}).values()
    assert cpu.value == pytest.approx(95.0)
    post.parts = replace(post.parts, machine=CalmMachine())
    post.watch = Watch(post.parts)
    assert set(post.look(SYSTEM_SECONDS)) == set()
    assert post.look(SYSTEM_SECONDS) == ("resolve: disk nearly full",)


def test_sqlite_has_none_of_the_figures_of_a_server(post: Post) -> None:
    assert post.look(DATABASE_SECONDS) == post.look(DATABASE_SECONDS) == ()
    seen = {view.rule.name: view.seen for view in post.home.guard.alerts.rules()}
    assert "sqlite" in (seen["connections"] or {})[""].why


# -- servers that are away ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Valkey, Valkey]]:
    """Control plane and broker of this module alone, to be stopped."""
    with Valkey() as plane, Valkey() as broker:
        yield plane, broker


@pytest.fixture(scope="module")
def breakable(servers: tuple[Valkey, Valkey], tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    plane, broker = servers
    with house(
        DATABASE_URL=f"sqlite:///{tmp_path_factory.mktemp('breakable') / 'guard.db'}",
        REDIS_URL=plane.url(plane.fresh_db()),
        CELERY_BROKER_URL=broker.broker_url(broker.fresh_db()),
    ) as made:
        made.guard._parts.stores.plane.overwrite(made.guard.durable.read())  # type: ignore[attr-defined]
        yield made


def health_of(home: House, seconds: float = 1.0) -> dict[str, Health]:
    """How the parts are; fails if that takes longer than it may."""
    watch = Stopwatch()
    found = {check.name: check.status for check in home.guard.health.now(seconds)}
    assert watch.seconds < seconds + 1.5
    return found


def test_a_redis_that_hangs(breakable: House, servers: tuple[Valkey, Valkey]) -> None:
    post = Post(breakable)
    post.look(SYSTEM_SECONDS)
    servers[0].freeze()
    try:
        seen = eventually(
            lambda: (now := health_of(breakable))["redis"] is not Health.PASS and now, what="it to be missed"
        )
        assert seen["redis"] is Health.UNKNOWN
        assert not {seen["workers"], seen["beat"]} & {Health.PASS}
        assert seen["sql"] is seen["broker"] is Health.PASS
        assert health_of(breakable, 4.0)["redis"] is Health.FAIL
        watch = Stopwatch()
        report = post.watch.look(SYSTEM_SECONDS)
        assert watch.seconds < 10  # it is asked once: a task has 50 seconds
        assert [move.split(":")[1] for move in report.moves] == [" no control plane"]
        assert "workers-away" in report.unknown
    finally:
        servers[0].thaw()
    assert post.look(SYSTEM_SECONDS) == ("resolve: no control plane",)


def test_a_broker_that_hangs(breakable: House, servers: tuple[Valkey, Valkey]) -> None:
    post = Post(breakable)
    post.look(SYSTEM_SECONDS)
    servers[1].freeze()
    try:
        eventually(lambda: health_of(breakable)["broker"] is Health.UNKNOWN, what="it to be missed")
        assert health_of(breakable, 5.0)["broker"] is Health.FAIL
        assert post.look(SYSTEM_SECONDS) == ("raise: no broker",)
    finally:
        servers[1].thaw()
    assert post.look(SYSTEM_SECONDS) == ("resolve: no broker",)


def test_beat_is_seen_by_its_ticks(breakable: House) -> None:
    guard, keys = breakable.guard, breakable.guard._parts.watching.watched._keys  # type: ignore[attr-defined]

    def beat() -> tuple[Health, str]:
        check = next(one for one in guard.health.now(4) if one.name == "beat")
        return check.status, check.note

    assert beat() == (Health.WARN, "no tick of beat was ever seen")
    guard.health.ticked()
    eventually(lambda: beat()[0] is Health.PASS, what="the tick to be seen")
    guard._parts.stores.plane.client.set(keys.ticked, repr(time.time() - 400))  # type: ignore[attr-defined]
    missed = eventually(lambda: (seen := beat())[0] is Health.FAIL and seen, what="beat to be missed")
    assert "minutes ago" in missed[1]


def test_mariadb_tells_its_figures(mariadb: MariaDB, valkey: Valkey) -> None:
    with house(
        DATABASE_URL=mariadb.url(mariadb.create_database()),
        REDIS_URL=valkey.url(valkey.fresh_db()),
        CELERY_BROKER_URL=valkey.broker_url(valkey.fresh_db()),
    ) as made:
        post = Post(made)
        post.look(DATABASE_SECONDS)
        post.look(DATABASE_SECONDS)
        seen = {view.rule.name: view.seen or {} for view in made.guard.alerts.rules()}
        assert 0 < (seen["connections"][""].value or 0) < 80
        assert seen["slow-queries"][""].value == 0
        assert "no replica" in seen["replication"][""].why
        assert abs(post.parts.database.clock() - time.time()) < 5


@pytest.mark.slow
def test_a_database_that_stops(servers: tuple[Valkey, Valkey]) -> None:
    require_server("mariadb")
    from tests.support.mariadb import MariaDB

    plane, broker = servers
    with (
        MariaDB() as database,
        house(
            DATABASE_URL=database.url(database.create_database()),
            REDIS_URL=plane.url(plane.fresh_db()),
            CELERY_BROKER_URL=broker.broker_url(broker.fresh_db()),
        ) as made,
    ):
        post = Post(made)
        post.look(SYSTEM_SECONDS)
        database.stop()
        assert health_of(made, 4.0)["sql"] is Health.FAIL
        assert health_of(made)["redis"] is health_of(made)["broker"] is Health.PASS
        assert post.look(SYSTEM_SECONDS) == ("raise: no durable store",)
        assert post.look(SYSTEM_SECONDS) == ()  # said once in a quarter of an hour
        assert post.told == []  # the outbox is away with the database; it is in the log
        database.start()
        assert post.look(SYSTEM_SECONDS) == ("raise: database was away",)
        assert post.look(SYSTEM_SECONDS) == ()
        eventually(lambda: health_of(made)["sql"] is Health.PASS, what="the database to be well")
