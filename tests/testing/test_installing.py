"""A guard in memory is put on an app and taken off without a trace, whatever the app had before."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import weakref
from typing import TYPE_CHECKING, Any

import pytest
from celery import Celery, group

import guard
from guard.bootstrap.installing import installed
from guard.settings import load_settings
from guard.testing import InMemoryGuard, NotInMemory, in_memory
from tests.testing.conftest import make_app

if TYPE_CHECKING:
    from pathlib import Path


def own_things(app: Celery) -> dict[str, Any]:
    """What an app and its tasks have of their own, beyond what their classes give them."""
    gated = {"run", "apply", "Strategy", "Request"}
    tasks = {
        name: {key: value for key, value in vars(task).items() if key in gated}
        for name, task in app.tasks.items()
    }
    names = {"send_task", "_task_from_fun", "register_task"}
    return {
        "tasks": tasks,
        "app": {key: value for key, value in vars(app).items() if key in names},
        "steps": {where: set(steps) for where, steps in app.steps.items() if steps},
    }


def test_an_app_without_a_guard_is_as_before() -> None:
    app = make_app("bare", "memory://")
    before = own_things(app)
    with in_memory(app) as maintenance, maintenance.window():
        maintenance.assert_refused(app.tasks["shop.caption"].delay, "x")
        assert installed(app) is maintenance
    assert own_things(app) == before
    assert installed(app) is None
    app.tasks["shop.caption"].delay("x")
    group(app.tasks["shop.caption"].s("x"), app=app).apply_async()


def test_a_guard_that_was_there_is_in_memory_meanwhile(tmp_path: Path) -> None:
    app = make_app("guarded", "redis://nowhere.invalid:6379/0")
    environ = {"DATABASE_URL": f"sqlite:///{tmp_path / 'guard.db'}", "GUARD_WHEN_CLOSED": "hold"}
    real = guard.install(app, load_settings(environ))
    real.operations.add("admin_operations", name="shop.plain")
    heard: list[str] = []
    real.subscribe(lambda event: heard.append(event.name))
    before = own_things(app)
    parts = real._parts
    app.conf.broker_url = "memory://"
    with in_memory(app) as maintenance:
        assert guard.install(app) is real
        assert maintenance.settings.guard_when_closed == "hold"
        with maintenance.window(reason="upgrade"):
            assert real.is_active
            assert real.status().reason == "upgrade"
            maintenance.assert_held(app.tasks["shop.caption"].delay, "x")
            maintenance.assert_accepted(app.tasks["shop.plain"].delay)
            maintenance.operations.add("admin_operations", name="elsewhere.one")
            maintenance.assert_accepted(app.send_task, "elsewhere.one")
        assert {"window.opened", "job.held"} <= set(heard)
    assert real._parts is parts
    assert "elsewhere.one" not in real.operations._names
    assert "shop.plain" in real.operations._names
    assert set(own_things(app)["app"]) == set(before["app"])
    assert own_things(app)["tasks"].keys() == before["tasks"].keys()
    assert not (tmp_path / "guard.db").exists()


def test_a_task_that_was_not_made_yet_asks_the_guard_in_memory() -> None:
    app = Celery("unmade", broker="redis://nowhere.invalid:6379/0", set_as_current=False)
    real = guard.install(app, load_settings({}))

    @app.task(shared=False)
    def one() -> int:
        return 1

    assert not app.finalized
    with in_memory(app) as maintenance:
        assert one() == 1
        with maintenance.window():
            maintenance.assert_refused(one)
    real.close()


def test_a_guard_that_is_switched_off_is_on_in_memory() -> None:
    app = make_app("off", "memory://")
    real = guard.install(app, load_settings({"MAINTENANCE_MODE_ENABLED": "false"}))
    with in_memory(app) as maintenance, maintenance.window():
        maintenance.assert_refused(app.tasks["shop.caption"].delay, "x")
    app.tasks["shop.caption"].delay("x")
    assert not real.settings.maintenance_mode_enabled


def test_two_apps_and_one_inside_the_other() -> None:
    one, other = make_app("one", "memory://"), make_app("other", "memory://")
    with in_memory(one) as first, in_memory(other) as second:
        with first.window():
            first.assert_refused(one.tasks["shop.caption"].delay, "x")
            second.assert_accepted(other.tasks["shop.caption"].delay, "x")
            assert first.settings.guard_parked_queue != second.settings.guard_parked_queue
        with in_memory(one) as inner, inner.window():
            inner.assert_refused(one.tasks["shop.caption"].delay, "x")
        first.assert_accepted(one.tasks["shop.caption"].delay, "x")
        assert installed(one) is first


def test_tasks_that_come_later_are_guarded_and_freed() -> None:
    app = Celery("late", broker="memory://", set_as_current=False)
    with in_memory(app) as maintenance, maintenance.window():

        @app.task(name="late.one", shared=False)
        def one() -> int:
            return 1

        maintenance.assert_refused(one.delay)
        maintenance.assert_refused(one)
    assert one() == 1
    assert "run" not in vars(app.tasks["late.one"])


def test_nothing_is_left_of_a_guard() -> None:
    app = make_app("again", "memory://")
    threads = threading.active_count()
    gone = []
    for _ in range(3):
        with in_memory(app) as maintenance, maintenance.window():
            maintenance.assert_refused(app.tasks["shop.caption"].delay, "x")
            assert threading.active_count() == threads
        gone.append(weakref.ref(maintenance._parts))
        del maintenance
    gc.collect()
    assert [one() for one in gone] == [None, None, None]


def test_an_app_whose_broker_is_a_server_is_not_connected_to() -> None:
    app = make_app("far", "redis://nowhere.invalid:6379/0")
    app.conf.task_always_eager = True
    with in_memory(app) as maintenance:
        assert app.tasks["shop.caption"].delay("x").get() == "x"
        with maintenance.window():
            maintenance.assert_refused(app.tasks["shop.caption"].delay, "x")
            assert maintenance.status().parked == 0
        maintenance.assert_released()


def test_what_is_not_in_memory_says_so() -> None:
    app = make_app("limits", "memory://")
    with in_memory(app) as maintenance:
        servers = [("audit", "verify"), ("health", "look"), ("access", "tokens"), ("sessions", "stats")]
        for area, ask in servers:
            with pytest.raises(NotInMemory, match="not there in memory: test it with"):
                getattr(getattr(maintenance, area), ask)()
        with maintenance.window(), pytest.raises(NotInMemory, match="rollback"):
            maintenance.differences()


def test_wrong_settings_touch_nothing() -> None:
    app = make_app("wrong", "memory://")
    before = own_things(app)
    with pytest.raises(guard.ConfigurationInvalid, match="GUARD_WHEN_CLOSED"):
        in_memory(app, settings={"GUARD_WHEN_CLOSED": "sometimes"})
    assert own_things(app) == before


def test_the_public_names_are_typed() -> None:
    assert issubclass(InMemoryGuard, guard.Guard)


def test_importing_it_needs_no_pytest() -> None:
    code = (
        "import sys\n"
        "import guard.testing\n"
        "assert 'celery' not in sys.modules\n"
        "guard.testing.in_memory\n"
        "assert not {'pytest', '_pytest', 'sqlalchemy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
