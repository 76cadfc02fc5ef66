"""The public API as a user types it. Never run: `mypy --strict` reads it."""

from __future__ import annotations

from typing import Any, assert_type

from celery import Celery
from sqlalchemy import create_engine

import guard
from guard import (
    ConfigurationInvalid,
    Decision,
    Guard,
    GuardError,
    IllegalMove,
    InvalidRequest,
    JobPlace,
    JobView,
    MaintenanceActive,
    Mode,
    NotParked,
    NotPlanned,
    Operation,
    Phase,
    Settings,
    StateUnknown,
    Status,
    StoreUnavailable,
    Window,
    load_settings,
)
from guard.core.access import Actor

app = Celery("shop", broker="redis://localhost", task_cls="guard:GuardedTask")
maintenance = guard.install(app)
assert_type(maintenance, Guard)
assert_type(guard.install(app, load_settings({"GUARD_NAMESPACE": "shop"})), Guard)
assert_type(guard.install(app, settings=Settings(guard_namespace="shop")), Guard)


class Resize(guard.GuardedTask):
    """A task as a class."""

    operation = Operation.IMAGE_PROCESSING
    when_closed = "hold"

    def run(self, path: str) -> int:
        return len(path)


def open_and_close() -> None:
    """A window from a web app."""
    try:
        window = maintenance.enable(reason="database move", by="ops", mode="normal", duration=5400)
    except IllegalMove as error:
        assert_type(error.phase, str)
        assert_type(error.event, str)
        return
    except InvalidRequest as error:
        assert_type(error.problems, tuple[str, ...])
        return
    except StoreUnavailable:
        return
    assert_type(window, Window)
    assert_type(window.acknowledged, tuple[str, ...] | None)
    assert_type(window.unconfirmed, tuple[str, ...] | None)
    assert_type(window.unguarded, tuple[str, ...] | None)
    assert_type(window.epoch, int)
    assert_type(window.took, float)
    assert_type(window.planned_end, float | None)
    for job in window.running or ():
        assert_type(job.task_id, str)
        assert_type(job.since, float)
    ended = maintenance.disable(by="ops", progress=print)
    assert_type(ended.released, int)
    assert_type(ended.still_parked, int | None)
    maintenance.enable(reason="fire", by="eve", mode=Mode.EMERGENCY)
    maintenance.enable(reason="rehearsal", by="eve", mode=Mode.TEST.value, duration=None)


def ask() -> None:
    """Questions that never change anything."""
    assert_type(maintenance.is_active, bool)
    status = maintenance.status()
    assert_type(status, Status)
    assert_type(status.is_active, bool | None)
    assert_type(status.mode, str | None)
    assert_type(status.workers.live, int | None)
    assert_type(status.workers.unconfirmed, tuple[str, ...] | None)
    assert_type(status.parked, int | None)
    decision = maintenance.check(Operation.CAPTION_GENERATION, hold=True)
    assert_type(decision, Decision)
    assert_type(decision.allowed, bool)
    assert_type(decision.retry_after, int)
    assert_type(maintenance.check("caption_generation").message, str)
    view = maintenance.job("id")
    assert_type(view, JobView)
    assert_type(view.place, JobPlace)
    assert_type(view.parked_at, float | None)
    if view.place is JobPlace.PARKED:
        assert_type(view.queue, str)
    assert_type(maintenance.settings, Settings)
    assert_type(maintenance.settings.maintenance_default_timeout, int)
    assert_type(maintenance.bypass("image_processing", by="ops", holder="batch 7", seconds=600), str)
    assert_type(maintenance.bypasses.lets_pass("token", operation="image_processing", user="17"), bool)
    assert_type(maintenance.access.make_token("a", rights=["read"], seconds=60, by="ops").text, str)
    actor = maintenance.access.actor_of_token("token", address="192.0.2.1")
    assert_type(actor, Actor)
    assert_type(maintenance.access.step_up(actor, "123456").cookie, str)
    if status.phase == Phase.ACTIVE:
        return


