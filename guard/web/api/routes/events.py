"""Server-sent events: the status at once, and again whenever it changes.

Each listener keeps a thread of the server, so places are bounded, and a listener is asked to come again after
five minutes. A comment every ten seconds finds out who has gone, and keeps proxies from ending what is quiet.
As often it is asked whether a listener who hears more than everybody still may: a revoked token does not.
"""

from __future__ import annotations

import functools
import json
import logging
from typing import TYPE_CHECKING

from flask import copy_current_request_context

from guard.clock import boot_ms
from guard.core.access import Right
from guard.errors import AccessDenied, StoreError, TooManyRequests
from guard.web.api.answers import etag_of, status_answer
from guard.web.api.asked import Reply, Route
from guard.web.api.problems import RETRY_SECONDS, WrongRequest
from guard.web.api.shapes.state import StatusAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from guard.web.api.asked import Asked, Site

__all__ = ["ROUTES"]

log = logging.getLogger(__name__)

_BEAT_SECONDS = 10.0
_LONGEST_SECONDS = 300.0
_COME_AGAIN_MS = 3000


class _Stream:
    """What one listener hears. It holds a place from the beginning, which `close` gives back: a server closes
    what it was given also when it never asked for the first piece."""

    def __init__(self, site: Site, *, address: str, detailed: bool, may_read: Callable[[], bool]) -> None:
        self._site = site
        self._address = address
        self._detailed = detailed
        self._may_read = may_read
        self._open = True
        self._pieces = self._tell()

    def __iter__(self) -> Iterator[str]:
        return self._pieces

    def close(self) -> None:
        """Give the place back."""
        if self._open:
            self._open = False
            self._site.listeners.leave(self._address)

    def _tell(self) -> Iterator[str]:
        standing = self._site.standing
        begun = beat = asked_at = boot_ms() / 1000
        yield f"retry: {_COME_AGAIN_MS}\n\n"
        view, told = standing.now(), ""
        while True:
            now = boot_ms() / 1000
            if self._detailed and now - asked_at >= _BEAT_SECONDS:
                self._detailed, asked_at = self._may_read(), now
            answer = status_answer(view, detailed=self._detailed)
            tag = etag_of(answer)
            if tag != told:
                told, beat = tag, now
                yield f"event: status\nid: {answer['epoch'] or 0}\ndata: {json.dumps(answer)}\n\n"
            elif now - beat >= _BEAT_SECONDS:
                beat = now
                yield ": still here\n\n"
            if now - begun >= _LONGEST_SECONDS or standing.is_closed:
                return
            view = standing.wait(view.looks, _BEAT_SECONDS)


def _events(asked: Asked) -> Reply:
    address = asked.site.door.address(asked.request)
    if not asked.site.listeners.enter(address):
        raise WrongRequest(
            503,
            "too_many_listeners",
            "all places are taken: ask for the status instead, or come again",
            headers={"Retry-After": str(RETRY_SECONDS)},
        )
    # With the request at hand: an application that says who somebody is may look at its own session.
    may_read = copy_current_request_context(functools.partial(_may_still_read, asked))
    stream = _Stream(asked.site, address=address, detailed=asked.may_read, may_read=may_read)
    # Proxies that collect what they forward would keep each event back.
    return Reply(body=stream, headers={"X-Accel-Buffering": "no"})


def _may_still_read(asked: Asked) -> bool:
    try:
        return asked.site.door.actor(asked.request, touch=False).may(Right.READ)
    except (AccessDenied, StoreError, TooManyRequests):
        return False
    except Exception:  # the application's own word, from a database that may be what is maintained
        log.warning("who listens is not known any more", exc_info=True)
        return False


ROUTES = (
    Route(
        method="GET",
        path="/maintenance/events",
        name="events",
        group="status",
        summary="Events named `status`, each with the status as its data: at once, and upon each change.",
        answer=_events,
        gives=StatusAnswer,
        right=None,
        media="text/event-stream",
        limited=False,
    ),
)
