"""The announcer: tells those who have subscribed, in this process, of each named event."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, ClassVar

from guard.core.named_events import EventName, NamedEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Announcer"]

log = logging.getLogger(__name__)


class Announcer:
    """Of one app in one process.

    Subscribers are called at once, in the thread that announces, in the order in which they came. So they
    must be quick and wait for nothing: what takes time goes to a queue of theirs.
    """

    is_strict: ClassVar[bool] = False
    """For tests: an event whose fields are not those of the catalogue raises, and so does a subscriber."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._failing: set[int] = set()  # by id: they are kept for good, and need have no hash
        self._of: dict[EventName, tuple[Callable[[NamedEvent], None], ...]] = dict.fromkeys(
            EventName, ()
        )

    def subscribe(
        self, function: Callable[[NamedEvent], None], names: Iterable[EventName] | None = None
    ) -> None:
        """Have a function called with each event.

        Args:
            names: only with these; None: with all.
        """
        for name in EventName if names is None else names:
            self._of[name] = (*self._of[name], function)

    def subscribers(self, name: EventName) -> tuple[Callable[[NamedEvent], None], ...]:
        """Who is told of this one."""
        return self._of[name]

    def announce(self, name: EventName, /, **fields: Any) -> None:
        """Tell all subscribers of `name`. Never raises: one that fails is logged, the first time as
        a warning, and the others are told.

        Args:
            fields: exactly those of `guard.core.event_catalogue`, plain JSON types.
        """
        if self.is_strict:
            _check(name, fields)
        subscribers = self._of[name]
        if not subscribers:
            return
        event = NamedEvent(name, self._wall(), fields)
        for subscriber in subscribers:
            try:
                subscriber(event)
            except Exception:
                if self.is_strict:
                    raise
                # Said aloud once: a storm of events would be a storm of tracebacks.
                level = logging.DEBUG if id(subscriber) in self._failing else logging.WARNING
                self._failing.add(id(subscriber))
                log.log(level, "a subscriber failed at %s, and goes on being told", name, exc_info=True)

    __call__ = announce


def _check(name: EventName, fields: dict[str, Any]) -> None:
    from guard.core.event_catalogue import problems_of

    if problems := problems_of(name, fields):
        raise AssertionError(f"event {name}: {'; '.join(problems)}")
