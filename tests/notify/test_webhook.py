"""A webhook to a real receiver: signed, to an address that was judged, and within its time."""

from __future__ import annotations

import hashlib
import hmac
import logging
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from guard.core.webhook_address import address_problem
from guard.notify import webhook
from tests.notify.conftest import SECRET, delivery, posts_to
from tests.notify.servers import NAME, Drip, Receiver
from tests.support.certificates import Authority
from tests.support.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WEBHOOK = delivery(receiver="")


@pytest.fixture(autouse=True)
def _no_secret_in_the_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.DEBUG, logger="guard")
    yield
    assert "hunter2" not in caplog.text
    assert SECRET.decode() not in caplog.text


def documented() -> dict[str, Any]:
    """The receiver of docs/notifications.md, as it stands there."""
    text = (Path(__file__).parents[2] / "docs" / "notifications.md").read_text("utf-8")
    code = text.split("```python\n")[1].split("```")[0]
    names: dict[str, Any] = {}
    exec(compile(code, "docs/notifications.md", "exec"), names)  # noqa: S102 - our own page
    return names


def is_genuine(header: str, body: bytes, secret: bytes, now: float) -> bool:
    return bool(documented()["is_genuine"](header, body, [secret], now))


def test_the_receiver_of_the_docs_takes_each_once_and_no_forgery(
    receiver: Receiver, authority: Authority
) -> None:
    receive = documented()["receive"]
    carrier = posts_to(receiver.url, authority)
    assert carrier.carry(WEBHOOK) is carrier.carry(WEBHOOK) is None
    first, copy = receiver.posts
    seen: set[str] = set()
    assert [receive(post.headers, post.body, seen, [SECRET]) for post in (first, copy)] == [204, 204]
    assert seen == {WEBHOOK.delivery_id}
    assert receive(first.headers, first.body + b" ", seen, [SECRET]) == 401
    assert receive({}, first.body, seen, [SECRET]) == 401
    # Once more by hand, so that page and guard cannot be wrong together.
    stamp, mark = (part.partition("=")[2] for part in first.headers["X-Guard-Signature"].split(","))
    assert mark == hmac.new(SECRET, stamp.encode() + b"." + first.body, hashlib.sha256).hexdigest()


def test_a_post_arrives_signed(receiver: Receiver, authority: Authority) -> None:
    assert posts_to(receiver.url, authority).carry(WEBHOOK) is None
    (post,) = receiver.posts
    assert post.path == "/hook/hunter2?key=hunter2"
    assert post.headers["Host"] == f"{NAME}:{receiver.port}"
    assert post.headers["X-Guard-Delivery"] == post.what["id"] == WEBHOOK.delivery_id
    assert post.headers["X-Guard-Event"] == post.what["event"] == "trial"
    assert post.what["about"] == {"by": "me 1"}
    signature = post.headers["X-Guard-Signature"]
    assert is_genuine(signature, post.body, SECRET, time.time())
    assert not is_genuine(signature, post.body + b" ", SECRET, time.time())
    assert not is_genuine(signature, post.body, b"another", time.time())
    assert not is_genuine(signature, post.body, SECRET, time.time() + 301)


def test_while_secrets_change_either_of_two_will_do(receiver: Receiver, authority: Authority) -> None:
    new = b"the new secret of the webhook"
    assert posts_to(receiver.url, authority, secrets=[new, SECRET]).carry(WEBHOOK) is None
    assert posts_to(receiver.url, authority, secrets=[]).carry(WEBHOOK) is None
    both, unsigned = receiver.posts
    for secret in (new, SECRET):
        assert is_genuine(both.headers["X-Guard-Signature"], both.body, secret, time.time())
    assert "X-Guard-Signature" not in unsigned.headers
    assert both.body == unsigned.body, "the same delivery is the same text"


@pytest.mark.parametrize(
    ("status", "headers", "refused", "retry_after"),
    [
        (500, {}, False, None),
        (503, {"Retry-After": "120"}, False, 120.0),
        (503, {"Retry-After": "soon"}, False, None),
        (404, {}, False, None),
        (401, {}, False, None),
        (410, {}, True, None),
        (422, {}, True, None),
    ],
)
def test_what_a_receiver_answers(
    receiver: Receiver,
    authority: Authority,
    status: int,
    headers: dict[str, str],
    refused: bool,
    retry_after: float | None,
) -> None:
    receiver.answers = [(status, headers)]
    carrier = posts_to(receiver.url, authority)
    failure = carrier.carry(WEBHOOK)
    assert failure is not None
    assert str(status) in failure.problem
    assert (failure.refused, failure.retry_after, failure.unreachable) == (refused, retry_after, False)
    assert carrier.carry(WEBHOOK) is None


