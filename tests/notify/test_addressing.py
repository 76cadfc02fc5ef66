"""When what is kept is read, and what of it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet

from guard.bootstrap.addressing import KNOWN_SECONDS, Addressing
from guard.errors import ConfigurationInvalid, InvalidRequest, StoreUnavailable
from guard.settings import load_settings
from guard.settings.masking import Secret
from tests.notify.test_sender import HandClock

if TYPE_CHECKING:
    from collections.abc import Collection

KEY = Fernet.generate_key().decode()
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
        clock.sleep(KNOWN_SECONDS / 4)
    assert len(shelf.asked) == 1
    del shelf.texts["guard_smtp_url"]
    clock.sleep(KNOWN_SECONDS)
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
    clock.sleep(3)
    assert unlucky.current().guard_smtp_url, "an outage is soon over"
    shelf.fails = fails
    for _ in range(3):
        clock.sleep(KNOWN_SECONDS)
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
        clock.sleep(KNOWN_SECONDS)
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
    environ = {"GUARD_MAIL_FROM": "guard@example.com", "GUARD_MAIL_USERS": "users@example.com"}
    with pytest.raises(ConfigurationInvalid, match="GUARD_SMTP_URL is not"):
        load_settings(environ)
    for key in ({"GUARD_ENCRYPTION_KEYS": KEY}, {"GUARD_SECRET_KEY": "a secret for the tests"}):
        assert load_settings({**environ, **key}).guard_mail_users == "users@example.com"
    with pytest.raises(ConfigurationInvalid, match="GUARD_MAIL_FROM is not"):
        load_settings({"GUARD_MAIL_USERS": "users@example.com", "GUARD_ENCRYPTION_KEYS": KEY})
