"""The command line as people and scripts use it: real `celery -A shop maintenance …` processes."""

from __future__ import annotations

import json
import os
import pty
import signal
import sqlite3
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from celery import _state as celery_state
from celery.bin.celery import celery
from click.testing import CliRunner

from guard.cli.exits import Exit
from guard.cli.render import safe
from guard.settings.masking import mask_url
from guard.store.redis.keys import Keys
from tests.support.eventually import eventually, throughout
from tests.support.processes import LocalProcess
from tests.support.shortdirs import remove_dir, short_dir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.valkey import Valkey

ROOT = Path(__file__).parents[2]
NAMESPACE = "cli-tests"
NOWHERE = "redis://:s3cret@127.0.0.1:1/0"
GUIDES_FIELDS = [
    "is_active", "mode", "reason", "estimated_duration", "started_at", "estimated_completion",
    "blocked_operations", "active_jobs_count", "message",
]  # fmt: skip

SHOP = """
import os, time
from celery import Celery
import guard

broker = os.environ["SHOP_BROKER"]
app = Celery("shop", broker=broker, backend=broker, task_cls="guard:GuardedTask")
app.conf.worker_prefetch_multiplier = 10
guard.install(app)

@app.task(operation="caption_generation")
def slow(path):
    while not os.path.exists(path):
        time.sleep(0.02)
    return "slept"

@app.task(operation="caption_generation")
def caption(number):
    return number

@app.task(operation="read_operations")
def look(number):
    return number
"""
PLAIN = """
from celery import Celery

app = Celery("plain", broker="redis://127.0.0.1:1/0")
"""


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one JSON document and nothing else."""
        return json.loads(self.out)


class Shop:
    """A folder with an app, and commands run in it."""

    def __init__(self, folder: Path, broker: str) -> None:
        self.folder = folder
        (folder / "shop.py").write_text(SHOP)
        (folder / "plain.py").write_text(PLAIN)
        self.env = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "APP"}} | {
            "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}",
            "SHOP_BROKER": broker,
            "DATABASE_URL": f"sqlite:///{folder / 'guard.db'}",
            "GUARD_LOCAL_CLOSE_FILE": str(folder / "closed"),
            "GUARD_NAMESPACE": NAMESPACE,
            "GUARD_SECRET_KEY": "a secret for the tests",
            "PYTHONWARNINGS": "error::ResourceWarning",
        }

    def celery(self, *args: str, app: str = "shop", **env: str) -> Done:
        """`celery -A shop …`, with nobody at the keyboard."""
        done = subprocess.run(
            self.argv(*args, app=app), cwd=self.folder, env=self.env | env,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip
        return Done(done.returncode, done.stdout, done.stderr)

    def maintenance(self, *args: str, app: str = "shop", **env: str) -> Done:
        """`celery -A shop maintenance …`."""
        done = self.celery("maintenance", *args, app=app, **env)
        assert "Traceback" not in done.err
        return done

    def argv(self, *args: str, app: str = "shop") -> list[str]:
        """The command line; without ``-A`` when the app has no name."""
        return [sys.executable, "-m", "celery", *(["-A", app] if app else []), *args]

    def submit(self, code: str, **env: str) -> list[str]:
        """Run a line of Python that publishes; gives the ids that it returns."""
        script = f"import json, shop; print(json.dumps([result.id for result in {code}]))"
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=self.folder, env=self.env | env,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        ids: list[str] = json.loads(done.stdout)
        return ids


@pytest.fixture(autouse=True)
def _no_app_is_current(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a shell: other tests of this process may have made an app, which Celery then takes for ours."""
    monkeypatch.setattr(celery_state._tls, "current_app", None)


@pytest.fixture(scope="module")
def database(valkey: Valkey) -> int:
    """The Valkey database of this module."""
    return valkey.fresh_db()


@pytest.fixture(scope="module")
def shop(valkey: Valkey, database: int) -> Iterator[Shop]:
    """The app, with its stores and nothing running."""
    folder = short_dir("cli")
    yield Shop(folder, valkey.broker_url(database))
    remove_dir(folder)


