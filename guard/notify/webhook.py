"""Webhook: signed JSON by POST, to an address that was judged, and to no other (threats S23, S24).

- The name is resolved once. Every address that it leads to is judged; if one of them lies inside, nothing is
  sent. The connection is made to one of these very addresses, with the name for TLS alone. A name that leads
  elsewhere a moment later is not asked again, and no redirect is followed.
- Nothing of the answer is read but its status and a few headers. One exchange has a time limit in all.
- `X-Guard-Signature: t=<UTC seconds>,v1=<hex>` is HMAC-SHA-256 over ``<t>.<body>``; while secrets are being
  changed there are two `v1`, one for each. `t` is of this attempt, the body the same in each, with the id.
- Proxies of the environment are not used: they would resolve the name anew.
"""

from __future__ import annotations

import hashlib
import hmac
import socket
import ssl
from http.client import HTTPException
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from urllib3.connection import HTTPSConnection
from urllib3.exceptions import HTTPError

from guard.core.deliveries import Failure
from guard.core.webhook_address import address_problem, webhook_problems
from guard.notify.connecting import connect
from guard.notify.time_limit import TimeLimit
from guard.notify.writing import body_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from ipaddress import IPv4Address, IPv6Address

    from guard.core.deliveries import Delivery
    from guard.ports import Clock

__all__ = ["WebhookCarrier", "signature_of"]

ANSWER_SECONDS = 5.0
EXCHANGE_SECONDS = 15.0
"""For resolving excepted: connecting, TLS, sending and the answer's head, all together."""
_REFUSED = frozenset({400, 405, 410, 411, 413, 415, 422, 431})
"""The receiver does not want this message, or none any more. Other refusals may be mended on its side."""
_BUSY = frozenset({429, 503})
_AGENT = "celery-maintenance-guard"


def signature_of(body: bytes, secrets: Sequence[bytes], at: int) -> str:
    """The header for a body, sent at this moment (whole UTC seconds)."""
    signed = f"{at}.".encode() + body
    marks = [hmac.new(secret, signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={at}", *(f"v1={mark}" for mark in marks)])


class WebhookCarrier:
    """Posts deliveries.

    Args:
        url: as the settings have it.
        secrets: newest first; none: it is not signed.
        judge: what is wrong with an address; tests with receivers on this machine give another one.
        context: the rules of TLS; None: certificates are checked against those of the system.
        answer_seconds, exchange_seconds: shorter in tests.
    """

    def __init__(
        self,
        url: str,
        *,
        secrets: Sequence[bytes],
        clock: Clock,
        judge: Callable[[IPv4Address | IPv6Address], str | None] = address_problem,
        context: ssl.SSLContext | None = None,
        answer_seconds: float = ANSWER_SECONDS,
        exchange_seconds: float = EXCHANGE_SECONDS,
    ) -> None:
        self._url = url
        self._secrets = tuple(secrets)
        self._clock = clock
        self._judge = judge
        self._context = context or ssl.create_default_context()
        self._answer_seconds = answer_seconds
        self._exchange_seconds = exchange_seconds

    def carry(self, delivery: Delivery) -> Failure | None:
        """Post one; None: the receiver has taken it."""
        if webhook_problems(self._url):
            problem = "MAINTENANCE_WEBHOOK_URL is not one that may be posted to"
            return Failure(problem=problem, unreachable=True)
        parts = urlsplit(self._url)
        host, port = str(parts.hostname), parts.port or 443
        try:
            addresses = _resolved(host, port)
        except (OSError, UnicodeError) as error:
            problem = f"the webhook's host cannot be resolved ({type(error).__name__})"
            return Failure(problem=problem, unreachable=True)
        for address in addresses:
            inside = self._judge(ip_address(address))
            if inside is not None:
                problem = f"the webhook's host leads to {inside}: nothing was sent"
                return Failure(problem=problem, unreachable=True)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return self._post(delivery, host, [(one, port) for one in addresses], target)

    def close(self) -> None:
        """Nothing is kept open: a webhook is seldom, and its address is judged each time."""

    def _post(
        self, delivery: Delivery, host: str, places: Sequence[tuple[str, int]], target: str
    ) -> Failure | None:
        body = body_of(delivery)
        with TimeLimit(self._exchange_seconds) as limit:
            line = _Pinned(host, places, limit, timeout=self._answer_seconds, ssl_context=self._context)
            try:
                headers = self._headers(delivery, body)
                line.request("POST", target, body=body, headers=headers, preload_content=False)
                answer = line.getresponse()
                return _judged(answer.status, answer.headers.get("Retry-After"))
            except (OSError, HTTPError, HTTPException, ValueError) as error:
                return Failure(problem=_unreachable(error, limit), unreachable=True)
            finally:
                line.close()

    def _headers(self, delivery: Delivery, body: bytes) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": _AGENT,
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Connection": "close",
            "X-Guard-Delivery": delivery.delivery_id,
            "X-Guard-Event": delivery.event,
        }
        if self._secrets:
            headers["X-Guard-Signature"] = signature_of(body, self._secrets, int(self._clock.wall()))
        return headers


class _Pinned(HTTPSConnection):
    """Connects to addresses that were judged; its name is for TLS and the Host header."""

    def __init__(
        self,
        host: str,
        places: Sequence[tuple[str, int]],
        limit: TimeLimit,
        *,
        timeout: float,
        ssl_context: ssl.SSLContext,
    ) -> None:
        super().__init__(host, places[0][1], timeout=timeout, ssl_context=ssl_context)
        self._places = places
        self._limit = limit
        self._seconds = timeout

    def _new_conn(self) -> socket.socket:
        made = connect(self._places, self._seconds)
        self._limit.watch(made)
        return made


def _resolved(host: str, port: int) -> list[str]:
    """Each address that the name leads to, once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def _judged(status: int, wish: str | None) -> Failure | None:
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return Failure(problem=f"the webhook's receiver redirects ({status}), which is not followed")
    seconds = float(wish) if status in _BUSY and wish and wish.strip().isdecimal() else None
    return Failure(
        problem=f"the webhook's receiver answered {status}",
        refused=status in _REFUSED,
        retry_after=seconds,
    )


def _unreachable(error: Exception, limit: TimeLimit) -> str:
    if limit.is_over or isinstance(error, TimeoutError):
        return "the webhook's receiver was too slow"
    for one in (error, error.__cause__, *error.args):
        if isinstance(one, ssl.SSLCertVerificationError):
            return f"the certificate of the webhook's receiver is not to be trusted ({one.verify_message})"
    return f"the webhook's receiver does not answer ({type(error).__name__})"