@pytest.mark.parametrize("where", ["https://169.254.169.254/latest", "http://127.0.0.1:1/", "/other"])
def test_a_redirect_is_not_followed(receiver: Receiver, authority: Authority, where: str) -> None:
    receiver.answers = [(302, {"Location": where})]
    failure = posts_to(receiver.url, authority).carry(WEBHOOK)
    assert failure is not None
    assert failure.problem == "the webhook's receiver redirects (302), which is not followed"
    assert len(receiver.posts) == 1


@pytest.mark.parametrize(
    ("addresses", "said"),
    [
        (["127.0.0.1"], "loopback"),
        (["169.254.169.254"], "link-local"),
        (["10.1.2.3"], "private"),
        (["::ffff:127.0.0.1"], "loopback"),
        (["fe80::1%eth0"], "link-local|one network card"),
        (["93.184.216.34", "192.168.1.1"], "private"),
    ],
)
def test_a_name_that_leads_inside_is_not_connected_to(
    monkeypatch: pytest.MonkeyPatch, authority: Authority, addresses: Sequence[str], said: str
) -> None:
    """The name was fine when the setting was judged; it is judged again with each delivery (rebinding)."""

    def never(*_: object) -> None:
        pytest.fail("it connects")

    monkeypatch.setattr(webhook, "_resolved", lambda *_: addresses)
    monkeypatch.setattr(webhook, "connect", never)
    failure = posts_to(f"https://{NAME}/x", authority, judge=address_problem).carry(WEBHOOK)
    assert failure is not None
    assert any(word in failure.problem for word in said.split("|"))
    assert "nothing was sent" in failure.problem


def test_a_name_is_resolved_once_and_its_addresses_are_those_that_are_connected_to(
    monkeypatch: pytest.MonkeyPatch, authority: Authority
) -> None:
    """DNS that says something else a moment later is not asked a moment later."""
    asked: list[str] = []
    connected: list[object] = []

    def resolve(host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        address = "93.184.216.34" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(places: object, timeout: float) -> socket.socket:
        connected.append(places)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(webhook, "connect", connect)
    assert posts_to(f"https://{NAME}/x", authority, judge=address_problem).carry(WEBHOOK) is not None
    assert asked == [NAME]
    assert connected == [[("93.184.216.34", 443)]]


@pytest.mark.parametrize(
    "url", ["http://hooks.example.com/", "https://127.0.0.1/", "https://u:hunter2@h.example.com/"]
)
def test_what_the_setting_may_not_be_is_not_posted_to_either(authority: Authority, url: str) -> None:
    failure = posts_to(url, authority).carry(WEBHOOK)
    assert failure is not None
    assert "may be posted to" in failure.problem
    assert "hunter2" not in failure.problem


def test_certificates_are_checked(authority: Authority, here: None, tmp_path: Path) -> None:
    for server in (Receiver(Authority(tmp_path)), Receiver(authority, name="other.example.com")):
        with server:
            failure = posts_to(server.url, authority).carry(WEBHOOK)
        assert failure is not None
        assert "not to be trusted" in failure.problem
        assert not server.posts


@pytest.mark.parametrize("tls", [True, False], ids=["in the answer", "in the handshake"])
def test_a_receiver_that_drips_is_cut(authority: Authority, here: None, tls: bool) -> None:
    with Drip(tls=authority.server(NAME) if tls else None) as drip:
        watch = Stopwatch()
        url = f"https://{NAME}:{drip.port}/hunter2"
        failure = posts_to(url, authority, exchange_seconds=0.6).carry(WEBHOOK)
        assert watch.seconds < 4
    assert failure is not None
    assert failure.unreachable
    assert "hunter2" not in failure.problem


def test_down_and_a_name_that_nobody_knows(
    authority: Authority, here: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    failure = posts_to(f"https://{NAME}:1024/", authority).carry(WEBHOOK)
    assert failure is not None
    assert (failure.problem, failure.unreachable) == (
        "the webhook's receiver does not answer (ConnectionRefusedError)",
        True,
    )
    monkeypatch.setattr(webhook, "_resolved", lambda *_: socket.getaddrinfo("no.such.invalid", 1))
    failure = posts_to(f"https://{NAME}/", authority).carry(WEBHOOK)
    assert failure is not None
    assert "cannot be resolved" in failure.problem


def test_proxies_of_the_environment_are_not_used(
    receiver: Receiver, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert posts_to(receiver.url, authority).carry(WEBHOOK) is None
