"""A guard that tells people: windows from begin to end, rehearsals, plans, outages, the command."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from sqlalchemy import update

import beat_schedule
from guard.cli.exits import Exit
from guard.cli.main import maintenance
from guard.core.alerts import Alert, Severity
from guard.core.deliveries import HOLD_SECONDS, Channel
from guard.core.notifications import alert_message
from guard.errors import InvalidRequest, StoreUnavailable
from guard.settings import load_settings
from guard.store.sql.schema import STATE
from tests.contracts.site import Site, site_on
from tests.notify.conftest import mails_to, posts_to
from tests.support.eventually import eventually
from tests.support.stopwatch import Stopwatch
from tests.support.toxic import Toxic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.notify.servers import MailServer, Receiver
    from tests.support.certificates import Authority
    from tests.support.mariadb import MariaDB
    from tests.support.valkey import Valkey

ROOT = Path(__file__).parents[2]
USERS, OPERATORS, TEAM = "users@example.com", "ops@example.com", "team@example.com"


@contextmanager
def telling(
    server: Valkey, url: str, mail: MailServer, receiver: Receiver, authority: Authority, **more: Any
) -> Iterator[Site]:
    """A site whose messages go to these two, at once."""
    settings: dict[str, Any] = {
        "guard_smtp_url": mail.url,
        "guard_mail_from": "Guard <guard@example.com>",
        "guard_mail_users": USERS,
        "guard_mail_operators": OPERATORS,
        "guard_mail_emergency_team": TEAM,
        "maintenance_webhook_url": receiver.url,
        "guard_webhook_secrets": "a secret that is long enough",
        **more,
    }
    with site_on(server, url, **settings) as site:
        trust(site, mail, receiver, authority)
        yield site


def trust(site: Site, mail: MailServer, receiver: Receiver, authority: Authority) -> None:
    """Have its carriers trust the tests' own authority, and addresses of this machine."""
    notify: Any = site.guard._parts.notify
    if notify.carriers():
        notify.carriers = lambda **_: {
            Channel.MAIL: mails_to(mail, authority),
            Channel.WEBHOOK: posts_to(receiver.url, authority),
        }


@pytest.fixture
def site(
    valkey: Valkey, sqlite_url: str, mail: MailServer, receiver: Receiver, authority: Authority
) -> Iterator[Site]:
    with telling(valkey, sqlite_url, mail, receiver, authority) as made:
        yield made


def told(mail: MailServer) -> dict[str, list[str]]:
    """Events by receiver, in their order."""
    found: dict[str, list[str]] = {}
    for to, one in mail.mailbox.mails:
        found.setdefault(to, []).append(str(one["X-Guard-Event"]).removeprefix("window."))
    return found


def settled(site: Site) -> None:
    """Everything is sent, by whichever thread."""
    site.guard.notifications.wait()
    eventually(lambda: site.guard.notifications.step() is not None, what="a turn as the sender")
    assert site.guard.notifications.standing().counts["waiting"] == 0


def test_a_window_from_begin_to_end(site: Site, mail: MailServer, receiver: Receiver) -> None:
    guard = site.guard
    guard.enable(reason="Upgrade", by="alice", duration=3600)
    guard.notifications.wait()
    eventually(lambda: told(mail).get(USERS) == ["opened"], what="users to be told without any beat")
    guard.change(by="bob", duration=7200)
    settled(site)
    guard.change(by="bob", mode="emergency", reason="Disk on fire")
    settled(site)
    guard.disable(by="bob", unverified=True)
    settled(site)
    everything = ["opened", "changed", "changed", "ended"]
    assert told(mail) == {USERS: everything, OPERATORS: everything, TEAM: ["changed", "ended"]}
    posted = [post.what for post in receiver.posts]
    assert [what["event"] for what in posted] == [f"window.{name}" for name in everything]
    assert posted[0]["to"] == ["users", "operators"]
    assert posted[2]["to"] == ["users", "operators", "emergency team"]
    assert posted[2]["about"]["changes"]["mode"] == ["normal", "emergency"]
    assert {what["about"]["window_id"] for what in posted} == {guard.records.windows(1)[0].window_id}
    ids = mail.mailbox.ids()
    assert len(ids) == len(set(ids)) == 10


def test_users_may_be_left_out_and_rehearsals_are_for_operators(site: Site, mail: MailServer) -> None:
    site.guard.enable(reason="quiet", by="alice", notify_users=False)
    site.guard.change(by="alice", reason="still quiet")
    site.guard.disable(by="alice")
    site.guard.enable(reason="try", by="alice", mode="test")
    site.guard.disable(by="alice")
    settled(site)
    assert told(mail) == {OPERATORS: ["opened", "changed", "ended", "opened", "ended"]}
    subjects = [str(one["Subject"]) for _, one in mail.mailbox.mails]
    assert [subject.startswith("[Rehearsal]") for subject in subjects] == [False, False, False, True, True]


