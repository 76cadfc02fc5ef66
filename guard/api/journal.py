"""A line in the journal for what somebody did through the API that is no move of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.core.named_events import EventName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.api.parts import Parts

__all__ = ["note"]


def note(parts: Parts, action: str, *, by: str, detail: Mapping[str, Any]) -> None:
    """Write who did what; `detail` holds plain JSON types.

    Raises:
        StoreUnavailable: the durable store did not answer; what was done is done.
    """
    from guard.core.history import AuditRecord

    durable = parts.stores.durable
    durable.journal(
        AuditRecord(
            at=parts.clock.wall(),
            actor=by,
            action=action,
            epoch=durable.read().epoch,
            outcome="done",
            detail=detail,
        )
    )
    parts.announcer.announce(EventName.PERSON_ACTED, what=action, outcome="done", by=by)
