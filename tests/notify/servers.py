"""A mail server and a receiver of webhooks, which do what a test wants of them."""

from __future__ import annotations

import email
import gc
import json
import socket
import threading
from dataclasses import dataclass, field
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.support.ports import free_port

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from email.message import EmailMessage

    from tests.support.certificates import Authority

USER, PASSWORD = "guard", "hunter2/hunter2"
NAME = "hooks.example.com"


class Mailbox:
    """What the mail server has taken, and how it answers.

    Attributes:
        refuses: recipients with what they are answered.
        answers: what the next mails are answered after their text, the first first; then 250.
    """

    def __init__(self) -> None:
        self.mails: list[tuple[str, EmailMessage]] = []
        self.refuses: dict[str, str] = {}
        self.answers: list[str] = []
        self.on_mail: Callable[[], object] = str

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        mail: Any = email.message_from_bytes(envelope.content, policy=default)
        if self.answers and not self.answers[0].startswith("250"):
            return self.answers.pop(0)
        self.mails += [(address, mail) for address in envelope.rcpt_tos]
        self.on_mail()
        return "250 OK"

    def ids(self, receiver: str | None = None) -> list[str]:
        """The Message-IDs, in the order in which they came."""
        return [str(mail["Message-ID"]) for to, mail in self.mails if receiver in {None, to}]


class MailServer:
    """A real SMTP server on this machine.

    Args:
        security: ``starttls``, ``tls``, or ``none``.
        sign_in: whether it takes mails only from whoever has signed in.
    """

    def __init__(self, authority: Authority, *, security: str = "starttls", sign_in: bool = True) -> None:
        self.mailbox = Mailbox()
        self.port = free_port()
        self._security = security
        self._sign_in = sign_in
        self._tls = authority.server("localhost")
        self._controller: Controller | None = None

    @property
    def url(self) -> str:
        scheme = {"starttls": "smtp+starttls", "tls": "smtps", "none": "smtp"}[self._security]
        user = f"{USER}:{PASSWORD.replace('/', '%2F')}@" if self._sign_in else ""
        return f"{scheme}://{user}localhost:{self.port}"

    def start(self) -> Self:
        options: dict[str, Any] = {"auth_required": self._sign_in, "authenticator": _authenticate}
        if self._security == "starttls":
            options |= {"tls_context": self._tls, "require_starttls": True}
        elif self._security == "none":
            options["auth_require_tls"] = False
        elif self._security == "tls":
            options |= {"ssl_context": self._tls, "auth_require_tls": False}
        self._controller = Controller(
            self.mailbox, hostname="127.0.0.1", port=self.port, ready_timeout=20, **options
        )
        self._controller.start()
        return self

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None
            gc.collect()  # what it leaves behind complains now, not in another test

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _authenticate(server: SMTP, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (
        USER.encode(),
        PASSWORD.encode(),
    )
    return AuthResult(success=right, handled=False)


@dataclass
class Post:
    """What a receiver was sent."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def what(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """A real HTTPS receiver on this machine.

    Attributes:
        answers: statuses for the next posts, with headers; then 204.
    """

    authority: Authority
    posts: list[Post] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    on_post: Callable[[], object] = str
    name: str = NAME
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.port}/hook/hunter2?key=hunter2"

    def start(self) -> Self:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posts.append(Post(self.path, dict(self.headers), body))
                receiver.on_post()
                status, headers = receiver.answers.pop(0) if receiver.answers else (204, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """A client that went away is what some tests are about."""

        self._server = Server(("127.0.0.1", self.port), Handler)
        context = self.authority.server(self.name)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self._thread = threading.Thread(target=lambda: self._server.serve_forever(poll_interval=0.02))
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class Drip:
    """Takes connections and sends one byte after another, for ever: never a whole line."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._tls = tls
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        self._listener.settimeout(0.05)
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            try:
                connection.settimeout(5)
                if self._tls is not None:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                while not self._over.wait(0.05):
                    connection.sendall(b"2")
            except OSError:
                pass
            finally:
                connection.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._listener.close()
