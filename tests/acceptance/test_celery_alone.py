"""What Celery does alone, and the guard instead: one test per fact, the same jobs in both.

The numbers are those of the research notes (L1, E3, …). A test of the first kind that fails one day
says that Celery has changed and that a part of the guard may no longer be needed.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from celery import chord, signals
from celery.exceptions import TimeoutError as ResultTimeout

import guard
from tests.support.eventually import eventually, throughout

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop


@pytest.fixture
def unguarded(make_shop: Callable[..., Shop]) -> Shop:
    """The same app without a guard, with one ready worker."""
    shop = make_shop("redis", SHOP_UNGUARDED="1")
    shop.worker("w1")
    return shop


@pytest.fixture
def guarded(make_shop: Callable[..., Shop]) -> Shop:
    """The app with its guard, with one ready worker."""
    shop = make_shop("redis")
    shop.worker("w1")
    return shop


# L1, E1: signals cannot refuse


def test_alone_a_receiver_that_raises_does_not_stop_the_publish(unguarded: Shop) -> None:
    def refuse(**_: object) -> None:
        raise guard.MaintenanceActive("no", operation="x", mode="normal", reason="", retry_after=30, epoch=1)

    signals.before_task_publish.connect(refuse)
    try:
        assert unguarded.send("job", 1).get(timeout=10) == 1
    finally:
        signals.before_task_publish.disconnect(refuse)


@pytest.mark.parametrize(
    "publish",
    [
        lambda shop: shop.app.tasks["shop.job"].delay(1),
        lambda shop: shop.app.tasks["shop.job"].apply_async((1,)),
        lambda shop: shop.app.send_task("shop.job", (1,)),
        lambda shop: shop.app.send_task("shop.never_heard_of"),
        lambda shop: shop.app.signature("shop.job", args=(1,)).delay(),
        lambda shop: shop.app.tasks["shop.job"].s(1).apply_async(connection=shop.app.connection()),
        lambda shop: shop.app.tasks["shop.add"].starmap([(1, 2)]).apply_async(),
        lambda shop: shop.app.tasks["shop.total"].map([[1]]).apply_async(),
        lambda shop: shop.app.tasks["shop.add"].chunks([(1, 2)], 1).apply_async(),
        lambda shop: (shop.app.tasks["shop.add"].s(1, 1) | shop.app.tasks["shop.add"].s(1)).delay(),
        lambda shop: shop.app.tasks["shop.job"](1),
        lambda shop: shop.app.tasks["shop.job"].apply((1,), throw=True),
        lambda shop: shop.app.tasks["shop.job"].s(1)(),
    ],
    ids=[
        "delay", "apply_async", "send_task by name", "send_task of an unknown name", "signature by name",
        "signature with a connection", "starmap", "map", "chunks", "chain", "direct call", "apply", "call",
    ],
)  # fmt: skip
def test_guarded_every_public_way_to_publish_or_call_is_refused(
    shop: Shop, publish: Callable[[Shop], object]
) -> None:
    shop.enable()
    with pytest.raises(guard.MaintenanceActive) as refused:
        publish(shop)
    assert refused.value.mode == "normal"
    with shop.app.connection_for_write() as connection:
        assert connection.default_channel._size("guarded") == 0
    assert shop.events() == []


def test_guarded_an_eager_job_is_refused_too(shop: Shop) -> None:
    shop.enable()
    shop.app.conf.task_always_eager = True
    with pytest.raises(guard.MaintenanceActive):
        shop.app.tasks["shop.job"].delay(1)
    assert shop.events() == []


# L2, E19: cancel_consumer lets prefetched and ETA jobs run


def _fill(shop: Shop) -> None:
    shop.send("job", "eta", countdown=2)
    for n in range(8):
        shop.send("job", n, 0.5)
    eventually(lambda: len(shop.events()) == 2, what="two jobs to run and the rest to be prefetched")


def test_alone_prefetched_and_eta_jobs_start_after_cancel_consumer(unguarded: Shop) -> None:
    _fill(unguarded)
    replies = unguarded.app.control.cancel_consumer("guarded", reply=True, limit=1)
    acknowledged = time.time()
    assert replies
    eventually(
        lambda: len(unguarded.started_after(acknowledged)) >= 7,
        within=15,
        what="Celery to go on all the same",
    )


def test_guarded_none_of_them_starts_after_enable(guarded: Shop) -> None:
    _fill(guarded)
    _, returned = guarded.enable()
    throughout(lambda: not guarded.started_after(returned), during=3, what="no guarded job to start")
    guarded.guard.disable(by="tests")
    eventually(lambda: len(guarded.events()) == 9, within=15, what="all nine to run after the release")
    assert set(guarded.runs().values()) == {1}


# L3, E19: a restarted worker consumes again


def test_alone_a_restarted_worker_forgets_that_its_consumer_was_cancelled(unguarded: Shop) -> None:
    unguarded.app.control.cancel_consumer("guarded", reply=True)
    waiting = unguarded.send("job", 1)
    with pytest.raises(ResultTimeout):
        waiting.get(timeout=1)
    unguarded.processes[0].terminate()
    unguarded.worker("w1")
    assert waiting.get(timeout=10) == 1


# L10, E4, E4b: putting a job back from inside a task


def test_alone_requeueing_from_a_task_spins_or_loses_the_job(make_shop: Callable[..., Shop]) -> None:
    """Late ack: a hot loop. Early ack: the job is silently gone."""
    late = make_shop("redis", SHOP_UNGUARDED="1")
    late.worker("w1")
    late.send("requeues")
    eventually(lambda: len(late.events()) > 100, within=10, what="a hundred redeliveries of one job")
    late.processes[0].kill()

    early = make_shop("redis", SHOP_UNGUARDED="1", SHOP_ACKS="early")
    early.worker("w1")
    early.send("requeues")
    eventually(lambda: len(early.events()) == 1, what="the only attempt")
    throughout(lambda: len(early.events()) == 1, during=1.5, what="no second attempt")


@pytest.mark.parametrize("acks", ["late", "early"])
def test_guarded_a_held_job_costs_nothing_and_comes_back(make_shop: Callable[..., Shop], acks: str) -> None:
    """F13: less than one redelivery a second per held job; in both ack modes it runs once."""
    shop = make_shop("redis", SHOP_ACKS=acks)
    shop.worker("w1")
    _, returned = shop.enable()
    held = [shop.send("job", n, when_closed="hold") for n in range(5)]
    parked = [shop.send("mixed_job", n, when_closed="hold") for n in range(5)]
    eventually(lambda: shop.guard.status().parked == 5, what="five parked jobs")

    throughout(lambda: not shop.started_after(returned), during=3, what="no guarded job to start")
    requeued = shop.guard.account().to_fields().get("requeued:job_creation", 0)
    assert requeued <= 5
    shop.guard.disable(by="tests")
    assert [result.get(timeout=10) for result in [*held, *parked]] == [*range(5), *range(5)]
    assert set(shop.runs().values()) == {1}


# E3: a chord whose header is ignored never runs its body


def test_alone_a_chord_with_an_ignored_part_waits_for_ever(unguarded: Shop) -> None:
    tasks = unguarded.app.tasks
    result = chord(
        [tasks["shop.add"].s(1, 1), tasks["shop.ignores"].s()], tasks["shop.total"].s()
    ).apply_async()
    eventually(lambda: len(unguarded.events()) == 2, what="both parts to run")
    throughout(lambda: result.state == "PENDING", during=2, what="the body to wait")


def test_guarded_a_chord_with_a_parked_part_completes(guarded: Shop) -> None:
    """F11: part of the header is parked from a mixed queue; the body runs after the release."""
    tasks = guarded.app.tasks
    guarded.enable()
    header = [tasks["shop.add"].s(1, 1), tasks["shop.mixed_job"].s(5)]
    result = chord(header, tasks["shop.total"].s()).apply_async(when_closed="hold")
    eventually(lambda: guarded.guard.status().parked == 1, what="the parked part")
    guarded.guard.disable(by="tests")
    assert result.get(timeout=15) == 7


# E10, E11: map, starmap and inline error callbacks run guarded bodies inside other tasks


@pytest.mark.parametrize(
    ("name", "publish", "bodies", "value"),
    [
        ("add", lambda add: add.starmap([(n, 1) for n in range(5)]).apply_async(), 5, [1, 2, 3, 4, 5]),
        ("total", lambda total: total.map([[n] for n in range(5)]).apply_async(), 5, [0, 1, 2, 3, 4]),
        ("add", lambda add: add.chunks([(n, 1) for n in range(4)], 2).apply_async(), 4, [[1, 2], [3, 4]]),
    ],
    ids=["starmap", "map", "chunks"],
)
def test_alone_a_gate_by_name_lets_map_and_starmap_through(
    make_shop: Callable[..., Shop], name: str, publish: Callable[[Any], Any], bodies: int, value: list[Any]
) -> None:
    """E10: the gate refuses the task by its name, in every process; the message carries another name."""
    shop = make_shop("redis", SHOP_UNGUARDED="1", SHOP_REFUSE_PUBLISH=f"shop.{name}")
    shop.worker("w1")
    with pytest.raises(RuntimeError, match="refused on purpose"):
        shop.app.send_task(f"shop.{name}")

    assert publish(shop.app.tasks[f"shop.{name}"]).get(timeout=10) == value
    assert [line["task"] for line in shop.events()] == [f"shop.{name}"] * bodies
    assert {line["id"] for line in shop.events()} == {None}  # a call inside `celery.starmap`, not a job


def test_alone_a_workers_brake_by_name_lets_starmap_through(unguarded: Shop) -> None:
    """E10 on the worker's side. `rate_limit` is all that Celery itself has per task name: one an hour."""
    add = unguarded.app.tasks["shop.add"]
    assert unguarded.app.control.rate_limit("shop.add", "1/h", reply=True, limit=1)
    assert add.delay(1, 1).get(timeout=10) == 2
    braked = add.delay(1, 1)

    assert add.starmap([(n, 1) for n in range(5)]).apply_async().get(timeout=10) == [1, 2, 3, 4, 5]
    throughout(lambda: len(unguarded.events()) == 6, during=1, what="the job by its own name to wait")
    assert braked.state == "PENDING"


