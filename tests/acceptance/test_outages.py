"""P7: stores that stop, hang, forget, lie behind a bad network, or contradict each other.

Each test says what works, what closes, and what is caught up when the store is back.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

import guard
from guard.clock import SystemClock
from guard.core.modes import Gate
from guard.store.sql.store import SqlStore
from tests.acceptance.shop import build
from tests.support.eventually import eventually, throughout
from tests.support.toxic import Toxic
from tests.support.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.mariadb import MariaDB
    from tests.support.shop import Shop

LEASE = 3.0
"""Of the shop."""
CLOSED_WITHIN = LEASE + 0.5
"""After the control plane was last heard of."""
BACK_WITHIN = 25.0
"""A store that is back is noticed at the next renewal, or by the next round of housekeeping."""

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def control() -> Iterator[Valkey]:
    """A control plane of its own, to be broken."""
    with Valkey() as server:
        yield server


@contextmanager
def proxied(server: Valkey | MariaDB) -> Iterator[Toxic]:
    toxic = Toxic(server.socket).start()
    try:
        yield toxic
    finally:
        toxic.close()


@pytest.fixture
def database(mariadb: MariaDB) -> Iterator[tuple[Toxic, str]]:
    """A durable store behind a proxy: the proxy, and the address through it."""
    name = mariadb.create_database()
    store = SqlStore(mariadb.url(name), clock=SystemClock(), auto_migrate=False)
    store.migrate()
    store.close()
    with proxied(mariadb) as toxic:
        yield toxic, f"mysql+pymysql://root@127.0.0.1:{toxic.port}/{name}?charset=utf8mb4"


def works(shop: Shop) -> None:
    """Guarded jobs run."""
    assert shop.send("job", "before", when_closed="hold").get(timeout=20) == "before"


def closes(shop: Shop, *, within: float = CLOSED_WITHIN, during: float = 2.0) -> list[Any]:
    """From `within` seconds from now on no guarded job starts, although jobs keep coming, and unguarded
    ones run; gives the jobs that wait."""
    begun = time.time()
    waiting = [shop.send("job", n, when_closed="hold") for n in range(3)]
    throughout(
        lambda: waiting.append(shop.send("job", len(waiting), when_closed="hold")) or True,
        during=within,
        what="jobs to be accepted",
    )
    waiting += [shop.send("job", "late", when_closed="hold") for _ in range(5)]
    throughout(lambda: not shop.started_after(begun + within), during=during, what="no guarded job to start")
    assert shop.send("free", "free").get(timeout=15) == "free"
    return waiting


def all_ran_once(shop: Shop, results: list[Any]) -> None:
    for result in results:
        result.get(timeout=BACK_WITHIN)
    assert {shop.runs()[result.id] for result in results} == {1}


# -- the control plane ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how",
    [
        "stopped",
        "frozen",
        "unreachable",
        pytest.param("swallows everything", marks=pytest.mark.slow),
        pytest.param("cuts answers short", marks=pytest.mark.slow),
    ],
)
def test_without_the_control_plane_every_gate_closes_within_a_lease(
    make_shop: Callable[..., Shop], control: Valkey, how: str
) -> None:
    """And when it is back, empty or not, everything goes on."""
    with proxied(control) as toxic:
        shop = make_shop("redis", REDIS_URL=f"redis://127.0.0.1:{toxic.port}/0")
        shop.worker("w1")
        works(shop)
        match how:
            case "stopped":
                control.crash()
            case "frozen":
                control.freeze()
            case "unreachable":
                toxic.down = True
            case "swallows everything":
                toxic.blackhole = True
            case _:
                toxic.cut_after = 40
                toxic.reset_all()

        waiting = closes(shop)

        match how:
            case "stopped":
                control.start()
            case "frozen":
                control.thaw()
            case _:
                toxic.down, toxic.blackhole, toxic.cut_after = False, False, None
                toxic.reset_all()
        all_ran_once(shop, waiting)


@pytest.mark.slow
def test_a_slow_control_plane_delays_and_does_not_close(
    make_shop: Callable[..., Shop], control: Valkey
) -> None:
    with proxied(control) as toxic:
        shop = make_shop("redis", REDIS_URL=f"redis://127.0.0.1:{toxic.port}/0")
        worker = shop.worker("w1")
        works(shop)
        toxic.latency = 0.1
        begun = time.monotonic()
        while time.monotonic() < begun + 5:
            works(shop)
        assert "the gate is unknown" not in worker.log.partition("ready.")[2]
        shop.settled()
        window, returned = shop.enable()
        assert (window.proof, window.unconfirmed) == ("acknowledged", ())
        held = shop.send("job", 1, when_closed="hold")
        throughout(lambda: not shop.started_after(returned), during=1.5, what="no guarded job to start")
        shop.guard.disable(by="tests")
        assert held.get(timeout=BACK_WITHIN) == 1


def test_a_window_opened_and_ended_without_the_control_plane(
    make_shop: Callable[..., Shop], control: Valkey
) -> None:
    """Closing needs the durable store only. So does the way out: but as long as nobody can say "open", gates
    stay closed; they open by themselves when the control plane is back, even if it is back empty."""
    shop = make_shop("redis", REDIS_URL=control.url())
    shop.worker("w1")
    works(shop)
    control.crash()

    window, returned = shop.enable()

    assert window.proof == "none"
    assert any("control plane was not told" in warning for warning in window.warnings)
    held = [shop.send("job", n, when_closed="hold") for n in range(5)]
    control.start()
    throughout(lambda: not shop.started_after(returned), during=6, what="no guarded job to start")
    eventually(
        lambda: shop.guard.status().phase in {"draining", "active"}, within=BACK_WITHIN, what="the window"
    )

    control.crash()
    ended = shop.guard.disable(by="tests")
    assert any("control plane was not told" in warning for warning in ended.warnings)
    throughout(lambda: not shop.started_after(returned), during=2, what="no guarded job to start")
    control.start()
    all_ran_once(shop, held)


@pytest.mark.slow
def test_only_the_one_who_enables_is_cut_off_from_the_control_plane(
    make_shop: Callable[..., Shop], control: Valkey
) -> None:
    """The workers still renew there, and hear of the window from the durable store."""
    with proxied(control) as toxic:
        shop = make_shop("redis", REDIS_URL=f"redis://127.0.0.1:{toxic.port}/0")
        shop.worker("w1", REDIS_URL=control.url())
        works(shop)
        toxic.down = True
        window, returned = shop.enable()
        assert window.proof == "none"
        held = shop.send("job", 1, when_closed="hold")
        throughout(lambda: not shop.started_after(returned), during=3, what="no guarded job to start")
        toxic.down = False
        eventually(lambda: shop.guard.disable(by="tests"), within=BACK_WITHIN, what="the way out")
        assert held.get(timeout=BACK_WITHIN) == 1


@pytest.mark.slow
def test_a_control_plane_that_lost_its_last_writes_is_not_believed(
    make_shop: Callable[..., Shop], control: Valkey
) -> None:
    """As after a failover to a replica that was behind: it still says "open"."""
    shop = make_shop("redis", REDIS_URL=control.url())
    shop.worker("w1")
    works(shop)
    with control.client() as client:
        before = {key: client.dump(key) for key in _raw_keys(control)}
    _, returned = shop.enable()
    held = [shop.send("job", n, when_closed="hold") for n in range(5)]

    control.crash()
    control.start()
    with _raw(control) as client:
        for key, value in before.items():
            client.restore(key, 0, value, replace=True)
    shop.worker("w2")  # it never knew better

    throughout(lambda: not shop.started_after(returned), during=5, what="no guarded job to start")
    durable = shop.guard.durable.read()
    eventually(
        lambda: shop.guard._parts.stores.plane.read() == durable,
        within=BACK_WITHIN,
        what="the state to be mended",
    )
    shop.guard.disable(by="tests")
    all_ran_once(shop, held)


def _raw(server: Valkey) -> Any:
    import redis

    return redis.Redis(unix_socket_path=str(server.socket))


def _raw_keys(server: Valkey) -> list[bytes]:
    with _raw(server) as client:
        return list(client.scan_iter())


# -- the durable store ---------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["unreachable", pytest.param("swallows everything", marks=pytest.mark.slow)])
def test_without_the_durable_store(
    make_shop: Callable[..., Shop], database: tuple[Toxic, str], how: str
) -> None:
    """Jobs run on; an emergency closes all the same and is journaled later; everything else is refused."""
    toxic, url = database
    shop = make_shop("redis", DATABASE_URL=url)
    shop.worker("w1")
    works(shop)
    shop.settled()
    _take_away(toxic, how)
    works(shop)

    for attempt in (shop.enable, lambda: shop.guard.disable(by="tests")):
        with pytest.raises(guard.StoreUnavailable):
            attempt()
    works(shop)
    joining = shop.worker("w2", queues="guarded")
    eventually(lambda: "guard state not renewed" in joining.log, what="the new worker to say what it lacks")

    window, returned = shop.enable(mode="emergency", grace=5, reason="fire")

    assert any("will be journaled" in warning for warning in window.warnings)
    held = [shop.send("job", n, when_closed="hold") for n in range(5)]
    throughout(lambda: not shop.started_after(returned), during=2, what="no guarded job to start")
    with pytest.raises(guard.StoreUnavailable):
        shop.guard.disable(by="tests")

    _give_back(toxic)
    store = shop.guard.durable
    assert isinstance(store, SqlStore)
    eventually(lambda: store.window(window.window_id), within=BACK_WITHIN, what="the journal to catch up")
    assert "journaled late" in [record.outcome for record in store.records(5)]
    eventually(lambda: store.read().phase.value == "active", within=BACK_WITHIN, what="the drain to go on")
    throughout(lambda: not shop.started_after(returned), during=1, what="no guarded job to start")
    shop.guard.disable(by="tests")
    all_ran_once(shop, held)
    (line,) = [line for line in store.windows(5) if line.window_id == window.window_id]
    assert (line.mode, line.reason, line.by) == ("emergency", "fire", "tests")


def _take_away(toxic: Toxic, how: str) -> None:
    if how == "unreachable":
        toxic.down = True
    else:
        toxic.blackhole = True


def _give_back(toxic: Toxic) -> None:
    toxic.down, toxic.blackhole = False, False
    toxic.reset_all()


def test_two_changes_raced_on_different_stores(
    make_shop: Callable[..., Shop], database: tuple[Toxic, str], control: Valkey, mariadb: MariaDB
) -> None:
    """One administrator saw only the control plane, the other only the durable store: the stricter change
    wins, and both stores agree in the end."""
    toxic, url = database
    shop = make_shop("redis", REDIS_URL=control.url(), DATABASE_URL=url)
    shop.worker("w1")
    works(shop)
    shop.settled()
    direct = mariadb.url(url.rpartition("/")[2].partition("?")[0])
    blind, other = build({**shop.environ, "REDIS_URL": "redis://127.0.0.1:1/0", "DATABASE_URL": direct})
    assert other is not None
    try:
        _take_away(toxic, "unreachable")
        emergency, returned = shop.enable(mode="emergency", grace=5)
        planned = other.enable(reason="planned", by="another", duration=600)
        assert planned.epoch < emergency.epoch
        _give_back(toxic)

        durable, plane = shop.guard.durable, shop.guard._parts.stores.plane
        agreed = eventually(
            lambda: (
                (state := durable.read()) == plane.read() and state.window_id == emergency.window_id and state
            ),
            within=BACK_WITHIN,
            what="both stores to agree",
        )
        assert agreed.gate is Gate.EMERGENCY
        assert {line.reason: line.ended_by for line in durable.windows(2)} == {"test": "", "planned": "tests"}
        held = shop.send("job", 1, when_closed="hold")
        throughout(lambda: not shop.started_after(returned), during=1, what="no guarded job to start")
        shop.guard.disable(by="tests")
        assert held.get(timeout=BACK_WITHIN) == 1
    finally:
        other.close()
        blind.close()


# -- everything ----------------------------------------------------------------------------------


def test_with_both_stores_away_everything_closes_and_one_machine_can_be_closed_for_good(
    make_shop: Callable[..., Shop], control: Valkey, database: tuple[Toxic, str]
) -> None:
    toxic, url = database
    shop = make_shop("redis", REDIS_URL=control.url(), DATABASE_URL=url)
    shop.worker("w1")
    works(shop)
    control.crash()
    toxic.down = True

    for mode in ("normal", "emergency"):
        with pytest.raises(guard.StoreUnavailable):
            shop.enable(mode=mode)
    waiting = closes(shop, within=CLOSED_WITHIN)

    closed = shop.python(
        "close", "import pathlib; pathlib.Path(guard.settings.guard_local_close_file).touch()"
    )
    assert closed.wait(20) == 0
    back = time.time()
    control.start()
    _give_back(toxic)
    throughout(lambda: not shop.started_after(back), during=8, what="the machine to stay closed")
    (shop.folder / "closed").unlink()
    all_ran_once(shop, waiting)


@pytest.mark.parametrize("how", [pytest.param("frozen", marks=pytest.mark.slow), "restarted"])
def test_the_broker_is_away_when_the_window_ends(make_shop: Callable[..., Shop], how: str) -> None:
    """The gate opens, and whichever worker comes first gives parked jobs back when the broker is there."""
    with Valkey() as broker:
        shop = make_shop("redis", SHOP_BROKER=broker.broker_url())
        shop.worker("w1")
        works(shop)
        shop.enable()
        parked = [shop.send("mixed_job", n, when_closed="hold") for n in range(5)]
        eventually(lambda: shop.guard.status().parked == 5, within=15, what="five parked jobs")
        if how == "frozen":
            broker.freeze()
            shop.guard.disable(by="tests")
            broker.thaw()
        else:
            broker.restart(keep_data=True)
            shop.guard.disable(by="tests")
        all_ran_once(shop, parked)