@pytest.fixture(scope="module")
def worker(shop: Shop, valkey: Valkey, database: int) -> Iterator[LocalProcess]:
    """One prefork worker with two slots, registered."""
    argv = shop.argv("worker", "-c", "2", "-n", "w1@here", "--loglevel", "INFO")
    with LocalProcess("worker", argv, workdir=shop.folder, env=shop.env) as process:
        with valkey.client(database) as client:
            eventually(
                lambda: client.hlen(Keys(NAMESPACE).agents) or not process.alive, within=30, what="a worker"
            )
        assert process.alive, process.log_tail
        yield process


@pytest.fixture
def parked_count(valkey: Valkey, database: int) -> Iterator[Any]:
    """Asks the broker how many jobs are parked."""
    with valkey.client(database) as client:
        yield lambda: client.llen("guard.parked")


@pytest.fixture
def closed(shop: Shop, worker: LocalProcess) -> Iterator[Any]:
    """A window for one test; ended at the latest with the test."""
    done = shop.maintenance("enable", "--reason", "Upgrade", "--by", "ops", "--json")
    assert done.code == Exit.DONE, done
    yield done.json
    ended = shop.maintenance("disable", "--by", "ops", "--json")
    assert ended.code in {Exit.DONE, Exit.NOT_NOW}, ended


# -- a window ------------------------------------------------------------------------------------


def test_a_window_from_begin_to_end(shop: Shop, worker: LocalProcess, parked_count: Any) -> None:
    gate = shop.folder / "go"
    slow = shop.submit(f"[shop.slow.delay({str(gate)!r}) for _ in range(2)]")
    eventually(lambda: worker.log.count("received") >= 2, what="both slow jobs to be received")
    waiting = shop.submit("[shop.caption.delay(n) for n in range(3)]")

    enabled = shop.maintenance("enable", "-r", 'Say "hi"', "-d", "90m", "--by", "alice")
    assert enabled.code == Exit.DONE, enabled
    for text in ("Maintenance is on: normal window", 'Say "hi"', "alice", "1 hour 30 minutes", "w1@here"):
        assert text in enabled.out
    assert '[MAINTENANCE] Maintenance mode activated: reason="Say \\"hi\\"" admin="alice"' in enabled.err
    eventually(lambda: parked_count() == 3, what="three jobs to be parked")

    status = shop.maintenance("status", "--json")
    assert status.code == Exit.DONE
    assert list(status.json)[:9] == GUIDES_FIELDS
    assert status.json["is_active"] is True
    assert status.json["estimated_duration"] == 5400
    assert status.json["parked"] == 3
    assert status.json["active_jobs_count"] == 2
    assert {job["task_id"] for job in status.json["in_flight"]["jobs"]} == set(slow)
    assert status.json["workers"] == {"live": 1, "acknowledged": 1, "unconfirmed": [], "problems": {}}

    assert shop.maintenance("job", slow[0], "--json").json["place"] == "running"
    job = shop.maintenance("job", waiting[0])
    assert job.code == Exit.DONE
    assert f"Job {waiting[0]}: parked" in job.out

    again = shop.maintenance("enable", "-r", "Twice")
    assert again.code == Exit.NOT_NOW
    assert again.err == "Error: cannot enable while maintenance is draining: change it, or disable it first\n"

    gate.touch()
    disabled = shop.maintenance("disable", "--json")
    assert disabled.code == Exit.DONE, disabled
    assert (disabled.json["released"], disabled.json["still_parked"]) == (3, 0)
    assert disabled.json["length"] > 0
    assert "@" in disabled.json["by"]

    account = shop.maintenance("account", "--json").json
    assert account["window_id"] == disabled.json["window_id"]
    assert account["by_operation"]["released"] == {"caption_generation": 3}
    assert account["still_parked"] == 0
    table = shop.maintenance("account", account["window_id"])
    assert table.code == Exit.DONE
    assert "caption_generation  3" in table.out

    over = shop.maintenance("disable", "--json")
    assert over.code == Exit.NOT_NOW
    assert over.json["error"] == "IllegalMove"


