"""The doctor as a whole: it changes nothing, keeps its order, and its command tells people and programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
from celery import Celery
from celery.bin.base import CLIContext
from click.testing import CliRunner, Result
from sqlalchemy import MetaData, create_engine, select

from guard.cli.main import maintenance
from guard.core.diagnosis import Family, Source, Status, out_of_order
from guard.doctor.asking import Asked, ask_all
from guard.doctor.catalogue import CHECKS, SOURCES, sources_of
from guard.errors import InvalidRequest
from guard.settings import Settings
from tests.doctor.conftest import SECRET, Clinic

if TYPE_CHECKING:
    from tests.support.valkey import Valkey

ROOT = Path(__file__).parents[2]
GUIDE = Path(__file__).parent / "symptoms.txt"


def is_kombus(key: str) -> bool:
    """Whoever asks by remote control leaves kombu's deadline of a reply queue with the broker, as
    `celery inspect` does; kombu sweeps it."""
    return key.startswith("_kombu.binding")


def everything(clinic: Clinic, broker: int) -> tuple[Any, Any, Any, Any]:
    """All that the stores hold, of both Redis databases and SQL, and what lies beside the file."""
    dumps = []
    for number in (clinic.number, broker):
        with clinic.server.client(number) as client:
            keys = sorted(key for key in client.scan_iter() if not is_kombus(key))
            dumps.append({key: (client.type(key), client.pttl(key) == -1) for key in keys})
            dumps[-1]["values"] = [
                client.hgetall(key) for key in keys if client.type(key) == "hash"
            ]
    engine = create_engine(str(clinic.settings.database_url))
    tables = MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        rows = {name: list(connection.execute(select(table))) for name, table in tables.tables.items()}
    engine.dispose()
    folder = Path(str(clinic.settings.database_url).removeprefix("sqlite:///")).parent
    return (*dumps, rows, sorted(path.name for path in folder.iterdir() if path.suffix == ".db"))


def test_it_changes_nothing(clinic: Clinic) -> None:
    number = int(str(clinic.app.conf.broker_url).rpartition("/")[2])
    with clinic.server.client(clinic.number) as client:
        client.hset("vedfolnir:session:odd", "a", "b")
        client.set("vedfolnir:maintenance:login_prevention", "true")
    before = everything(clinic, number)
    whole = clinic.guard.diagnose()
    assert whole.health is Status.PROBLEM  # it looked
    assert everything(clinic, number) == before


def test_it_makes_no_database(own_server: Valkey, tmp_path: Path) -> None:
    made = Clinic(own_server, tmp_path)
    assert made.examine().of("migration").status is Status.OK
    assert list(tmp_path.iterdir()) == []
    made.close()


def test_causes_come_first_and_each_check_names_a_symptom_of_the_guide() -> None:
    for shared in (True, False):
        kept = ("guard_smtp_url", "maintenance_webhook_url") if shared else ()
        there = sources_of(
            sessions_are_there=shared, broker_is_there=shared, users_are_there=shared, kept=kept
        )
        assert out_of_order(CHECKS, there) == []
    names = [check.name for check in CHECKS]
    assert len(set(names)) == len(names) >= 38
    assert {source.root for source in SOURCES.values()} <= set(names)
    by_name = {check.name: check for check in CHECKS}
    for source in SOURCES.values():
        assert by_name[source.root].why, source
        assert by_name[source.root].remedy, source
    symptoms = set(GUIDE.read_text("utf-8").splitlines())
    assert {check.symptom for check in CHECKS} <= symptoms
    families = [check.family for check in CHECKS]
    assert families == sorted(families, key=list(Family).index)


def test_the_page_names_every_check() -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
    named = dict(zip(Family, page.split("\n## ")[1:6], strict=True))
    for check in CHECKS:
        assert f"`{check.name}`" in named[check.family], check.name


def test_one_family_and_what_keeps_it_from_being_looked_at(clinic: Clinic) -> None:
    found = clinic.guard.diagnose(only=["sessions"])
    assert {one.family for one in found.findings} == {Family.SESSIONS}
    clinic.server.crash()
    try:
        found = clinic.guard.diagnose(only=["sessions"])
    finally:
        clinic.server.start()
    assert [one.check for one in found.findings if one.family is not Family.SESSIONS] == ["control plane"]
    with pytest.raises(InvalidRequest, match="did you mean 'sessions'") as wrong:
        clinic.guard.diagnose(only=["session", "magic"])
    assert len(wrong.value.problems) == 2


def test_progress_is_told(clinic: Clinic) -> None:
    told: list[tuple[int, int]] = []
    clinic.guard.diagnose(only=["performance"], seen=lambda done, of: told.append((done, of)))
    assert told[-1][0] == told[-1][1] > 4
    assert told == sorted(told)


def test_sources_that_wait_for_each_other_are_a_mistake() -> None:
    one = Asked(source=Source(name="a", root="x", needs=("b",)), ask=lambda _: 1, given=1)
    two = Asked(source=Source(name="b", root="x", needs=("a",)), ask=lambda _: 1, given=1)
    with pytest.raises(ValueError, match="wait for each other: a, b"):
        ask_all([one, two])


def test_an_error_that_nobody_thought_of_is_an_answer() -> None:
    def broken() -> None:
        raise RuntimeError("redis://:hunter2@host")

    asked = [Asked(source=Source(name="a", root="x"), ask=broken, given=0)]
    assert ask_all(asked)["a"].lost == "it does not answer (RuntimeError)"


def invoke(clinic: Clinic | None, *words: str, **environ: str) -> Result:
    """The command in this process: with an app as `celery -A` gives it, or without one."""
    app = clinic.app if clinic is not None else Celery("none", set_as_current=False)
    root = click.Context(click.Command("celery"), info_name="celery")
    root.params["app"] = app if clinic is not None else None
    context = CLIContext(app=app, no_color=True, workdir=None)
    return CliRunner(env=environ).invoke(maintenance, ["doctor", *words], obj=context, parent=root)


def test_the_command_for_people(clinic: Clinic) -> None:
    done = invoke(clinic, "--only", "sessions")
    assert done.exit_code == 0, done.output
    assert "all is well" in done.output
    assert "Session invalidation not working: 5 checks, all well" in done.output
    assert "the roles of users" not in done.output
    assert "there is no table users" in invoke(clinic, "--only", "sessions", "--all").output

    done = invoke(clinic, "--only", "blocking")  # no worker
    assert done.exit_code == 1

    clinic.parts.doctor.world().local_close.write_text("{}")
    done = invoke(clinic, "--only", "emergency")
    assert done.exit_code == 2
    lines = done.output.splitlines()
    assert lines[1] == "  begin with    local close: celery -A yourapp maintenance close-local --open"
    assert "Emergency mode issues" in lines
    (line,) = [line for line in lines if line.startswith("  problem")]
    assert "was left behind" in line
    assert "  guide: Emergency mode can't be deactivated" in done.output
    assert "→ remedy    celery -A yourapp maintenance close-local --open" in done.output
    assert "\x1b" not in done.output
    assert SECRET not in done.output

    done = invoke(clinic, "--only", "emergncy")
    assert done.exit_code == 2
    assert "did you mean 'emergency'?" in done.output


def test_what_waits_for_one_cause_is_one_line(clinic: Clinic) -> None:
    clinic.server.crash()
    try:
        done = invoke(clinic, "--only", "emergency")
    finally:
        clinic.server.start()
    assert done.output.count("not looked at") == 1
    lost = "jobs can be ended, workers can stop, window in time, parked jobs"
    assert f"because of “control plane”: {lost}" in done.output


def test_the_command_without_an_app() -> None:
    done = invoke(None, "--json", GUARD_LEASE_SECONDS="many", GUARD_RELEASE_RATE="-1")
    assert done.exit_code == 2
    told = json.loads(done.output)
    assert [one["check"] for one in told["findings"]] == ["settings", "settings"]
    done = invoke(None, "--json")
    assert (done.exit_code, json.loads(done.output)["error"]) == (2, "NoApp")


def test_the_command_as_an_operator_types_it(own_server: Valkey, tmp_path: Path) -> None:
    environ = {
        "REDIS_URL": own_server.url(own_server.fresh_db()),
        "CELERY_BROKER_URL": own_server.broker_url(own_server.fresh_db()),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'guard.db'}",
        "GUARD_SECRET_KEY": SECRET,
    }
    argv = [sys.executable, "-W", "ignore", "-m", "celery", "-A", "tasks", "maintenance", "doctor", "--json"]
    done = subprocess.run(
        argv, env={**os.environ, "PYTHONPATH": str(ROOT), **environ}, cwd=ROOT, capture_output=True,
        text=True, timeout=90, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    told = json.loads(done.stdout)
    assert (done.returncode, told["health"]) == (2, "problem")  # no beat runs
    by_name = {one["check"]: one for one in told["findings"]}
    assert by_name["beat"]["remedy"] == "celery -A yourapp beat"
    assert by_name["control plane"]["status"] == "ok"
    assert set(told["counts"]) == {"ok", "warning", "problem", "unknown"}


def test_addresses_that_are_none(own_server: Valkey, tmp_path: Path) -> None:
    """Whatever is written there, the doctor says what is wrong with it and goes on."""
    made = Clinic(own_server, tmp_path)
    values = {
        **vars(made.settings), "redis_url": "hunter2", "database_url": "hunter2",
        "guard_session_redis_url": "hunter2", "guard_app_database_url": "hunter2://x",
    }  # fmt: skip
    whole = made.examine(settings=Settings.unjudged(values), redis_url="hunter2")
    assert {"durable store", "control plane", "session store", "users"} <= {
        one.check for one in whole.with_status(Status.PROBLEM)
    }
    assert "hunter2" not in str(whole.to_dict())
    made.close()