def parked() -> None:
    """One by one."""
    assert_type(len(maintenance.parked), int)
    for job in maintenance.parked.list(limit=10):
        assert_type(job.task_id, str)
        assert_type(job.parked_at, float)
        assert_type(job.expires, str | None)
    found = maintenance.parked.get("id")
    if found is not None:
        assert_type(found.queue, str)
    try:
        maintenance.parked.release("id", by="ops")
        maintenance.parked.discard("id", by="ops")
    except NotParked as error:
        assert_type(error.task_id, str)


def sessions() -> None:
    """Sign-in, requests, and the cleanup."""
    assert_type(maintenance.sessions.stamp(), int | None)
    assert_type(maintenance.sessions.may_sign_in("VIEWER"), bool)
    assert_type(maintenance.sessions.is_accepted(3, "2026-11-21T04:47:52+00:00", "VIEWER"), bool)
    assert_type(maintenance.sessions.is_accepted(None, 1_800_000_000.0, None), bool)
    swept = maintenance.sessions.sweep(dry_run=True)
    assert_type(swept.seen, int | None)
    assert_type(swept.to_dict(), dict[str, Any])
    ended = maintenance.sessions.invalidate(by="ops", seen=lambda so_far: print(so_far.ended))
    assert_type(ended.took, float | None)
    assert_type(maintenance.sessions.stats(seen=print).admins, int)
    assert_type(maintenance.sessions.allow(by="ops"), Window)


def plan() -> None:
    """Windows that begin by themselves."""
    planned = maintenance.schedule.add(
        name="Reindex", reason="Weekly", by="ops", at="2026-12-06 02:00", duration=5400, every="FREQ=WEEKLY"
    )
    assert_type(planned.schedule_id, str)
    assert_type(planned.warnings, tuple[str, ...])
    for start in planned.next:
        assert_type(start.starts_at, float)
    assert_type(maintenance.schedule.run_due().done, tuple[str, ...])
    try:
        maintenance.schedule.cancel("Reindex", by="ops")
    except NotPlanned as error:
        assert_type(error.ref, str)


def publish() -> None:
    """What a caller of a guarded job handles."""
    try:
        app.send_task("shop.resize", args=["x"], queue="images")
    except StateUnknown as error:
        assert_type(error.mode, str | None)
    except MaintenanceActive as error:
        assert_type(error.operation, str)
        assert_type(error.mode, str | None)
        assert_type(error.reason, str)
        assert_type(error.message, str)
        assert_type(error.retry_after, int)
        assert_type(error.epoch, int | None)
    except GuardError:
        raise


def set_up() -> None:
    """Rules, while the app is made."""
    registry = maintenance.operations
    registry.declare("exports", blocked="emergency", message="Exports wait")
    registry.add("exports", glob="shop.export.*")
    registry.add(Operation.READ_OPERATIONS, queue="reports")
    registry.add_endpoint("exports", regex="/exports(/.*)?", methods=("POST",))
    assert_type(registry.of_endpoint("POST", "/exports").guarded, bool)


def write_safely() -> None:
    """The last check, inside the job's own transaction."""
    with create_engine("sqlite://").begin() as connection:
        guard.fence(connection)


def misconfigured() -> None:
    """Every problem at once."""
    try:
        load_settings()
    except ConfigurationInvalid as error:
        assert_type(error.problems, tuple[str, ...])


def in_a_test() -> None:
    """The guard in memory."""
    from datetime import UTC, datetime

    from guard.testing import FakeClock, InMemoryGuard, in_memory

    clock = FakeClock(datetime(2026, 12, 6, tzinfo=UTC))
    with in_memory(app, settings={"GUARD_WHEN_CLOSED": "hold"}, clock=clock) as made:
        assert_type(made, InMemoryGuard)
        with made.window(mode="emergency", reason="fire", grace=5) as window, made.simulate.redis_away():
            assert_type(window, Window)
        assert_type(made.assert_refused(Resize().delay, "cat.jpg"), MaintenanceActive)
        assert_type(made.refused.tasks, list[str])
        assert_type(clock.advance(60), datetime)