def test_a_drain_is_watched_changed_and_cut_short(shop: Shop, worker: LocalProcess) -> None:
    gate = shop.folder / "drained"
    (job,) = shop.submit(f"[shop.slow.delay({str(gate)!r})]")
    eventually(lambda: job in worker.log, what="the slow job to be received")
    assert shop.maintenance("drain", "--json").json["phase"] == "inactive"

    opened = shop.maintenance(
        "enable", "-r", "Move", "--drain-within", "1h", "--at-deadline", "extend", "--by", "ops"
    )
    assert opened.code == Exit.DONE, opened
    eventually(
        lambda: shop.maintenance("drain", "--json").json["blockers"], within=20, what="the running job"
    )
    looked = shop.maintenance("drain", "--json")
    assert looked.code == Exit.NOT_DRAINED
    assert (looked.json["phase"], looked.json["next"], looked.json["at_deadline"]) == (
        "draining",
        "wait",
        "extend",
    )
    assert [(one["kind"], one["task_id"], one["worker"]) for one in looked.json["blockers"]] == [
        ("running", job, "w1@here")
    ]
    shown = shop.maintenance("drain", "--watch", "--within", "2")
    assert shown.code == Exit.NOT_DRAINED
    for text in ("Draining", "shop.slow", job, "w1@here", "ends in", "then: extend"):
        assert text in shown.out
    assert "0 of 1 ended" in shown.err, "the bar goes to the error stream"

    refused = shop.maintenance("change", "--mode", "emergencyy", "--grace", "900")
    assert refused.code == Exit.INVALID
    assert "mode 'emergencyy' is unknown" in refused.err
    assert "grace 900 is out of range" in refused.err
    changed = shop.maintenance("change", "--duration", "3h", "--json")
    assert (changed.code, changed.json["phase"]) == (Exit.DONE, "draining")
    assert shop.maintenance("change", "--duration", "3h").err.startswith("Error: nothing would change")
    nobody = shop.maintenance("drain", "--vouch", "w1@here")
    assert nobody.code == Exit.INVALID
    assert "is not silent" in nobody.err

    gate.touch()
    drained = shop.maintenance("drain", "--watch", "--json")
    assert drained.code == Exit.DONE
    assert drained.json["drained"] is True

    # Warnings are no reason to say that a gate is open.
    worse = shop.maintenance("change", "--mode", "emergency", "--json")
    assert (worse.code, worse.json["proof"], worse.json["unconfirmed"]) == (Exit.DONE, "acknowledged", [])
    assert worse.json["warnings"]
    assert shop.maintenance("change", "--mode", "normal").code == Exit.DONE
    assert shop.maintenance("disable").code == Exit.DONE


def test_a_window_is_verified_before_it_ends(shop: Shop, worker: LocalProcess) -> None:
    nobody = shop.maintenance("bypass", "caption_generation", "--holder", "alice", "--for", "2d")
    assert nobody.code == Exit.INVALID
    assert "out of range" in nobody.err
    token = shop.maintenance("bypass", "caption_generation", "--holder", "alice", "--for", "5m").out.strip()
    made = shop.maintenance("bypass", "caption_generation", "--holder", "alice", "--for", "5m", "--json").json
    assert (made["operations"], made["seconds"]) == (["caption_generation"], 300)

    assert shop.maintenance("enable", "-r", "Schema 41", "--verify", "--wait").code == Exit.DONE
    early = shop.maintenance("disable")
    assert early.code == Exit.NOT_NOW
    assert "verified first" in early.err
    verifying = shop.maintenance("verify")
    assert verifying.code == Exit.DONE
    assert "verifying in" in verifying.out
    (job,) = shop.submit(f"[shop.caption.apply_async((7,), headers={{'guard_bypass': {token!r}}})]")
    eventually(lambda: f"shop.caption[{job}] succeeded" in worker.log, what="the job with the bypass")
    assert "alice" in worker.log
    assert token not in worker.log
    assert shop.maintenance("verify").code == Exit.NOT_NOW
    assert shop.maintenance("disable").code == Exit.DONE

    assert shop.maintenance("enable", "-r", "Schema 42", "--verify").code == Exit.DONE
    assert shop.maintenance("disable", "--unverified").code == Exit.DONE


