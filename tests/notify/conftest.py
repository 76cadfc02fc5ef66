"""Servers of a module's own; names of receivers lead to this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guard.clock import SystemClock
from guard.core.deliveries import Channel, Delivery
from guard.core.mail_server import mail_server
from guard.notify import webhook
from guard.notify.smtp import SmtpCarrier
from guard.notify.webhook import WebhookCarrier
from guard.notify.writing import Writer
from tests.notify.servers import MailServer, Receiver
from tests.support.certificates import Authority

if TYPE_CHECKING:
    from collections.abc import Iterator

SENDER = ("Guard", "guard@example.com")
SECRET = b"the secret of the webhook"
WRITER = Writer(sender=SENDER, zone="UTC")


@pytest.fixture(scope="package")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def mail(authority: Authority) -> Iterator[MailServer]:
    with MailServer(authority) as server:
        yield server


@pytest.fixture
def receiver(authority: Authority, here: None) -> Iterator[Receiver]:
    with Receiver(authority) as server:
        yield server


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name of a receiver leads to this machine."""
    monkeypatch.setattr(webhook, "_resolved", lambda *_: ["127.0.0.1"])


def mails_to(server: MailServer, authority: Authority, **options: object) -> SmtpCarrier:
    return SmtpCarrier(
        mail_server(server.url), writer=WRITER, sender=SENDER[1], context=authority.client(), **options
    )  # type: ignore[arg-type]


def posts_to(url: str, authority: Authority, **options: object) -> WebhookCarrier:
    settings = {"secrets": [SECRET], "judge": lambda *_: None, **options}
    return WebhookCarrier(url, clock=SystemClock(), context=authority.client(), **settings)  # type: ignore[arg-type]


def delivery(number: int = 1, receiver: str = "ops@example.com", **about: object) -> Delivery:
    return Delivery.first(
        delivery_id=f"00000000-0000-0000-0000-{number:012}",
        channel=Channel.MAIL if receiver else Channel.WEBHOOK,
        receiver=receiver,
        event="trial",
        payload={
            "to": ["operators"],
            "occurred_at": 1_700_000_000.0,
            "rehearsal": True,
            "about": {"by": f"me {number}", **about},
        },
        now=1_700_000_000.0,
    )