def test_guarded_map_and_starmap_do_not_slip_through(guarded: Shop) -> None:
    """E10: by message the task is `celery.starmap`, which no rule names."""
    _, returned = guarded.enable()
    tasks = guarded.app.tasks
    results = [
        tasks["shop.add"].starmap([(1, 2)] * 3).apply_async(when_closed="hold"),
        tasks["shop.total"].map([[1], [2]]).apply_async(when_closed="hold"),
    ]
    throughout(lambda: not guarded.started_after(returned), during=2, what="no item to run")
    guarded.guard.disable(by="tests")
    assert [result.get(timeout=10) for result in results] == [[3, 3, 3], [1, 2]]


def test_alone_a_gate_by_name_does_not_see_an_inline_error_callback(make_shop: Callable[..., Shop]) -> None:
    """E11: it has more than one argument, so there is no message that a gate could look at."""
    shop = make_shop("redis", SHOP_UNGUARDED="1", SHOP_REFUSE_PUBLISH="shop.inline_errback")
    shop.worker("w1")
    with pytest.raises(RuntimeError, match="refused on purpose"):
        shop.send("inline_errback", 1, 2, 3)

    errback = shop.app.tasks["shop.inline_errback"].s()
    failing = shop.app.tasks["shop.fails_late"].apply_async((0.0,), link_error=errback)
    eventually(lambda: len(shop.events()) == 2, what="the failing job and its error callback to run")
    job, callback = shop.events()
    assert (job["task"], callback["task"]) == ("shop.fails_late", "shop.inline_errback")
    assert (callback["of"], callback["pid"], callback["id"]) == (failing.id, job["pid"], None)


