"""Mail to a real server: TLS, sign-in, refusals, slowness, absence; the password in nothing that is said."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from guard.core.mail_server import MailServer as Address
from guard.core.mail_server import Security
from guard.notify.smtp import SmtpCarrier
from tests.notify.conftest import SENDER, WRITER, delivery, mails_to
from tests.notify.servers import PASSWORD, USER, Drip, MailServer
from tests.support.certificates import Authority
from tests.support.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
ID = "<00000000-0000-0000-0000-000000000001@example.com>"


@pytest.fixture(autouse=True)
def _no_password_in_the_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.DEBUG, logger="guard")
    yield
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
def test_a_mail_arrives(authority: Authority, security: str) -> None:
    with MailServer(authority, security=security) as server:
        carrier = mails_to(server, authority)
        assert carrier.carry(delivery()) is None
        assert carrier.carry(delivery(2)) is None, "by the same connection"
        carrier.close()
    (to, mail), _ = server.mailbox.mails
    assert to == mail["To"] == "ops@example.com"
    assert mail["From"] == "Guard <guard@example.com>"
    assert mail["Message-ID"] == ID
    assert mail["X-Guard-Delivery"] in ID
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "me 1 tries" in mail.get_body(("plain",)).get_content()
    assert "me 1 tries" in mail.get_body(("html",)).get_content()


def test_a_certificate_of_nobody_is_not_trusted(authority: Authority, tmp_path: Path) -> None:
    stranger = Authority(tmp_path)
    for security in ("starttls", "tls"):
        with MailServer(stranger, security=security) as server:
            failure = mails_to(server, authority).carry(delivery())
            assert failure is not None
            assert "not to be trusted" in failure.problem
            assert failure.unreachable
            assert not server.mailbox.mails


def test_a_certificate_of_another_name_is_not_trusted(mail: MailServer, authority: Authority) -> None:
    address = Address(host="127.0.0.1", port=mail.port, security=Security.STARTTLS)
    carrier = SmtpCarrier(address, writer=WRITER, sender=SENDER[1], context=authority.client())
    failure = carrier.carry(delivery())
    assert failure is not None
    assert "not to be trusted" in failure.problem


def test_a_server_that_offers_no_tls_gets_neither_mail_nor_password(authority: Authority) -> None:
    with MailServer(authority, security="none") as server:
        address = Address(
            host="localhost", port=server.port, security=Security.STARTTLS, user=USER, password=PASSWORD
        )
        failure = SmtpCarrier(address, writer=WRITER, sender=SENDER[1]).carry(delivery())
    assert failure is not None
    assert "does not offer" in failure.problem
    assert not server.mailbox.mails


def test_a_wrong_password_waits_until_somebody_mends_it(mail: MailServer, authority: Authority) -> None:
    address = Address(
        host="localhost", port=mail.port, security=Security.STARTTLS, user=USER, password="hunter2-wrong"
    )
    carrier = SmtpCarrier(address, writer=WRITER, sender=SENDER[1], context=authority.client())
    failure = carrier.carry(delivery())
    assert failure is not None
    assert failure.problem == "the mail server refuses the user or password (535)"
    assert (failure.unreachable, failure.refused) == (True, False)


@pytest.mark.parametrize(
    ("answer", "refused"),
    [("550 no such user", True), ("451 greylisted", False), ("530 sign in", False), ("554 policy", False)],
)
def test_one_recipient_is_refused_and_the_others_are_not(
    mail: MailServer, authority: Authority, answer: str, refused: bool
) -> None:
    mail.mailbox.refuses = {"gone@example.com": answer}
    carrier = mails_to(mail, authority)
    failure = carrier.carry(delivery(1, "gone@example.com"))
    assert failure is not None
    assert (failure.refused, failure.unreachable) == (refused, False)
    assert answer[:3] in failure.problem
    assert carrier.carry(delivery(2)) is None
    carrier.close()
    assert [to for to, _ in mail.mailbox.mails] == ["ops@example.com"]


def test_a_mail_that_is_refused_after_its_text(mail: MailServer, authority: Authority) -> None:
    mail.mailbox.answers = ["452 disk full", "552 too long"]
    carrier = mails_to(mail, authority)
    first, second = carrier.carry(delivery()), carrier.carry(delivery(2))
    assert first is not None
    assert second is not None
    assert (first.refused, second.refused) == (False, True)
    carrier.close()


# aiosmtpd, stopped while somebody is connected
@pytest.mark.filterwarnings("ignore:Exception ignored in. <:pytest.PytestUnraisableExceptionWarning")
def test_down_and_back_with_the_same_carrier(mail: MailServer, authority: Authority) -> None:
    carrier = mails_to(mail, authority, answer_seconds=2.0)
    assert carrier.carry(delivery()) is None
    mail.stop()
    failure = carrier.carry(delivery(2))
    assert failure is not None
    assert failure.unreachable
    mail.start()
    assert carrier.carry(delivery(2)) is None
    carrier.close()
    assert len(mail.mailbox.mails) == 2


@pytest.mark.parametrize("security", list(Security))
def test_a_server_that_drips_is_cut(authority: Authority, security: Security) -> None:
    tls = authority.server("localhost") if security is Security.TLS else None
    with Drip(tls=tls) as drip:
        address = Address(host="localhost", port=drip.port, security=security)
        carrier = SmtpCarrier(
            address, writer=WRITER, sender=SENDER[1], context=authority.client(), mail_seconds=0.6
        )
        watch = Stopwatch()
        failure = carrier.carry(delivery())
        assert watch.seconds < 4
    assert failure is not None
    assert failure.problem == "the mail server was too slow"


def test_a_server_that_drips_in_its_handshake_is_cut(authority: Authority) -> None:
    with Drip() as drip:
        address = Address(host="localhost", port=drip.port, security=Security.TLS)
        carrier = SmtpCarrier(address, writer=WRITER, sender=SENDER[1], mail_seconds=0.6)
        failure = carrier.carry(delivery())
    assert failure is not None
    assert failure.unreachable