def test_an_overrun_is_told_once(site: Site, mail: MailServer) -> None:
    guard = site.guard
    guard.enable(reason="late", by="alice", duration=60)
    with guard.durable.engine.begin() as connection:  # type: ignore[attr-defined]
        connection.execute(update(STATE).values(started_at=time.time() - 300))
    for _ in range(2):
        settled(site)
    assert told(mail)[USERS] == ["opened", "overrun"]


def test_a_planned_window_is_announced_and_called_off(site: Site, mail: MailServer) -> None:
    guard = site.guard
    start = time.strftime("%Y-%m-%d %H:%M", time.gmtime(time.time() + 1800))
    guard.schedule.add(name="nightly", at=start, duration=600, reason="Backup", by="alice")
    guard.schedule.run_due()
    settled(site)
    guard.schedule.cancel("nightly", by="alice")
    guard.schedule.run_due()
    settled(site)
    assert told(mail) == {USERS: ["planned", "cancelled"], OPERATORS: ["planned", "cancelled"]}


def test_servers_that_are_away_neither_slow_nor_stop_a_window(
    site: Site, mail: MailServer, receiver: Receiver
) -> None:
    mail.stop()
    receiver.stop()
    watch = Stopwatch()
    window = site.guard.enable(reason="fire", by="alice", mode="emergency")
    assert watch.seconds < 5
    assert window.proof == "acknowledged"
    site.guard.notifications.wait()
    standing = site.guard.notifications.standing()
    assert standing.counts == {"waiting": 4, "sent": 0, "given up": 0}
    assert standing.oldest_waiting is not None
    mail.start()
    receiver.start()
    assert site.guard.notifications.retry(by="alice") == 4
    settled(site)
    assert told(mail) == {USERS: ["opened"], OPERATORS: ["opened"], TEAM: ["opened"]}
    assert len(receiver.posts) == 1


def test_an_alert_is_told_with_what_becomes_of_it(site: Site) -> None:
    """In the transaction that keeps it; what windows tell of is not told twice."""
    alerts = site.guard._parts.stores.alerts  # type: ignore[attr-defined]
    at = time.time()
    alerts.raise_alert(Alert(at=at, severity=Severity.CRITICAL, kind="codes are guessed", message="m"))
    alerts.raise_alert(Alert(at=at, severity=Severity.INFO, kind="recovery done", message="m"))
    disk = Alert(at=at, severity=Severity.WARNING, kind="disk is filling up", message="91 % of /")
    kept = alerts.raise_once(disk, "disk|/")
    assert alerts.raise_once(disk, "disk|/") is None
    kept = alerts.repeat(kept, "92 % of /", now=at + 1)
    alerts.resolve(kept, now=at + 2, why="80 % of /")
    tellings = [
        tuple(one.payload["about"][name] for name in ("alert", "stage", "message"))
        for one in reversed(site.guard.notifications.recent())
        if one.receiver == OPERATORS
    ]
    assert tellings == [
        ("codes are guessed", "raised", "m"),
        ("disk is filling up", "raised", "91 % of /"),
        ("disk is filling up", "repeated", "92 % of /"),
        ("disk is filling up", "over", "over: 92 % of /; 80 % of /"),
    ]


def test_off_is_off_and_alerts_need_not_go_by_mail(
    valkey: Valkey, sqlite_url: str, mail: MailServer, receiver: Receiver, authority: Authority
) -> None:
    alert = alert_message(kind="k", severity=Severity.CRITICAL, message="m", key="1", at=1.0)
    with telling(
        valkey, sqlite_url, mail, receiver, authority, maintenance_notifications_enabled=False
    ) as site:
        site.guard.enable(reason="r", by="b")
        assert site.guard.notifications.send(alert) == ()
        settled(site)
        assert site.guard.notifications.recent() == []
        with pytest.raises(InvalidRequest, match="nobody would be told"):
            site.guard.notifications.send_test(by="b")
        quiet = site.another(maintenance_notifications_enabled=True, maintenance_email_alerts=False)
        made = quiet.notifications._parts.notify.send(alert)
        again = quiet.notifications._parts.notify.send(alert)
        assert [one.channel for one in made] == [Channel.WEBHOOK]
        assert made[0].delivery_id == again[0].delivery_id
        assert len(quiet.notifications.recent()) == 1, "the same key is told once"
        quiet.close()


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_emergency_while_the_database_is_away_is_told_when_it_is_back(
    valkey: Valkey, mariadb: MariaDB, mail: MailServer, receiver: Receiver, authority: Authority
) -> None:
    database = mariadb.create_database()
    with Toxic(mariadb.socket) as toxic:
        url = f"mysql+pymysql://root@127.0.0.1:{toxic.port}/{database}"
        with telling(valkey, url, mail, receiver, authority) as site:
            changes = site.guard._parts.conducting.changes  # type: ignore[attr-defined]
            changes.announce(site.guard.durable.read())
            toxic.down = True
            window = site.guard.enable(reason="fire", by="alice", mode="emergency", sessions="keep")
            assert any("will be journaled" in warning for warning in window.warnings)
            with pytest.raises(StoreUnavailable):
                site.guard.notifications.step()
            assert not mail.mailbox.mails
            toxic.down = False
            for _ in range(2):  # as housekeeping does, and once more
                changes.journal_what_was_missed()
            site.guard.disable(by="alice")
            settled(site)
        gc.collect()
    assert told(mail) == {name: ["opened", "ended"] for name in (USERS, OPERATORS, TEAM)}
    assert [post.what["event"] for post in receiver.posts] == ["window.opened", "window.ended"]


