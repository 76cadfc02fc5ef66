"""Traces of one app: events on the current span, and what was decided on the span of Celery's publish.

Celery's span of a publish begins after the gate has decided, so what it decided is put on that span when
Celery is about to publish. This hears of that signal from the first decision on that a trace is there for:
after the instrumentation, whose span is current by then, and never in a process without traces or windows.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

from guard.core.named_events import EventName
from guard.observe.traces import current_span, decided, put_on_span

if TYPE_CHECKING:
    from guard.core.named_events import NamedEvent

__all__ = ["Tracing"]

_THEN_PUBLISHED = frozenset({EventName.JOB_HELD, EventName.JOB_REHEARSED})
"""After these the job is published, in the same thread and at once."""


class Tracing:
    """Subscribes to all events of an app."""

    def __init__(self) -> None:
        self._here = threading.local()
        self._listens = False

    def __call__(self, event: NamedEvent) -> None:
        """Put it on the current span, and remember it for the publish that follows."""
        if "opentelemetry.trace" not in sys.modules:  # looked at first: in most processes this is all
            return
        put_on_span(event)
        if event.name in _THEN_PUBLISHED:
            self._here.decided = event.fields["task"], decided(event)
            if not self._listens:
                self._listens = True
                self._listen()

    def _listen(self) -> None:
        from celery.signals import before_task_publish

        before_task_publish.connect(self._publishing, weak=False)

    def _publishing(self, sender: Any = None, **_signal: Any) -> None:
        task, attributes = getattr(self._here, "decided", ("", {}))
        self._here.decided = "", {}
        span = current_span() if task and task == sender else None
        if span is not None:
            span.set_attributes(attributes)
