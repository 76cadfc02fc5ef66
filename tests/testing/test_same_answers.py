"""What a user of the guard sees is the same in memory and on real stores: each test here runs on both."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from celery import chain, chord, group

import guard
from guard.core.named_events import EventName
from guard.testing import in_memory
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.testing.conftest import Place


@contextmanager
def window(place: Place, **options: Any) -> Iterator[guard.Window]:
    opened = place.guard.enable(**{"reason": "upgrade", "by": "alice", "duration": 600, **options})
    try:
        yield opened
    finally:
        if place.guard.status().window_id == opened.window_id:
            place.guard.disable(by="alice", unverified=True)


def refused(place: Place, name: str, *args: Any, **options: Any) -> guard.MaintenanceActive:
    with pytest.raises(guard.MaintenanceActive) as caught:
        place.task(name).apply_async(args, **options)
    return caught.value


def test_a_refusal_says_what_why_and_until_when(place: Place) -> None:
    place.task("caption").delay("open")
    with window(place) as opened:
        error = refused(place, "caption", "closed")
        place.task("audit").delay()
    assert (error.operation, error.mode, error.reason) == ("caption_generation", "normal", "upgrade")
    assert 595 <= error.retry_after <= 600
    assert error.message == "Caption generation is temporarily unavailable due to system maintenance"
    assert error.epoch is not None
    assert error.epoch >= opened.epoch
    assert place.published() == 2


def test_a_window_says_how_it_closed(place: Place) -> None:
    place.task("audit").delay()
    place.guard.is_active  # noqa: B018 - registers this process
    with window(place) as opened:
        status = place.guard.status()
    assert (opened.proof, opened.acknowledged, opened.unconfirmed, opened.producers) == (
        "acknowledged",
        (),
        (),
        1,
    )
    assert (opened.mode, opened.reason, opened.by, opened.running) == ("normal", "upgrade", "alice", ())
    assert (status.is_active, status.mode, status.phase) == (True, "normal", "draining")
    assert status.estimated_duration == 600
    assert "caption_generation" in status.blocked_operations
    assert place.guard.status().phase == "inactive"


@pytest.mark.parametrize(("mode", "blocks"), [("normal", False), ("emergency", True)])
def test_what_a_mode_blocks(place: Place, mode: str, *, blocks: bool) -> None:
    with window(place, mode=mode):
        if blocks:
            assert refused(place, "read").mode == "emergency"
        else:
            place.task("read").delay()
        place.task("audit").delay()
        assert refused(place, "plain").operation == "job_creation"


def test_test_mode_blocks_nothing_and_counts(place: Place) -> None:
    with window(place, mode="test") as opened:
        place.task("caption").delay("x")
        assert place.guard.is_active is False
        eventually(
            lambda: place.guard.account(opened.window_id).to_fields()
            == {"would_refuse:caption_generation": 1},
            within=5,
            what="the count",
        )
    assert place.published() == 1


@pytest.mark.parametrize(
    ("name", "asked", "waits"),
    [
        ("caption", None, False),
        ("caption", "hold", True),
        ("patient", None, True),
        ("patient", "refuse", False),
    ],
)
def test_who_is_held(place: Place, name: str, asked: str | None, *, waits: bool) -> None:
    args = ("x",) if name == "caption" else ()
    with window(place):
        if waits:
            place.task(name).apply_async(args, when_closed=asked)
        else:
            refused(place, name, *args, when_closed=asked)
    assert place.published() == int(waits)
    with pytest.raises(guard.InvalidRequest):
        place.task(name).apply_async(args, when_closed="maybe")


def test_a_workflow_is_refused_as_a_whole(place: Place) -> None:
    plain, audit = place.task("plain"), place.task("audit")
    workflows = [
        chain(audit.si(), plain.si(1)),
        group(audit.si(), plain.si(1), app=place.app),
        chord([audit.si(), audit.si()], plain.si(1), app=place.app),
    ]
    with window(place):
        for workflow in workflows:
            with pytest.raises(guard.MaintenanceActive):
                workflow.apply_async()
        assert place.published() == 0
        group(audit.si(), audit.si(), app=place.app).apply_async()
    assert place.published() == 2


def test_by_name_and_directly(place: Place) -> None:
    with window(place):
        with pytest.raises(guard.MaintenanceActive):
            place.app.send_task("shop.caption", ("x",))
        with pytest.raises(guard.MaintenanceActive):
            place.app.send_task("elsewhere.unknown")
        with pytest.raises(guard.MaintenanceActive):
            place.task("caption")("x")
        with pytest.raises(guard.MaintenanceActive):
            place.task("caption").apply(("x",))
        assert place.task("audit")() == "counted"
    assert place.task("caption")("x") == "x"


def test_a_scope_narrows_a_window(place: Place) -> None:
    with window(place, scope={"operations": ["caption_generation"]}) as opened:
        refused(place, "caption", "x")
        place.task("plain").delay(1)
        assert place.guard.check("job_creation").blocked is False
        assert opened.scope is not None
        assert opened.scope["operations"] == ["caption_generation"]
    with window(place, scope={"tenant_key": "argument:shop", "tenants": ["7"]}):
        refused(place, "plain", kwargs={"shop": "7"})
        place.task("plain").apply_async(kwargs={"shop": "8"})
    with pytest.raises(guard.InvalidRequest):
        place.guard.enable(reason="x", by="alice", scope={"operations": ["no_such"]})


def test_check_asks_without_publishing(place: Place) -> None:
    assert place.guard.check("caption_generation").blocked is False
    with window(place):
        decision = place.guard.check("caption_generation")
        held = place.guard.check("caption_generation", hold=True)
        assert (decision.blocked, decision.outcome.value) == (True, "refuse")
        assert held.outcome.value == "hold"
        assert place.guard.check("admin_operations").blocked is False
        assert place.guard.check_request("GET", "/shop").blocked is False
    with pytest.raises(guard.InvalidRequest):
        place.guard.check("no_such_operation")


def test_a_bypass_passes_where_it_is_for(place: Place) -> None:
    token = place.guard.bypass("caption_generation", by="alice", holder="deployment", seconds=60)
    headers = {"guard_bypass": token}
    with window(place):
        place.task("caption").apply_async(("x",), headers=headers)
        refused(place, "plain", headers=headers)
        (made,) = [one for one in place.guard.bypasses.list() if one.holder == "deployment"][:1]
        place.guard.bypasses.revoke(made.bypass_id, by="alice")
        refused(place, "caption", "x", headers=headers)
    with window(place, verify=True):
        place.guard.drain(within=5)
        fresh = place.guard.bypass("caption_generation", by="alice", holder="late", seconds=60)
        refused(place, "caption", "x", headers={"guard_bypass": fresh})
        place.guard.verify(by="alice")
        place.task("caption").apply_async(("x",), headers={"guard_bypass": fresh})


def test_the_moves_of_a_window(place: Place) -> None:
    with pytest.raises(guard.IllegalMove):
        place.guard.disable(by="alice")
    with window(place, verify=True) as opened:
        with pytest.raises(guard.IllegalMove):
            place.guard.enable(reason="again", by="bob")
        changed = place.guard.change(by="bob", reason="longer", duration=1200)
        assert (changed.reason, changed.window_id) == ("longer", opened.window_id)
        assert place.guard.change(by="bob", mode="emergency").mode == "emergency"
        assert place.guard.change(by="bob", mode="normal").mode == "normal"
        assert place.guard.drain(within=5).state.phase == "active"
        with pytest.raises(guard.IllegalMove):
            place.guard.disable(by="bob")
        assert place.guard.verify(by="bob").phase == "verifying"
    with pytest.raises(guard.InvalidRequest):
        place.guard.enable(reason="", by="alice")


def test_the_account_adds_up(place: Place) -> None:
    with window(place) as opened:
        for _ in range(3):
            refused(place, "caption", "x")
        place.task("plain").apply_async((1,), when_closed="hold")
    wanted = {"refused:caption_generation": 3, "held:job_creation": 1}
    eventually(
        lambda: place.guard.account(opened.window_id).to_fields() == wanted, within=5, what="the sums"
    )
    report = place.guard.report(opened.window_id)
    assert report.window.reason == "upgrade"
    assert report.books.unaccounted in {0, None}


def test_the_events_of_a_window(place: Place) -> None:
    place.task("audit").delay()
    place.events.clear()
    with window(place):
        refused(place, "caption", "x", task_id="a-job")
        place.task("plain").apply_async((1,), task_id="b-job", when_closed="hold")
    told = [event.name for event in place.events if event.name is not EventName.GATE_ACKNOWLEDGED]
    assert told == [
        EventName.WINDOW_OPENED,
        EventName.PHASE_CHANGED,
        EventName.GATE_CLOSED,
        EventName.PHASE_CHANGED,
        EventName.JOB_REFUSED,
        EventName.JOB_HELD,
        EventName.WINDOW_ENDED,
        EventName.PHASE_CHANGED,
        EventName.PHASE_CHANGED,
        EventName.RELEASE_FINISHED,
    ]
    (job,) = [event.fields for event in place.events if event.name is EventName.JOB_REFUSED]
    assert (job["task"], job["task_id"], job["operation"], job["mode"], job["refusal"]) == (
        "shop.caption",
        "a-job",
        "caption_generation",
        "normal",
        "MaintenanceActive",
    )


def test_rules_and_declared_operations(place: Place) -> None:
    if "video_encoding" not in place.guard.operations.kinds:
        place.guard.operations.declare("video_encoding", blocked="emergency", message="No videos now")
    place.guard.operations.add("video_encoding", name="shop.elsewhere")
    with window(place):
        place.app.send_task("shop.elsewhere")
        assert place.guard.check("video_encoding").blocked is False
    with window(place, mode="emergency"), pytest.raises(guard.MaintenanceActive, match="No videos now"):
        place.app.send_task("shop.elsewhere")


def test_a_repeated_enable_is_the_same_window(place: Place) -> None:
    window_id = str(uuid.uuid4())
    first = place.guard.enable(reason="once", by="alice", window_id=window_id)
    again = place.guard.enable(reason="once", by="alice", window_id=window_id)
    assert again.window_id == first.window_id == window_id
    place.guard.disable(by="alice")
    with pytest.raises(guard.InvalidRequest, match="is over"):
        place.guard.enable(reason="once", by="alice", window_id=window_id)


def test_a_retry_and_an_eta_are_new_work_for_a_publisher(place: Place) -> None:
    with window(place):
        refused(place, "caption", "x", countdown=60)
        refused(place, "caption", "x", retries=1)
        with pytest.raises(guard.MaintenanceActive):
            place.task("caption").s("x").apply_async()
        with pytest.raises(guard.MaintenanceActive):
            place.task("plain").map([1, 2]).apply_async()
        with pytest.raises(guard.MaintenanceActive):
            place.task("plain").chunks([(1,), (2,)], 1).apply_async()


def test_a_real_guard_works_again_after_one_in_memory(real_shop: tuple[Any, guard.Guard]) -> None:
    app, real = real_shop
    caption = app.tasks["shop.caption"]
    app.conf.task_always_eager = True  # its broker is a server
    try:
        with in_memory(app) as maintenance:
            assert not real.is_active
            with maintenance.window():
                assert real.is_active
                maintenance.assert_refused(caption.delay, "x")
    finally:
        app.conf.task_always_eager = False
    real.is_active  # noqa: B018 - its process registers again
    real.enable(reason="upgrade", by="alice")
    with pytest.raises(guard.MaintenanceActive):
        caption.delay("x")
    with pytest.raises(guard.MaintenanceActive):
        caption("x")
    with pytest.raises(guard.MaintenanceActive):
        group(caption.s("x"), app=app).apply_async()
    assert real.status().phase == "draining"
    real.disable(by="alice")
    assert caption("x") == "x"
