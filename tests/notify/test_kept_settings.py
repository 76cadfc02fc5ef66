"""A site whose mail server and webhook are kept in the database: told as if the environment named them."""

from __future__ import annotations

import functools
import hashlib
import hmac
import logging
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.fernet import Fernet

from guard.bootstrap.addressing import KNOWN_SECONDS, Addressing
from guard.core.alerts import Alert, Severity
from guard.core.diagnosis import Status
from guard.errors import InvalidRequest, StoreUnavailable
from guard.notify import webhook
from guard.settings import load_settings
from guard.settings.masking import Secret
from tests.contracts.site import Site, make_guard, site_on
from tests.notify.servers import MailServer, Receiver
from tests.notify.test_guard import OPERATORS, TEAM, USERS, settled, told
from tests.support.hand_clock import HandClock

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from tests.support.certificates import Authority
    from tests.support.valkey import Valkey

KEY, NEW = (Fernet.generate_key().decode() for _ in range(2))
SIGNED_WITH = "a secret that is long enough"
ADDRESSES: dict[str, Any] = {
    "guard_mail_from": "Guard <guard@example.com>",
    "guard_mail_users": USERS,
    "guard_mail_operators": OPERATORS,
    "guard_mail_emergency_team": TEAM,
}


@pytest.fixture
def mail(authority: Authority) -> Iterator[MailServer]:
    """A relay of this machine: without TLS, so that nobody here need trust an authority."""
    with MailServer(authority, security="none") as server:
        yield server


@pytest.fixture
def site(
    valkey: Valkey,
    sqlite_url: str,
    receiver: Receiver,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Site]:
    """A site whose environment names addresses and a key, and neither mail server nor webhook."""
    trusting = functools.partial(
        webhook.WebhookCarrier, context=authority.client(), judge=lambda *_: None
    )
    monkeypatch.setattr(webhook, "WebhookCarrier", trusting)
    with site_on(valkey, sqlite_url, guard_encryption_keys=Secret(KEY), **ADDRESSES) as made:
        yield made


def keep(site: Site, mail: MailServer, receiver: Receiver) -> None:
    for name, text in {
        "guard_smtp_url": mail.url,
        "maintenance_webhook_url": receiver.url,
        "guard_webhook_secrets": SIGNED_WITH,
    }.items():
        site.guard.secrets.set(name, text, by="ann")


@pytest.mark.timeout(60)
def test_what_is_kept_sends_mail_and_signed_posts_until_it_is_removed(
    site: Site, mail: MailServer, receiver: Receiver
) -> None:
    site.guard.enable(reason="nobody hears of it", by="alice")
    site.guard.disable(by="alice", unverified=True)
    assert site.guard.notifications.recent() == []
    keep(site, mail, receiver)
    site.guard.enable(reason="Upgrade", by="alice")
    settled(site)
    assert told(mail) == {USERS: ["opened"], OPERATORS: ["opened"]}
    (post,) = receiver.posts
    stamp, _, proof = post.headers["X-Guard-Signature"].partition(",")
    signed = stamp.removeprefix("t=").encode() + b"." + post.body
    assert proof == "v1=" + hmac.new(SIGNED_WITH.encode(), signed, hashlib.sha256).hexdigest()
    standing = site.guard.notifications.standing()
    assert (standing.mail_server, standing.signed) == (True, True)
    assert standing.mail_by == f"smtp://***@localhost:{mail.port}"
    assert standing.webhook == f"https://hooks.example.com:{receiver.port}/***"

    for name in ("guard_smtp_url", "maintenance_webhook_url"):
        site.guard.secrets.remove(name, by="ann")
    site.guard.disable(by="alice", unverified=True)
    assert site.guard.notifications.standing().mail_server is False
    assert len(site.guard.notifications.recent()) == 3, "the end is told to nobody"


@pytest.mark.timeout(60)
def test_plans_and_alerts_go_by_what_is_kept_too(site: Site, mail: MailServer, receiver: Receiver) -> None:
    """Each writes its messages in a transaction of its own, in which nothing else may be read from SQLite."""
    keep(site, mail, receiver)
    stores: Any = site.guard._parts.stores  # type: ignore[attr-defined]
    stores.addressing.forget()
    alerts = stores.alerts
    alerts.raise_alert(Alert(at=1.0, severity=Severity.WARNING, kind="codes are guessed", message="m"))
    stores.addressing.forget()
    kept = alerts.raise_once(Alert(at=1.0, severity=Severity.WARNING, kind="disk", message="m"), "disk|/")
    stores.addressing.forget()
    alerts.repeat(kept, "m", now=2.0)
    stores.addressing.forget()
    site.guard.schedule.add(name="nightly", at="2031-01-01 03:00", duration=600, reason="r", by="alice")
    site.guard.schedule.cancel("nightly", by="alice")
    site.guard.schedule.run_due()
    settled(site)
    assert told(mail)[OPERATORS].count("alert") == 3