def test_parked_jobs_one_by_one(shop: Shop, closed: Any, parked_count: Any) -> None:
    ids = shop.submit("[shop.caption.delay(n) for n in range(3)]", GUARD_WHEN_CLOSED="hold")
    eventually(lambda: parked_count() == 3, what="the jobs to be parked")
    listed = shop.maintenance("parked", "--json", "list").json
    assert listed["parked"] == 3
    assert {job["task_id"] for job in listed["jobs"]} == set(ids)
    short = shop.maintenance("parked", "--limit", "1")
    assert short.code == Exit.DONE
    assert "Parked: 3 jobs by the broker's count, 1 listed" in short.out
    assert "! 2 more" in short.out

    unasked = shop.maintenance("parked", "discard", ids[0])
    assert unasked.code == Exit.INVALID
    assert unasked.err == "Error: discard drops the job for good: say --yes\n"
    declined = _at_the_keyboard(shop, "parked", "discard", ids[0], answer="n\n")
    assert declined.returncode == Exit.NOT_NOW
    assert f"Drop {ids[0]} (shop.caption of queue celery) for good? [y/N]: " in declined.stderr
    assert parked_count() == 3
    assert shop.maintenance("parked", "discard", ids[0], "--yes").out == (
        f"shop.caption {ids[0]} was dropped for good\n"
    )
    assert shop.maintenance("parked", "discard", ids[0], "--yes").code == Exit.NOT_FOUND

    released = shop.maintenance("parked", "release", ids[1], "--json")
    assert released.code == Exit.DONE
    assert (released.json["outcome"], released.json["job"]["queue"]) == ("released", "celery")
    eventually(lambda: parked_count() == 2, what="the released job to be parked again while closed")

    out, bar = _with_terminal(shop, "disable", "--json", stream="stderr")
    assert json.loads(out)["released"] == 2, "the bar is not on standard output"
    assert "giving jobs back" in bar


def test_the_worst_is_told_with_exit_code_4(
    shop: Shop, worker: LocalProcess, valkey: Valkey, database: int
) -> None:
    """A worker that is silent, and a consumer that has no guard."""
    with valkey.client(database) as client:
        stranger = client.connection_pool.get_connection()
        stranger.send_command("BRPOP", "celery", 0)
        worker.freeze_group()
        try:
            done = shop.maintenance("enable", "--reason", "Upgrade", "--json")
        finally:
            worker.thaw_group()
            stranger.disconnect()
    assert done.code == Exit.UNCONFIRMED, done
    assert done.json["proof"] == "time"
    assert done.json["acknowledged"] == []
    assert done.json["unconfirmed"][0].startswith("w1@here")
    assert "brpop" in done.json["unguarded"][0]
    assert shop.maintenance("disable").code == Exit.DONE


def test_a_rollback_shows_asks_restores_and_may_be_repeated(
    shop: Shop, worker: LocalProcess, closed: Any
) -> None:
    asked = shop.celery("control", "--timeout", "5", "cancel_consumer", "celery")
    assert asked.code == 0, asked

    def look() -> Done | None:
        done = shop.maintenance("disable", "--rollback", "--dry-run", "--json")
        return done if len(done.json["differences"]) == 2 else None

    shown = eventually(look, within=20, what="the difference")
    assert shown.code == Exit.DONE
    one, sessions = shown.json["differences"]
    assert (sessions["kind"], sessions["can_be_undone"]) == ("sessions", False)
    assert (one["what"], one["was"], one["is"]) == ("w1@here, queue celery", "consumed", "not consumed")
    assert one["can_be_undone"] is True
    assert shown.json["window_id"] == closed["window_id"]

    for silent in (["--json"], []):
        unasked = shop.maintenance("disable", "--rollback", *silent)
        assert unasked.code == Exit.INVALID
        assert "say --yes" in unasked.out + unasked.err
    declined = _at_the_keyboard(shop, "disable", "--rollback", answer="n\n")
    assert declined.returncode == Exit.NOT_NOW
    assert "to restore    1 thing" in declined.stdout
    assert "consumer w1@here, queue celery: was consumed, is not consumed" in declined.stdout
    assert "End the window and restore 1 thing? [y/N]: " in declined.stderr
    assert shop.maintenance("status", "--json").json["is_active"] is True

    agreed = _at_the_keyboard(shop, "disable", "--rollback", answer="y\n")
    assert agreed.returncode == Exit.DONE, agreed
    assert "Maintenance is over" in agreed.stdout
    assert "restored      1 thing" in agreed.stdout
    (job,) = shop.submit("[shop.caption.delay(1)]")
    eventually(lambda: f"[{job}] succeeded" in worker.log, within=30, what="the job to run")

    again = shop.maintenance("disable", "--rollback", "--yes", "--json")
    assert again.code == Exit.DONE
    assert again.json["window_id"] == closed["window_id"]
    assert again.json["rolled_back"]["restored"] == []
    text = shop.maintenance("disable", "--rollback", "--yes")
    assert "was over already, and is rolled back" in text.out


