"""The pytest plugin, in test runs of its own, with warnings as errors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
APP = """
    import pytest
    from celery import Celery

    app = Celery("mine", broker="memory://", set_as_current=False)
    app.conf.update(task_always_eager=True, result_backend="cache+memory://")

    @app.task(name="mine.one", shared=False)
    def one():
        return 1

    @pytest.fixture
    def maintenance_app():
        return app
"""


TESTS = """
    import guard
    import pytest
    from conftest import app, one

    def test_window(maintenance, maintenance_window, refused_jobs, held_jobs, released_jobs):
        with maintenance_window(reason="upgrade", mode="emergency") as window:
            assert window.mode == "emergency"
            maintenance.assert_refused(one.delay)
        assert refused_jobs.tasks == ["mine.one"]
        assert not held_jobs and not released_jobs

    @pytest.mark.maintenance(reason="marked", duration=60)
    def test_marker():
        with pytest.raises(guard.MaintenanceActive, match="disabled") as refused:
            one.delay()
        assert refused.value.reason == "marked"

    @pytest.mark.maintenance(reason="of a class")
    class TestClass:
        def test_inside(self, maintenance):
            assert maintenance.status().reason == "of a class"

    def test_clock(maintenance_clock, maintenance):
        before = maintenance_clock.now
        maintenance_clock.advance(60)
        assert maintenance.clock is maintenance_clock
        assert (maintenance.clock.now - before).total_seconds() == 60

    class TestSettings:
        @pytest.fixture
        def maintenance_settings(self):
            return {"MAINTENANCE_DEFAULT_TIMEOUT": "120"}

        def test_they_count(self, maintenance):
            with maintenance.window() as window:
                assert window.planned_end - window.started_at == 120

    def test_left_open(maintenance):
        maintenance.enable(reason="left open", by="tests")

    @pytest.mark.parametrize("turn", range(6))
    def test_nothing_has_leaked(turn, request):
        assert one.delay().get() == 1
        assert "run" not in vars(app.tasks["mine.one"]) and "send_task" not in vars(app)
        maintenance = request.getfixturevalue("maintenance")
        assert not maintenance.is_active and not maintenance.refused
"""
OURS = ("-p", "guard.testing.pytest_plugin", "-p", "no:cacheprovider")
QUIET = ("-q", "-W", "error", "--strict-markers", *OURS)


@pytest.fixture(autouse=True)
def _no_other_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def apart(folder: Path, *arguments: str, **files: str) -> str:
    """What a test run in a process of its own printed; it must have passed."""
    for name, text in files.items():
        (folder / f"{name}.py").write_text(dedent(text))
    (folder / "pytest.ini").write_text("[pytest]\n")
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *QUIET, *arguments],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def within(pytester: pytest.Pytester, *arguments: str, **files: str) -> pytest.RunResult:
    """The outcome of a test run in this process."""
    pytester.makeini("[pytest]\n")
    pytester.makepyfile(**{name: dedent(text) for name, text in files.items()})
    return pytester.runpytest_inprocess(*QUIET, *arguments)


def test_fixtures_and_marker_and_nothing_leaks(pytester: pytest.Pytester) -> None:
    within(pytester, conftest=APP, test_mine=TESTS).assert_outcomes(passed=12)


@pytest.mark.slow
def test_the_same_under_xdist(tmp_path: Path) -> None:
    assert "12 passed" in apart(tmp_path, "-p", "xdist", "-n", "2", conftest=APP, test_mine=TESTS)


def test_a_run_that_uses_none_of_it_loads_none_of_it(tmp_path: Path) -> None:
    tests = """
        import sys

        def test_lazy():
            assert "guard.testing.pytest_plugin" in sys.modules
            assert not {"celery", "kombu", "redis", "sqlalchemy", "guard.testing.guarding"} & set(sys.modules)

        def test_maintenance_is_a_name_that_may_be_taken(maintenance):
            assert maintenance == "mine"
    """
    conftest = """
        import pytest

        @pytest.fixture
        def maintenance():
            return "mine"
    """
    assert "2 passed" in apart(tmp_path, conftest=conftest, test_mine=tests)


def test_with_the_fixture_of_celerys_own_plugin(pytester: pytest.Pytester) -> None:
    tests = """
        def test_celery_app(celery_app, maintenance):
            assert maintenance._parts.app is celery_app
            with maintenance.window():
                assert maintenance.is_active
    """
    within(pytester, "-p", "celery.contrib.pytest", test_mine=tests).assert_outcomes(passed=1)


def test_without_an_app_it_says_what_to_do(pytester: pytest.Pytester) -> None:
    done = within(pytester, test_mine="def test_none(maintenance): ...\n")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*Define a fixture `maintenance_app` in conftest.py that returns it*"])