def test_alone_it_stops_an_error_callback_that_is_a_message(make_shop: Callable[..., Shop]) -> None:
    """The other half of E11: with one argument Celery publishes it, the gate in the worker refuses."""
    shop = make_shop("redis", SHOP_UNGUARDED="1", SHOP_REFUSE_PUBLISH="shop.errback")
    worker = shop.worker("w1")
    errback = shop.app.tasks["shop.errback"].s()
    shop.app.tasks["shop.fails_late"].apply_async((0.0,), link_error=errback)
    eventually(lambda: "refused on purpose" in worker.log, what="the worker's publish to be refused")
    throughout(lambda: len(shop.events()) == 1, during=1, what="no error callback to run")


def test_guarded_an_inline_error_callback_belongs_to_its_job(guarded: Shop) -> None:
    """E11, F9: with more than one argument Celery calls it in the failing job's process. The job was
    running when the window began, so its end, error callback included, is not cut off."""
    tasks = guarded.app.tasks
    failing = tasks["shop.fails_late"].apply_async((1.0,), link_error=tasks["shop.inline_errback"].s())
    eventually(guarded.events, what="the failing job to start")
    guarded.enable()
    eventually(
        lambda: [line for line in guarded.events() if line["task"] == "shop.inline_errback"],
        what="the error callback to run inline",
    )
    assert failing.state == "FAILURE"


# E17: what beat does


def test_alone_a_refused_occurrence_is_skipped_for_ever(make_shop: Callable[..., Shop]) -> None:
    """A publish that raises advances the entry all the same: nothing is caught up."""
    shop = make_shop("redis", SHOP_UNGUARDED="1", SHOP_REFUSE_PUBLISH="shop.tick")
    shop.beat()
    eventually(
        lambda: shop.processes[0].log.count("refused on purpose") >= 3,
        within=20,
        what="three refused occurrences",
    )
    with shop.app.connection_for_write() as connection:
        assert connection.default_channel._size("guarded") == 0


def test_guarded_beat_catches_up_at_most_once(guarded: Shop) -> None:
    """F61, P11: an entry due every 0.3 s, a window of 3 s: one occurrence waits, the rest fold into it."""
    guarded.beat()
    eventually(lambda: len(guarded.events()) >= 2, within=20, what="beat to tick")
    _, returned = guarded.enable()
    eventually(
        lambda: guarded.guard.account().to_fields().get("coalesced:job_creation", 0) >= 5,
        within=20,
        what="five folded occurrences",
    )
    assert guarded.started_after(returned) == []
    guarded.processes[1].terminate()
    waiting = guarded.guard.status().held
    assert waiting is not None
    assert waiting <= 2  # the one of this window, and one that was published just before it
    before = len(guarded.events())
    guarded.guard.disable(by="tests")
    eventually(lambda: len(guarded.events()) > before or waiting == 0, what="the occurrence that waited")
    throughout(lambda: len(guarded.started_after(returned)) <= waiting, during=1.5, what="no burst")