@pytest.mark.timeout(60)
def test_a_key_that_is_rotated_or_lost(
    site: Site, mail: MailServer, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    keep(site, mail, receiver)
    rotating = site.another(guard_encryption_keys=Secret(f"{NEW},{KEY}"))
    assert rotating.secrets.rotate(by="ann").renewed == 3
    after = site.another(guard_encryption_keys=Secret(NEW))
    after.enable(reason="Upgrade", by="alice")
    after.notifications.wait()
    assert told(mail) == {USERS: ["opened"], OPERATORS: ["opened"]}
    after.disable(by="alice", unverified=True)
    after.notifications.wait()
    assert len(receiver.posts) == 2
    caplog.clear()
    # the first one has the old key alone: it knows nothing yet, and says so once
    for _ in range(2):
        site.guard._parts.stores.addressing.forget()  # type: ignore[attr-defined]
        site.guard.enable(reason="again", by="alice")
        site.guard.disable(by="alice", unverified=True)
    assert len(site.guard.notifications.recent()) == 6, "of the first window alone"
    said = [one.message for one in caplog.records if "kept in the database" in one.message]
    assert len(said) == 3, "once for each secret"
    assert "no key here opens guard_smtp_url" in said[0]
    for secret in ("hunter2", SIGNED_WITH, KEY, NEW):
        assert secret not in caplog.text
    for guard in (rotating, after):
        guard.close()


def test_the_doctor_sees_the_mail_server_that_counts(site: Site, mail: MailServer) -> None:
    def seen() -> tuple[Status, str]:
        found = site.guard.diagnose(["activation"]).of("mail server")
        return found.status, found.seen

    assert seen()[0] is Status.PROBLEM, "addresses are named, and no mail server"
    site.guard.secrets.set("guard_smtp_url", mail.url, by="ann")
    assert seen() == (Status.OK, f"localhost:{mail.port} answers")
    mail.stop()
    status, said = seen()
    assert (status, f"localhost:{mail.port} does not answer" in said) == (Status.PROBLEM, True)
    assert "hunter2" not in said
    mail.start()
    assert seen()[0] is Status.OK


# -- when it is read, and what counts: no servers ------------------------------------------------

KEPT = {
    "guard_smtp_url": "smtps://u:hunter2@mail.example.com",
    "maintenance_webhook_url": "https://hooks.example.com/hunter2",
    "guard_webhook_secrets": "hunter2" * 4,
}


class Shelf:
    """What is kept, and how often it was read."""

    def __init__(self, **texts: str | None) -> None:
        self.texts = texts
        self.asked: list[set[str]] = []
        self.fails: Exception | None = None

    def __call__(self, names: Collection[str]) -> dict[str, str | None]:
        self.asked.append(set(names))
        if self.fails is not None:
            raise self.fails
        return {name: text for name, text in self.texts.items() if name in names}


def addressing(shelf: Shelf, clock: HandClock | None = None, **environ: str) -> Addressing:
    named = {"GUARD_MAIL_FROM": "guard@example.com", "GUARD_ENCRYPTION_KEYS": KEY, **environ}
    given = {name: text for name, text in named.items() if text}
    return Addressing(load_settings(given), clock=clock or HandClock(), kept=shelf)


def test_the_environment_comes_first() -> None:
    shelf = Shelf(**KEPT)
    some = addressing(shelf, GUARD_SMTP_URL="smtp://localhost").current()
    assert str(some.guard_smtp_url) == "smtp://localhost"
    assert str(some.maintenance_webhook_url) == KEPT["maintenance_webhook_url"]
    assert some.guard_webhook_secrets == Secret(KEPT["guard_webhook_secrets"])
    assert shelf.asked == [{"maintenance_webhook_url", "guard_webhook_secrets"}]
    assert "hunter2" not in repr(some)


@pytest.mark.parametrize(
    "environ",
    [
        {name.upper(): text for name, text in KEPT.items()},
        {"GUARD_ENCRYPTION_KEYS": ""},
        {"MAINTENANCE_NOTIFICATIONS_ENABLED": "false"},
    ],
)
def test_nothing_is_read_where_it_could_not_count(environ: dict[str, str]) -> None:
    shelf = Shelf(**KEPT)
    one = addressing(shelf, **environ)
    assert one.current() is one.settings
    assert shelf.asked == []


def test_it_is_read_each_half_minute_and_what_is_removed_counts_no_longer() -> None:
    shelf, clock = Shelf(**KEPT), HandClock()
    one = addressing(shelf, clock)
    for _ in range(3):
        assert one.current().guard_smtp_url
        clock.advance(KNOWN_SECONDS / 4)
    assert len(shelf.asked) == 1
    del shelf.texts["guard_smtp_url"]
    clock.advance(KNOWN_SECONDS)
    assert not one.current().guard_smtp_url
    assert one.current().maintenance_webhook_url
    shelf.texts["guard_smtp_url"] = KEPT["guard_smtp_url"]
    one.forget()
    assert one.current().guard_smtp_url


@pytest.mark.parametrize(
    ("fails", "said"),
    [
        (StoreUnavailable("the SQL store did not do what was asked"), "did not do what was asked"),
        (InvalidRequest("what is encrypted needs the extra `access`"), "the extra `access`"),
        (ValueError("hunter2"), "cannot be read (ValueError)"),
    ],
)
def test_what_cannot_be_read_leaves_what_was_known(
    fails: Exception, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    shelf, clock = Shelf(**KEPT), HandClock()
    unlucky = addressing(shelf, clock)
    shelf.fails = fails
    assert not unlucky.current().guard_smtp_url
    shelf.fails = None
    clock.advance(3)
    assert unlucky.current().guard_smtp_url, "an outage is soon over"
    shelf.fails = fails
    for _ in range(3):
        clock.advance(KNOWN_SECONDS)
        assert unlucky.current().guard_smtp_url
    assert len(caplog.records) == 2, "once for each outage"
    assert said in caplog.text
    assert "hunter2" not in caplog.text


def test_what_does_not_open_or_may_not_be_is_said_once_and_left(caplog: pytest.LogCaptureFixture) -> None:
    shelf, clock = Shelf(**KEPT), HandClock()
    one = addressing(shelf, clock)
    one.refresh()
    shelf.texts |= {"guard_smtp_url": None, "maintenance_webhook_url": "http://hunter2.example.com"}
    for _ in range(2):
        clock.advance(KNOWN_SECONDS)
        now = one.current()
    assert (str(now.guard_smtp_url), str(now.maintenance_webhook_url)) == (
        KEPT["guard_smtp_url"], KEPT["maintenance_webhook_url"],
    )  # fmt: skip
    assert len(caplog.records) == 2
    assert "no key here opens guard_smtp_url" in caplog.text
    assert "maintenance_webhook_url must begin with https://" in caplog.text
    assert "hunter2" not in caplog.text
    caplog.clear()
    without = addressing(Shelf(**KEPT), GUARD_MAIL_FROM="")
    assert not without.current().guard_smtp_url
    assert "GUARD_MAIL_FROM is not set" in caplog.text


def test_addresses_without_a_mail_server_are_no_problem_where_it_may_be_kept() -> None:
    environ = {"GUARD_MAIL_FROM": "guard@example.com", "GUARD_MAIL_USERS": USERS}
    with pytest.raises(InvalidRequest, match="GUARD_SMTP_URL is not"):
        load_settings(environ)
    for key in ({"GUARD_ENCRYPTION_KEYS": KEY}, {"GUARD_SECRET_KEY": "a secret for the tests"}):
        assert load_settings({**environ, **key}).guard_mail_users == USERS
    with pytest.raises(InvalidRequest, match="GUARD_MAIL_FROM is not"):
        load_settings({"GUARD_MAIL_USERS": USERS, "GUARD_ENCRYPTION_KEYS": KEY})


def test_a_database_that_is_away_costs_no_change_its_end(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stores: Any = site.guard._parts.stores  # type: ignore[attr-defined]

    def away(_names: object) -> dict[str, str | None]:
        raise StoreUnavailable("the SQL store did not do what was asked")

    monkeypatch.setattr(stores.secrets, "texts", away)
    assert site.guard.enable(reason="fire", by="alice", mode="emergency").proof == "acknowledged"
    site.guard.disable(by="alice", unverified=True)
    assert caplog.text.count("the SQL store did not do what was asked") == 1


def test_whoever_changes_no_state_loads_and_reads_nothing(valkey: Valkey, sqlite_url: str) -> None:
    """Nor does one that does load `cryptography` while nothing is kept."""
    number = valkey.fresh_db()
    code = (
        "import sys, guard; from celery import Celery; from guard.settings import load_settings;"
        f"s = load_settings({{'REDIS_URL': {valkey.url(number)!r}, 'DATABASE_URL': {sqlite_url!r},"
        f" 'GUARD_ENCRYPTION_KEYS': {KEY!r}}});"
        "names = ('guard.bootstrap.addressing', 'guard.store.sql.secrets', 'sqlalchemy', 'cryptography');"
        "loaded = lambda: print([n for n in names if n in sys.modules]);"
        "g = guard.install(Celery('x', broker='memory://'), s); loaded();"
        "g.enable(reason='r', by='b'); loaded(); g.disable(by='b'); g.close()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2]
    )
    assert done.stdout.splitlines() == ["[]", str(["guard.bootstrap.addressing", "guard.store.sql.secrets", "sqlalchemy"])], done.stderr
