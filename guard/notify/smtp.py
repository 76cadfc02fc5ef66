"""Mail by SMTP: one connection for all that is due, TLS with a certificate that is checked, limits of time.

What is refused for good is told apart from what may do later:

- The server refuses this recipient, or this mail, for good (550 and its like): it would again.
- All else may pass: the server is away, slow or busy (4xx), or refuses us (sign-in, sender) because somebody
  has changed a setting, here or there. The mail waits.

No problem repeats what the server said beyond its code and one short line of plain text.
"""

from __future__ import annotations

import logging
import re
import smtplib
import socket
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateError

from guard.core.deliveries import Failure
from guard.core.mail_server import Security
from guard.notify.connecting import connect
from guard.notify.time_limit import TimeLimit

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.deliveries import Delivery
    from guard.core.mail_server import MailServer
    from guard.notify.writing import Writer

__all__ = ["SmtpCarrier"]

log = logging.getLogger(__name__)

ANSWER_SECONDS = 10.0
"""For one answer of the server."""
MAIL_SECONDS = 30.0
"""For connecting, signing in and one mail, all together."""
_READY, _DONE = 220, 250
_REFUSED = frozenset({550, 551, 552, 553, 555, 556})
"""No such mailbox, not this mail. Other 5xx are about us (sign-in, policy), and somebody may mend that."""
_LONGEST_ANSWER = 120


class SmtpCarrier:
    """Carries mails.

    Args:
        context: the rules of TLS; None: certificates are checked against those of the system.
        answer_seconds, mail_seconds: shorter in tests.
    """

    def __init__(
        self,
        server: MailServer,
        *,
        writer: Writer,
        sender: str,
        context: ssl.SSLContext | None = None,
        answer_seconds: float = ANSWER_SECONDS,
        mail_seconds: float = MAIL_SECONDS,
    ) -> None:
        self._server = server
        self._writer = writer
        self._sender = sender
        self._context = context or ssl.create_default_context()
        self._answer_seconds = answer_seconds
        self._mail_seconds = mail_seconds
        self._line: smtplib.SMTP | None = None

    def carry(self, delivery: Delivery) -> Failure | None:
        """Send one mail; None: the server has taken it."""
        try:
            mail = self._writer.mail(delivery).as_bytes()
        except (TemplateError, ValueError, LookupError, TypeError, OSError) as error:
            log.warning("mail %s cannot be written: %s", delivery.delivery_id, error)
            return Failure(problem=f"the mail cannot be written ({type(error).__name__}): see the log")
        limit = TimeLimit(self._mail_seconds)
        with limit:
            failure = self._try(delivery.receiver, mail, limit)
        if failure is not None and limit.is_over:  # what was heard of its last answer is no answer
            failure = Failure(problem="the mail server was too slow", unreachable=True)
        if failure is not None and not failure.refused:
            self._drop()
        return failure

    def close(self) -> None:
        """Say goodbye, if there is a connection."""
        if self._line is not None:
            with TimeLimit(self._answer_seconds) as limit, suppress(OSError, smtplib.SMTPException):
                if self._line.sock is not None:
                    limit.watch(self._line.sock)
                self._line.quit()
            self._drop()

    def _try(self, receiver: str, mail: bytes, limit: TimeLimit) -> Failure | None:
        try:
            line = self._connected(limit)
        except smtplib.SMTPAuthenticationError as error:
            return _later("the mail server refuses the user or password", error.smtp_code)
        except smtplib.SMTPResponseException as error:
            return _later("the mail server does not take us", error.smtp_code, _said(error.smtp_error))
        except (OSError, smtplib.SMTPException) as error:
            return Failure(problem=_unreachable(error), unreachable=True)
        try:
            line.sendmail(self._sender, [receiver], mail)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = error.recipients.get(receiver, (0, b""))
            return _answered("the mail server refuses the recipient", code, said)
        except smtplib.SMTPSenderRefused as error:
            return _later("the mail server refuses the sender", error.smtp_code, _said(error.smtp_error))
        except smtplib.SMTPResponseException as error:
            return _answered("the mail server refuses the mail", error.smtp_code, error.smtp_error)
        except (OSError, smtplib.SMTPException) as error:
            return Failure(problem=_unreachable(error), unreachable=True)
        return None

    def _connected(self, limit: TimeLimit) -> smtplib.SMTP:
        """The connection, made if there is none; signed in."""
        if self._line is not None and self._line.sock is not None:
            limit.watch(self._line.sock)
            with suppress(OSError, smtplib.SMTPException):
                if self._line.rset()[0] == _DONE:
                    return self._line
            self._drop()
        server = self._server
        line = self._line = _Line(server, self._context, limit.watch, self._answer_seconds)
        line.ehlo_or_helo_if_needed()
        if server.security is Security.STARTTLS:
            code, said = line.starttls(context=self._context)
            if code != _READY:
                raise smtplib.SMTPResponseException(code, said)
            line.ehlo_or_helo_if_needed()
        if server.user:
            line.login(server.user, server.password)
        return line

    def _drop(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            with suppress(OSError):
                line.close()


class _Line(smtplib.SMTP):
    """A client whose connection is watched from its first byte, TLS included. Connects when it is made."""

    def __init__(
        self,
        server: MailServer,
        context: ssl.SSLContext,
        watch: Callable[[socket.socket], None],
        timeout: float,
    ) -> None:
        self._watch = watch
        self._tls = context if server.security is Security.TLS else None
        here = socket.gethostname()  # smtplib would ask DNS for more, and wait for it
        super().__init__(
            server.host,
            server.port,
            local_hostname=here if "." in here and here.isascii() else "[127.0.0.1]",
            timeout=timeout,
        )

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        made = connect([(host, port)], timeout)
        self._watch(made)
        if self._tls is None:
            return made
        try:
            return self._tls.wrap_socket(made, server_hostname=host)
        except BaseException:
            made.close()
            raise


def _answered(what: str, code: int, said: Any) -> Failure:
    return Failure(problem=_sentence(what, code, _said(said)), refused=code in _REFUSED)


def _later(what: str, code: int, said: str = "") -> Failure:
    return Failure(problem=_sentence(what, code, said), unreachable=True)


def _sentence(what: str, code: int, said: str) -> str:
    return f"{what} ({code}{': ' if said else ''}{said})"


def _said(answer: Any) -> str:
    text = answer.decode("ascii", "replace") if isinstance(answer, bytes) else str(answer)
    return re.sub(r"[^ -~]+", " ", text)[:_LONGEST_ANSWER].strip()


def _unreachable(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the mail server's certificate is not to be trusted ({error.verify_message})"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "the mail server does not offer what GUARD_SMTP_URL asks for (TLS or sign-in)"
    return f"the mail server does not answer ({type(error).__name__})"
