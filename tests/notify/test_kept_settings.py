"""A site whose mail server and webhook are kept in the database: told as if the environment named them."""

from __future__ import annotations

import functools
import hashlib
import hmac
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.fernet import Fernet

from guard.core.alerts import Alert, Severity
from guard.core.diagnosis import Status
from guard.errors import StoreUnavailable
from guard.notify import webhook
from guard.settings.masking import Secret
from tests.contracts.site import Site, site_on
from tests.notify.servers import MailServer, Receiver
from tests.notify.test_guard import OPERATORS, TEAM, USERS, settled, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.certificates import Authority
    from tests.support.valkey import Valkey

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
"""It is localhost."""

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
        found = site.guard.diagnose(only=["activation"]).of("mail server")
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
    stranger = site.another(guard_encryption_keys=Secret(NEW))
    found = stranger.diagnose(only=["activation"]).of("mail server")
    assert (found.status, "no key here opens guard_smtp_url" in found.seen) == (Status.PROBLEM, True)
    stranger.close()


def test_the_doctor_makes_no_database_to_look_into(site: Site, tmp_path: Path) -> None:
    nowhere = site.another(database_url=f"sqlite:///{tmp_path / 'new.db'}")
    nowhere.diagnose(only=["activation"])
    assert not (tmp_path / "new.db").exists()
    nowhere.close()


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
        f" 'GUARD_ENCRYPTION_KEYS': {KEY!r}, 'GUARD_LEASE_SECONDS': '1', 'GUARD_RENEW_SECONDS': '0.25',"
        " 'GUARD_TIMEOUT_SECONDS': '0.2'});"
        "names = ('guard.bootstrap.addressing', 'guard.store.sql.secrets', 'sqlalchemy',"
        " 'cryptography.fernet');"
        "loaded = lambda: print([n for n in names if n in sys.modules]);"
        "g = guard.install(Celery('x', broker='memory://'), s); loaded();"
        "g.enable(reason='r', by='b'); loaded(); g.disable(by='b'); g.close()"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=root)
    needed = ["guard.bootstrap.addressing", "guard.store.sql.secrets", "sqlalchemy"]
    assert done.stdout.splitlines() == ["[]", str(needed)], done.stderr
