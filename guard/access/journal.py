"""What the journal says of access: every change has a line; refused tries have a few, and an exact count.

Refused tries that got no line are counted in this process and journaled as one line when their minute is
over, when somebody closes the guard, or when the process ends in order. A process that is killed takes at
most a minute's count with it; the log has said that tries were refused.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from typing import TYPE_CHECKING, Any

from guard.core.flood import PERIOD_SECONDS, Flood
from guard.core.history import AuditRecord
from guard.core.named_events import EventName, not_announced
from guard.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.core.access import Actor
    from guard.core.named_events import Announces
    from guard.ports import Clock, DurableStore

__all__ = ["AccessJournal"]

log = logging.getLogger(__name__)

_LONGEST_ACTOR = 100
_LONGEST_VALUE = 500


class AccessJournal:
    """The journal of one installation, for what concerns access."""

    def __init__(self, durable: DurableStore, clock: Clock, announce: Announces = not_announced) -> None:
        self._announce = announce
        self._durable = durable
        self._clock = clock
        self._lock = threading.Lock()
        self._flood = Flood(since=clock.wall())
        self._timer: threading.Timer | None = None
        os.register_at_fork(after_in_child=self._begin_anew)

    def _begin_anew(self) -> None:
        # What the parent has counted is the parent's to tell, and its threads are not here.
        self._lock = threading.Lock()
        self._flood, self._timer = Flood(since=self._clock.wall()), None

    def done(
        self,
        action: str,
        *,
        by: str = "",
        actor: Actor | None = None,
        outcome: str = "done",
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Write what somebody did.

        Args:
            by: who, where there is no actor: on the command line.

        Raises:
            StoreUnavailable: the durable store did not answer.
        """
        self._write(action, outcome, by or (actor.name if actor else ""), {**who(actor), **(detail or {})})

    def refused(
        self,
        kind: str,
        *,
        actor: Actor | None = None,
        name: str = "",
        address: str = "",
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Note a try that was refused. Never raises for a store that is away.

        Args:
            kind: what was tried, a short stable name: it is the line's action.
            name: who it was by their own words, where no actor is known.
        """
        address = actor.address if actor is not None else address
        now, full = self._clock.wall(), None
        with self._lock:
            if self._flood.is_over(now):
                full, self._flood = self._flood, Flood(since=now)
            self._flood, has_line = self._flood.take(kind, address[:64])
            if not has_line:
                self._set_timer()
        if full is not None:
            self._tell_of(full, now)
        if has_line:
            told = {**who(actor), **({} if actor else {"address": address[:64]}), **(detail or {})}
            by = (actor.name if actor else name) or "unknown"
            why = str(told.get("why", ""))[:_LONGEST_VALUE]
            self._announce(
                EventName.ACCESS_REFUSED, tried=kind, by=by[:_LONGEST_ACTOR], address=address[:64], why=why
            )
            try:
                self._write(kind, "refused", by, told)
            except StoreError as error:
                log.warning("a refused try has no line in the journal: %s", error)

    def flush(self) -> None:
        """Write the count of the tries that have no line, now."""
        now = self._clock.wall()
        with self._lock:
            flood, self._flood = self._flood, Flood(since=now)
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
            atexit.unregister(self.flush)
        self._tell_of(flood, now)

    def _set_timer(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(PERIOD_SECONDS, self.flush)
            self._timer.daemon = True
            self._timer.name = "guard-refused-tries"
            self._timer.start()
            atexit.register(self.flush)

    def _tell_of(self, flood: Flood, now: float) -> None:
        if not flood.left_out:
            return
        self._announce(EventName.ACCESS_MORE_REFUSED, more=flood.left_out, since=flood.since)
        try:
            self._write("refused tries", "counted", "several", flood.detail(now))
        except StoreError as error:
            log.warning("%d refused tries are not in the journal: %s", flood.left_out, error)

    def _write(self, action: str, outcome: str, name: str, detail: Mapping[str, Any]) -> None:
        self._durable.journal(
            AuditRecord(
                at=self._clock.wall(),
                actor=name[:_LONGEST_ACTOR],
                action=action[:50],
                epoch=self._durable.read().epoch,
                outcome=outcome,
                detail={key: _short(value) for key, value in detail.items()},
            )
        )


def who(actor: Actor | None) -> dict[str, str]:
    """What a line says of an actor, beside the name."""
    if actor is None:
        return {}
    return {"address": actor.address[:64], "via": actor.via, "credential": actor.credential}


def _short(value: Any) -> Any:
    return value[:_LONGEST_VALUE] if isinstance(value, str) else value