def test_a_rollback_in_a_script(shop: Shop, worker: LocalProcess, closed: Any) -> None:
    done = shop.maintenance("disable", "--rollback", "--yes", "--json")
    assert done.code == Exit.DONE, done
    assert done.json["phase"] in {"inactive", "releasing"}
    rolled_back = done.json["rolled_back"]
    assert [one["kind"] for one in rolled_back.pop("left")] == ["sessions"]
    assert rolled_back == {"window_id": closed["window_id"], "restored": [], "failed": [], "unknown": []}
    plain = shop.maintenance("disable", "--dry-run")
    assert plain.code == Exit.INVALID
    assert plain.err == "Error: --dry-run and --yes go with --rollback\n"


def test_a_rollback_of_what_is_unknown_says_so_with_exit_code_4(
    shop: Shop, worker: LocalProcess, closed: Any
) -> None:
    with sqlite3.connect(shop.folder / "guard.db") as connection:
        connection.execute("DELETE FROM guard_found")
    connection.close()
    shown = shop.maintenance("disable", "--rollback", "--dry-run")
    assert shown.code == Exit.UNCONFIRMED
    assert "! unknown: what this window found is not known" in shown.out
    assert shop.maintenance("disable", "--rollback", "--yes").code == Exit.UNCONFIRMED


def test_a_rollback_before_the_first_window(shop: Shop, tmp_path: Path) -> None:
    done = shop.maintenance("disable", "--rollback", DATABASE_URL=f"sqlite:///{tmp_path / 'new.db'}")
    assert done.code == Exit.NOT_FOUND
    assert done.err == "Error: there was no window yet\n"


# -- scope ---------------------------------------------------------------------------------------


def test_a_window_that_is_narrowed_says_so(shop: Shop, worker: LocalProcess) -> None:
    narrowed = shop.maintenance(
        "enable", "-r", "Models move", "--only-operation", "caption_generation", "--only-queue", "b",
        "--only-queue", "a", "--tenant-key", "header:shop", "--tenant", "one",
    )  # fmt: skip
    try:
        assert narrowed.code == Exit.DONE, narrowed
        only = "only          operation caption_generation; queues a, b; tenant one by header:shop"
        assert only in narrowed.out
        assert only in shop.maintenance("status").out
        assert shop.maintenance("status", "--json").json["scope"] == {
            "operations": ["caption_generation"],
            "queues": ["a", "b"],
            "tenant_key": "header:shop",
            "tenants": ["one"],
            "crossing": None,
        }
        changed = shop.maintenance("change", "--only-queue", "celery", "--json")
        assert changed.code == Exit.DONE, changed
        assert changed.json["scope"]["queues"] == ["celery"]
        assert changed.json["scope"]["operations"] == []
        same = shop.maintenance("change", "--duration", "3h", "--json")
        assert same.code == Exit.DONE, same
        assert same.json["scope"]["queues"] == ["celery"], "what is not given stays"
        both = shop.maintenance("change", "--no-scope", "--only-queue", "x", "--json")
        assert both.code == Exit.INVALID
        assert "--no-scope widens to everything" in both.json["message"]
        widened = shop.maintenance("change", "--no-scope")
        assert widened.code == Exit.DONE, widened
        assert "only  " not in widened.out
    finally:
        shop.maintenance("disable")
    assert shop.maintenance("status", "--json").json["scope"] is None


