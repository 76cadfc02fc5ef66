"""The rollback of a window: what it found, what differs from that now, and what can be undone is undone.

1. The window has ended first, in every case: a rollback that fails leaves an open gate, and may be repeated.
2. Only of the last window, and only while none is open: what came later would be undone with it.
3. Whatever is undone is journaled, one line each, and called undone only when it was seen to be.
4. Workers that should consume again come first; a queue that none of them took back is not given up.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from guard.core.difference import Consume, StopConsuming, WriteRow
from guard.core.differences import differences, losses, unknowns, when_over
from guard.core.found import Consumer
from guard.core.history import AuditRecord
from guard.core.named_events import EventName
from guard.errors import GuardError, IllegalMove, InvalidRequest, StateInvalid, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from guard.core.difference import Difference
    from guard.core.found import Found
    from guard.core.named_events import Announces
    from guard.core.roster import RosterEntry
    from guard.core.state import GuardState
    from guard.ports import Clock, Consumption, DurableStore, FoundRecords, Tally

__all__ = ["Comparison", "Rollback", "RolledBack"]

log = logging.getLogger(__name__)

_SEEN_WITHIN = 5.0
_LOOK_EVERY = 0.3
_NOT_KEPT = (
    "what this window found is not known: it was opened without the durable store, or by a release that kept "
    "nothing"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a window found beside what is the case now.

    Attributes:
        is_over: whether the window has ended.
        found_at: UTC seconds; None when nothing is known of what it found.
        differences: what differs; while the window is open: what will, once it has ended.
        unknown: what nobody can compare, one sentence each.
    """

    window_id: str
    is_over: bool
    found_at: float | None
    differences: tuple[Difference, ...]
    unknown: tuple[str, ...]

    @property
    def undoable(self) -> tuple[Difference, ...]:
        """Those that a rollback undoes."""
        return tuple(one for one in self.differences if one.undo is not None)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "window_id": self.window_id,
            "is_over": self.is_over,
            "found_at": self.found_at,
            "differences": [one.to_dict() for one in self.differences],
            "unknown": list(self.unknown),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledBack:
    """What a rollback did.

    Attributes:
        restored: what is again as the window found it.
        failed: what should have been and is not, with the reason; a rollback may be repeated.
        left: what cannot be undone from here.
        unknown: what nobody can compare.
    """

    window_id: str
    restored: tuple[Difference, ...] = ()
    failed: tuple[tuple[Difference, str], ...] = ()
    left: tuple[Difference, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether all that can be undone is, as far as anybody knows."""
        return not self.failed and not self.unknown

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "window_id": self.window_id,
            "restored": [one.to_dict() for one in self.restored],
            "failed": [{**one.to_dict(), "why": why} for one, why in self.failed],
            "left": [one.to_dict() for one in self.left],
            "unknown": list(self.unknown),
        }


class Rollback:
    """Compares and restores.

    Args:
        roster: all registered agents; None when the registry does not answer.
        settings: those that matter to windows, in this process.
        beat: beat's table in this process.
    """

    def __init__(
        self,
        *,
        durable: DurableStore,
        records: FoundRecords,
        consumption: Consumption,
        tally: Tally,
        clock: Clock,
        roster: Callable[[], list[RosterEntry] | None],
        settings: Callable[[], Mapping[str, str]],
        beat: Callable[[], Mapping[str, str]],
        announce: Announces,
    ) -> None:
        self._announce = announce
        self._durable = durable
        self._records = records
        self._consumption = consumption
        self._tally = tally
        self._clock = clock
        self._roster = roster
        self._settings = settings
        self._beat = beat

    def remember(self, window_id: str, epoch: int) -> None:
        """Right after a window closed: keep what its workers said of their queues when they acknowledged this
        epoch or a later one. Never raises for a store: a window must open whatever becomes of this."""
        try:
            self._records.complete(
                window_id,
                consumers=_acknowledged(self._roster(), epoch),
                settings=self._settings(),
                beat=self._beat(),
            )
        except StoreError as error:
            log.warning("what the window found is not kept whole: %s", error)

    def compare(self, window_id: str | None = None) -> Comparison:
        """What differs from what a window found, the current or last one when None.

        Raises:
            InvalidRequest: there is no such window.
            StoreUnavailable: the durable store did not answer.
        """
        state, now = self._records.now()
        window_id = self._known(window_id or state.window_id)
        is_over = state.window_id != window_id or not state.is_active
        found, problems = self._found(window_id)
        lost, uncounted = self._losses(window_id)
        if found is None:
            return Comparison(
                window_id=window_id,
                is_over=is_over,
                found_at=None,
                differences=lost,
                unknown=(*problems, *uncounted),
            )
        now = replace(when_over(now, state), **self._live(state))
        return Comparison(
            window_id=window_id,
            is_over=is_over,
            found_at=found.at,
            differences=(*differences(found, now), *lost),
            unknown=(*unknowns(found, now), *uncounted),
        )

    def restore(self, by: str, window_id: str | None = None) -> RolledBack:
        """Undo what can be undone, of the last window, which has ended.

        Raises:
            InvalidRequest: there is no such window, or it is not the last one.
            IllegalMove: a window is open.
            StoreUnavailable: the durable store did not answer before anything was changed.
        """
        state = self._durable.read()
        wanted = self._known(window_id or state.window_id)
        if state.is_active:
            raise IllegalMove(phase=state.phase, event="roll back", remedy="end the window first")
        if wanted != state.window_id:
            raise InvalidRequest(
                f"window {wanted} is not the last one: what {state.window_id} found is what came after it"
            )
        before = self.compare(wanted)
        failed = self._perform(before.undoable)
        still, unseen = self._what_remains(wanted)
        restored = tuple(one for one in before.undoable if not _why(one, failed, still))
        noted = self._journal(restored, by, state, wanted)
        left = tuple((one, why) for one in before.undoable if (why := _why(one, failed, still)))
        self._announce(
            EventName.ROLLBACK_DONE, window_id=wanted, by=by, restored=len(restored), failed=len(left)
        )
        return RolledBack(
            window_id=wanted,
            restored=restored,
            failed=left,
            left=tuple(one for one in before.differences if one.undo is None),
            unknown=(*dict.fromkeys((*before.unknown, *unseen)), *noted),
        )

    def _what_remains(self, window_id: str) -> tuple[set[Any], tuple[str, ...]]:
        """What would still have to be undone, and what is unknown."""
        try:
            after = self.compare(window_id)
        except StoreError as error:
            return set(), (f"whether all of it is restored is unknown: {error}",)
        return {one.undo for one in after.undoable}, after.unknown

    def _perform(self, wanted: Sequence[Difference]) -> dict[Any, str]:
        """What was not done, and why."""
        acts = [one.undo for one in wanted]
        failed: dict[Any, str] = {}
        rows = [act for act in acts if isinstance(act, WriteRow)]
        try:
            problems = self._records.write_rows(rows) if rows else {}
            failed |= {act: why for act in rows if (why := problems[act.key])}
        except GuardError as error:
            failed |= dict.fromkeys(rows, str(error))
        again = [act for act in acts if isinstance(act, Consume)]
        failed |= {act: why for act in again if (why := self._consumption.tell(act))}
        failed |= dict.fromkeys(self._not_seen([act for act in again if act not in failed]), _NOT_SEEN)
        untaken = {act.queue for act in again if act in failed}
        no_more = [act for act in acts if isinstance(act, StopConsuming)]
        failed |= {act: _UNTAKEN for act in no_more if act.queue in untaken}
        no_more = [act for act in no_more if act not in failed]
        failed |= {act: why for act in no_more if (why := self._consumption.tell(act))}
        failed |= dict.fromkeys(self._not_seen([act for act in no_more if act not in failed]), _NOT_SEEN)
        return failed

    def _not_seen(self, told: list[Any]) -> list[Any]:
        """Wait until workers do as they were told; those acts of which that was not seen."""
        until = self._clock.boot() + _SEEN_WITHIN
        while told:
            consumers = self._consumption.ask([act.node for act in told]) or {}
            told = [act for act in told if not _is_done(act, consumers.get(act.agent_id))]
            if not told or self._clock.boot() >= until:
                break
            self._clock.sleep(_LOOK_EVERY)
        return told

    def _journal(
        self, restored: Sequence[Difference], by: str, state: GuardState, window_id: str
    ) -> list[str]:
        """One line for each thing; a problem when the journal does not take them."""
        try:
            for one in restored:
                self._durable.journal(
                    AuditRecord(
                        at=self._clock.wall(),
                        actor=by,
                        action="roll back",
                        epoch=state.epoch,
                        outcome="done",
                        detail={
                            "window_id": window_id,
                            "kind": one.kind.value,
                            "what": one.what,
                            "was": one.was,
                            "is": one.now,
                        },
                    )
                )
        except StoreError as error:
            return [f"not all that was restored is in the journal: {error}"]
        return []

    def _known(self, window_id: str) -> str:
        if not window_id:
            raise InvalidRequest("there was no window yet")
        if self._durable.window(window_id) is None:
            raise InvalidRequest(f"no window has the id {window_id[:60]!r}")
        return window_id

    def _found(self, window_id: str) -> tuple[Found | None, tuple[str, ...]]:
        try:
            found = self._records.of(window_id)
        except StateInvalid as error:
            return None, (str(error),)
        return found, () if found is not None else (_NOT_KEPT,)

    def _live(self, state: GuardState) -> dict[str, Any]:
        """What the fleet and this process say now."""
        return {
            "consumers": self._consumers(closed=state.is_active),
            "settings": self._settings(),
            "beat": self._beat(),
        }

    def _consumers(self, *, closed: bool) -> dict[str, Consumer] | None:
        """Asked; of a worker that does not answer, what it reports anyway while the gate is closed."""
        roster = self._roster()
        if roster is None:
            return None
        workers = [entry for entry in roster if entry.card.role == "worker"]
        answers = self._consumption.ask([entry.card.node for entry in workers]) or {}
        return {
            entry.card.agent_id: answers.get(
                entry.card.agent_id,
                Consumer(
                    node=entry.card.node,
                    queues=entry.report.queues if closed and entry.report is not None else None,
                ),
            )
            for entry in workers
        }

    def _losses(self, window_id: str) -> tuple[tuple[Difference, ...], tuple[str, ...]]:
        try:
            return losses(self._tally.account(window_id)), ()
        except StoreError:
            return (), ("what became of the jobs of this window is unknown: Redis does not answer",)


_NOT_SEEN = "the worker was told, and was not seen to do it"
_UNTAKEN = "nobody else takes from this queue: it is not given up"
_STILL = "it was done, and is not so: somebody changed it again, or it cannot be seen"


def _acknowledged(roster: list[RosterEntry] | None, epoch: int) -> dict[str, Consumer] | None:
    if roster is None:
        return None
    return {
        entry.card.agent_id: Consumer(
            node=entry.card.node,
            queues=entry.report.queues
            if entry.report is not None and entry.acknowledged_epoch >= epoch
            else None,
        )
        for entry in roster
        if entry.card.role == "worker"
    }


def _is_done(act: Consume | StopConsuming, consumer: Consumer | None) -> bool:
    if consumer is None or consumer.queues is None:
        return False
    return (act.queue in consumer.queues) is isinstance(act, Consume)


def _why(one: Difference, failed: Mapping[Any, str], still: set[Any]) -> str:
    """Why something was not restored; empty when it was."""
    return failed.get(one.undo) or (_STILL if one.undo in still else "")
