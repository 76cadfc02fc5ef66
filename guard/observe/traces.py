"""Traces: each named event is an event of the span that is current where it happens, where there is one.

Nothing of OpenTelemetry is imported here: a span can only be current in a process that has imported it.
Without it an event costs one look into a dictionary.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from guard.core.named_events import EventName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.core.named_events import NamedEvent

__all__ = ["DECISIONS", "attributes_of", "current_span", "decided", "put_on_span"]

DECISIONS = {
    EventName.JOB_REFUSED: "refused",
    EventName.JOB_HELD: "held",
    EventName.JOB_COALESCED: "coalesced",
    EventName.JOB_ABORTED: "aborted",
    EventName.JOB_REHEARSED: "rehearsed",
    EventName.JOB_NOT_STARTED: "not started",
    EventName.JOB_STOPPED: "stopped",
    EventName.BYPASS_USED: "bypass",
    EventName.REQUEST_REFUSED: "refused",
}
"""What was decided of the job or request whose span it is."""
_SHOWN = ("operation", "epoch", "window_id")


def put_on_span(event: NamedEvent) -> None:
    """Subscribes to all events of an app."""
    span = current_span()
    if span is None:
        return
    attributes = attributes_of(event.fields)
    span.add_event(f"guard.{event.name.value}", attributes, timestamp=int(event.at * 1e9))
    if event.name in DECISIONS:
        span.set_attributes(decided(event))


def current_span() -> Any:
    """The span of this process's OpenTelemetry that is current here and recorded; None without one."""
    trace = sys.modules.get("opentelemetry.trace")
    get_current_span = getattr(trace, "get_current_span", None)  # None: it is being imported right now
    if get_current_span is None:
        return None
    span = get_current_span()
    return span if span.is_recording() else None


def decided(event: NamedEvent) -> dict[str, Any]:
    """The attributes of the span of a job or request of which something was decided."""
    shown = {name: event.fields[name] for name in _SHOWN if event.fields.get(name) not in {None, ""}}
    return {"guard.decision": DECISIONS[event.name], **attributes_of(shown)}


def attributes_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as attributes: OpenTelemetry has no null."""
    return {f"guard.{name}": value for name, value in fields.items() if value is not None}