def test_all_problems_of_a_scope_are_told_at_once_with_the_others(shop: Shop) -> None:
    done = shop.maintenance(
        "enable", "--mode", "emergncy", "--only-operation", "caption_generaton", "--tenant-key", "cookie:x",
        "--json",
    )  # fmt: skip
    assert done.code == Exit.INVALID
    mode, reason, operation, key, tenants = done.json["problems"]
    assert "did you mean 'emergency'" in mode
    assert reason.startswith("reason is empty")
    assert "did you mean 'caption_generation'" in operation
    assert "use header:NAME or argument:NAME" in key
    assert "at least one tenant" in tenants


# -- status --------------------------------------------------------------------------------------


def test_watch_prints_one_json_object_per_line_until_interrupted(shop: Shop, worker: LocalProcess) -> None:
    argv = shop.argv("maintenance", "status", "--watch", "--json")
    # a test run in the background passes "ignore SIGINT" on to its children: heed it again
    heed = "import os, signal, sys; signal.signal(2, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
    with subprocess.Popen(
        [sys.executable, "-c", heed, *argv], cwd=shop.folder, env=shop.env, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        seen = [json.loads(process.stdout.readline()) for _ in range(2)]
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == Exit.DONE
    assert [status["is_active"] for status in seen] == [False, False]


@pytest.mark.parametrize(("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colour_is_for_terminals_that_want_it(
    shop: Shop, worker: LocalProcess, env: dict[str, str], coloured: bool
) -> None:
    _, text = _with_terminal(shop, "status", stream="stdout", **env)
    assert "Maintenance: off" in text
    assert ("\x1b[" in text) is coloured


# -- what is away --------------------------------------------------------------------------------


def test_what_does_not_answer_is_unknown_never_zero(shop: Shop) -> None:
    done = shop.maintenance("status", "--json", SHOP_BROKER=NOWHERE)
    assert done.code == Exit.AWAY
    assert done.json["parked"] is None
    assert done.json["workers"]["live"] is None
    assert "s3cret" not in done.out + done.err


def test_a_store_that_is_away_is_one_line_and_exit_code_5(shop: Shop) -> None:
    away = {"DATABASE_URL": "mysql+pymysql://guard:pw12@127.0.0.1:1/app", "SHOP_BROKER": NOWHERE}
    line = shop.maintenance("enable", "--reason", "Upgrade", **away)
    assert line.code == Exit.AWAY
    assert line.out == ""
    assert line.err.startswith("Error: the SQL store did not do what was asked")
    assert line.err.count("\n") == 1
    assert "`maintenance check`" in line.err
    document = shop.maintenance("account", "--json", **away)
    assert document.code == Exit.AWAY
    assert document.json["error"] == "StoreUnavailable"
    assert document.json["problems"]
    checked = shop.maintenance("check", **away)
    assert checked.code == Exit.AWAY
    for name in ("durable store", "control plane", "broker", "result backend"):
        assert f"fail          {name}: " in checked.out
    for done in (line, document, checked):
        assert "pw12" not in done.out + done.err
        assert "s3cret" not in done.out + done.err


def test_check_passes_when_everything_answers(shop: Shop, worker: LocalProcess) -> None:
    done = shop.maintenance("check", "--json")
    assert done.code == Exit.DONE, done
    assert done.json["ok"] is True
    assert {finding["verdict"] for finding in done.json["checks"]} == {"pass"}


def test_check_names_every_problem_of_the_environment_without_an_app(monkeypatch: Any) -> None:
    monkeypatch.setenv("GUARD_LEASE_SECONDS", "99")
    monkeypatch.setenv("MAINTENANCE_DEFAULT_TIMEOUT", "x")
    done = CliRunner().invoke(celery, ["maintenance", "check"])
    assert done.exit_code == Exit.INVALID
    assert "MAINTENANCE_DEFAULT_TIMEOUT is 'x': use a whole number" in done.stdout
    assert "lease of 99.0 s is out of range" in done.stdout


# -- close-local ---------------------------------------------------------------------------------


def test_close_local_needs_no_server(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "closed"
    away = {
        "DATABASE_URL": "mysql+pymysql://guard:pw12@127.0.0.1:1/app",
        "SHOP_BROKER": NOWHERE,
        "GUARD_LOCAL_CLOSE_FILE": str(file),
    }
    made = shop.maintenance("close-local", **away)
    assert made.code == Exit.DONE
    assert f"Made {file}: workers of user " in made.out
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text())["by"]
    assert list(tmp_path.iterdir()) == [file]
    assert shop.maintenance("close-local", "--json", app="", **away).json["changed"] is False
    removed = shop.maintenance("close-local", "--open", "--json", **away)
    assert removed.json == {"file": str(file), "closed": False, "changed": True, "user": removed.json["user"]}
    assert not file.exists()


def test_a_local_close_file_that_cannot_be_made_is_said(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("GUARD_LOCAL_CLOSE_FILE", str(tmp_path / "no" / "folder"))
    done = CliRunner().invoke(celery, ["maintenance", "close-local"])
    assert done.exit_code == Exit.NOT_NOW
    assert "cannot be made (No such file or directory)" in done.stderr
    dangling = tmp_path / "link"
    dangling.symlink_to(tmp_path / "nothing")
    monkeypatch.setenv("GUARD_LOCAL_CLOSE_FILE", str(dangling))
    done = CliRunner().invoke(celery, ["maintenance", "close-local"])
    assert done.exit_code == Exit.NOT_NOW, "a link that leads nowhere closes nothing"


def test_close_local_closes_a_worker(shop: Shop, worker: LocalProcess, valkey: Valkey, database: int) -> None:
    with valkey.client(database) as client:
        assert shop.maintenance("close-local").code == Exit.DONE
        try:
            assert "local close: this machine is closed" in shop.maintenance("check").out
            another = str(shop.folder / "another")
            (job,) = shop.submit("[shop.caption.delay(1)]", GUARD_LOCAL_CLOSE_FILE=another)
            waiting = lambda: client.llen("celery") + client.llen("guard.parked")  # noqa: E731
            throughout(lambda: waiting() == 1, during=0.5, what="the job waits")
        finally:
            assert shop.maintenance("close-local", "--open").code == Exit.DONE
    eventually(lambda: f"[{job}] succeeded" in worker.log, within=30, what="the job to run")


# -- wrong usage ---------------------------------------------------------------------------------


def test_all_problems_of_a_request_are_told_at_once(shop: Shop) -> None:
    done = shop.maintenance("enable", "--mode", "emergncy", "--duration", "-5", "--json")
    assert done.code == Exit.INVALID
    assert done.json["error"] == "InvalidRequest"
    mode, reason, duration = done.json["problems"]
    assert "did you mean 'emergency'" in mode
    assert reason.startswith("reason is empty")
    assert duration.startswith("duration '-5' is not understood")


def test_an_app_without_a_guard_is_said(shop: Shop) -> None:
    done = shop.maintenance("status", app="plain")
    assert done.code == Exit.INVALID
    assert done.err == "Error: the app 'plain' has no guard: call guard.install(app) where it is made\n"


def test_nothing_is_found_with_exit_code_6(shop: Shop, worker: LocalProcess) -> None:
    assert shop.maintenance("account", "nope", "--json").json["error"] == "NoWindow"
    done = shop.maintenance("parked", "release", "nope")
    assert done.code == Exit.NOT_FOUND
    assert done.err.startswith("Error: no parked job has the id 'nope'")
    assert shop.maintenance("job", "nope").code == Exit.UNCONFIRMED


def test_migrate_says_what_it_did(shop: Shop, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    first = shop.maintenance("migrate", "--json", DATABASE_URL=url)
    assert (first.code, first.json["before"], first.json["after"]) == (Exit.DONE, "missing", "ready")
    assert shop.maintenance("migrate", DATABASE_URL=url).out.startswith("nothing to do")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("enabel", "there is no command 'enabel' (did you mean 'enable'?)"),
        ("enable --bogus", "No such option '--bogus'."),
        ("status -A shop", "-A belongs before the command"),
        ("job", "Missing argument 'ID'."),
        ("parked --limit 0", "Invalid value for '-n' / '--limit'"),
        ("parked dicsard x", "No such command 'dicsard'"),
        ("status", "no app is named: celery -A yourapp maintenance"),
    ],
)
def test_wrong_usage_is_one_line(line: str, said: str) -> None:
    done = CliRunner().invoke(celery, ["maintenance", *line.split()])
    assert done.exit_code == Exit.INVALID
    assert done.stderr.startswith("Error: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    document = CliRunner().invoke(celery, ["maintenance", *line.split(), "--json"])
    assert document.exit_code == Exit.INVALID
    assert said in json.loads(document.stdout)["message"]


@pytest.mark.parametrize(
    "command",
    ["enable", "change", "drain", "verify", "bypass", "disable", "status", "web", "metrics",
     "parked", "parked list", "parked release", "parked discard", "job",
     "account", "report", "ledger", "optimize", "routines", "routines list", "routines run", "routines show",
     "check", "migrate", "close-local", "sessions", "sessions stats", "sessions sweep", "sessions invalidate",
     "sessions allow", "bypass make", "bypass list", "bypass revoke", "access", "access token",
     "access token make", "access token list", "access token revoke", "access enrol", "access confirm",
     "access forget", "access approvals",
     "schedule", "schedule add", "schedule list", "schedule show", "schedule change", "schedule cancel"],
)  # fmt: skip
def test_every_help_text_has_an_example_and_its_exit_codes(command: str) -> None:
    done = CliRunner().invoke(celery, ["maintenance", *command.split(), "--help"])
    assert done.exit_code == 0
    assert f"celery -A yourapp maintenance {command}" in done.stdout
    assert "Exit codes:\n    0  done" in done.stdout
    assert "--json" in done.stdout


# -- text ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain Ünïcode 🙂", "plain Ünïcode 🙂"),
        ("clear \x1b[2J the screen", "clear \\u001b[2J the screen"),
        ("two\nlines\r", "two\\u000alines\\u000d"),
        ("turn \u202e around", "turn \\u202e around"),
    ],
)
def test_untrusted_text_cannot_move_the_cursor(text: str, shown: str) -> None:
    assert safe(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://:pw@host/0", "redis://***@host/0"),
        ("amqp://u:p@ss/w@host//", "amqp://***@host//"),
        ("amqp://u:p@one//;amqp://u:p@two//", "amqp://***@one//;amqp://***@two//"),
        ("mysql+pymysql:///app?ssl_key_password=pw&charset=utf8", "mysql+pymysql:///app?ssl_key_password=***&charset=utf8"),
        ("sqlite:////var/guard.db", "sqlite:////var/guard.db"),
    ],
)  # fmt: skip
def test_credentials_never_show(text: str, shown: str) -> None:
    assert mask_url(text) == shown


def test_the_documented_exit_codes_are_those_of_the_code() -> None:
    documented = (ROOT / "docs" / "cli.md").read_text()
    for code in Exit:
        assert f"| {code.value} |" in documented


def _with_terminal(shop: Shop, *args: str, stream: str, **env: str) -> tuple[str, str]:
    """Run a command with one of its streams on a terminal: what the other one got, what was seen there."""
    master, terminal = pty.openpty()
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | {stream: terminal}
    done = subprocess.run(
        shop.argv("maintenance", *args), cwd=shop.folder, env=shop.env | {"TERM": "xterm"} | env,
        stdin=subprocess.DEVNULL, text=True, timeout=60, check=True, **streams,
    )  # fmt: skip
    os.close(terminal)
    seen = os.read(master, 65536).decode()
    os.close(master)
    return (done.stdout or done.stderr or ""), seen


def _at_the_keyboard(shop: Shop, *args: str, answer: str) -> subprocess.CompletedProcess[str]:
    """Run a command and type an answer."""
    master, terminal = pty.openpty()
    os.write(master, answer.encode())
    done = subprocess.run(
        shop.argv("maintenance", *args), cwd=shop.folder, env=shop.env,
        stdin=terminal, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    os.close(terminal)
    os.close(master)
    return done