def test_nothing_is_loaded_where_nobody_is_told(valkey: Valkey, sqlite_url: str) -> None:
    number = valkey.fresh_db()
    code = (
        "import sys, guard; from celery import Celery; from guard.settings import Settings;"
        f"s = Settings(redis_url={valkey.url(number)!r}, database_url={sqlite_url!r});"
        "g = guard.install(Celery('x', broker='memory://'), s); g.enable(reason='r', by='b');"
        "print(g.notifications.step(), [n for n in ('jinja2', 'urllib3', 'smtplib') if n in sys.modules]);"
        "g.disable(by='b'); g.close()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert "SentReport(sent=0" in done.stdout, done.stderr
    assert done.stdout.strip().endswith("[]"), done.stdout


def test_beat_sends_what_is_left() -> None:
    from tasks.app import app
    from tasks.names import ORCHESTRATION, SEND_NOTIFICATIONS

    row = beat_schedule.beat_schedule(load_settings({}))["send-notifications"]
    assert (row["task"], row["schedule"]) == (SEND_NOTIFICATIONS, 10.0)
    assert row["options"]["queue"] == "maintenance"
    assert row["options"]["expires"] < 10
    app.loader.import_default_modules()
    assert SEND_NOTIFICATIONS in app.tasks.keys() & ORCHESTRATION
    limit = app.tasks[SEND_NOTIFICATIONS].time_limit
    assert 40 + 30 < limit < HOLD_SECONDS, "a round, its last mail, and no longer than a delivery is held"


def run(site: Site, *words: str) -> tuple[int, str]:
    """Exit code and output of a command."""
    place = SimpleNamespace(app=site.guard._parts.app, no_color=True)  # type: ignore[attr-defined]
    done = CliRunner().invoke(maintenance, list(words), obj=place)
    assert "Traceback" not in done.output, done.output
    assert "hunter2" not in done.output
    return done.exit_code, done.stdout


def test_the_command(site: Site, mail: MailServer, receiver: Receiver) -> None:
    mail.mailbox.refuses = {TEAM: "550 no such user"}
    whom = ("--to", "emergency team", "--to", "operators")
    code, out = run(site, "notifications", "send-test", *whom, "--json")
    assert code == Exit.UNCONFIRMED
    stages = {one["receiver"]: one["stage"] for one in json.loads(out)["deliveries"]}
    assert stages == {OPERATORS: "sent", TEAM: "given up", None: "sent"}
    code, out = run(site, "enable", "-r", "Upgrade", "--no-notify-users", "--json")
    assert code == Exit.DONE
    settled(site)
    assert told(mail) == {OPERATORS: ["trial", "opened"]}

    code, out = run(site, "notifications")
    assert code == Exit.DONE
    assert f"smtp+starttls://***@localhost:{mail.port}" in out
    assert f"https://hooks.example.com:{receiver.port}/***" in out
    assert "0 waiting, 4 sent, 1 given up" in out
    assert "refuses the recipient (550: no such user)" in out
    code, out = run(site, "notifications", "list", "--stage", "given up", "--json")
    assert [one["receiver"] for one in json.loads(out)["deliveries"]] == [TEAM]

    mail.mailbox.refuses = {}
    assert run(site, "notifications", "retry")[0] == Exit.INVALID
    assert run(site, "notifications", "retry", "no-such-id")[0] == Exit.NOT_FOUND
    code, out = run(site, "notifications", "retry", "--all", "--json")
    assert (code, json.loads(out)["retried"]) == (Exit.DONE, 1)
    settled(site)
    assert told(mail)[TEAM] == ["trial"]
    code, out = run(site, "notifications", "send")
    assert code == Exit.DONE
    assert run(site, "notifications", "send-test", "--to", "everybody")[0] == Exit.INVALID
