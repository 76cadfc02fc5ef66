"""`Guard.drills`: the training scenarios, played on the running system in test mode, and their scores."""

from __future__ import annotations

import logging
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from guard.core.changes import checked_actor
from guard.core.drill_records import DrillRecord, DrillState
from guard.core.drill_scenarios import SCENARIOS, scenario_of
from guard.core.drills import Place
from guard.errors import IllegalMove, InvalidRequest, NotDrilled, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from guard.api.parts import Parts
    from guard.core.drill_scoring import ScoreCard
    from guard.core.drills import Scenario, Step
    from guard.core.state import GuardState
    from guard.drills.performing import Moment
    from guard.drills.rehearsal import RehearsalGuard
    from guard.store.sql.drills import SqlDrills

__all__ = ["Drills"]

log = logging.getLogger(__name__)

_MOST = 1000
_SHORTEST_START = 4


class Drills:
    """The drills of an app."""

    def __init__(self, parts: Parts, guard: RehearsalGuard) -> None:
        self._parts = parts
        self._guard = guard

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """What can be played."""
        return tuple(SCENARIOS.values())

    def run(
        self,
        scenario: str | Scenario,
        *,
        by: str,
        unattended: bool = False,
        began: Callable[[DrillRecord], None] | None = None,
        show: Callable[[Moment], None] | None = None,
        asked: Callable[[Step], str | None] | None = None,
    ) -> DrillRecord:
        """Play a scenario on the running system, in test mode: no job is refused, parked or ended, and no
        session; nobody is alerted. Returns at its end, when something real comes between, or when nobody
        acknowledges for twice the time that a step has.

        Args:
            scenario: by name, or one of your own.
            by: who, for the journal.
            unattended: ask nobody. Steps of people are then not earned, and shown as skipped.
            began: called with the record before the first step: its id is what people acknowledge.
            show: called with what happens.
            asked: called again and again while a step waits for a person; the name of who has done it, or
                None. People may acknowledge by `acknowledge` besides.

        Raises:
            InvalidRequest: there is no such scenario, or `by` is not usable. Nothing was begun.
            IllegalMove: a window is open. Nothing was begun.
            StoreUnavailable: the durable store did not answer. Nothing was begun. If it does not answer at
                the end, the result is given and not kept, and the log says so.
            KeyboardInterrupt: the drill is kept as aborted, and its window is over.
        """
        from guard.drills.performing import Performer
        from guard.drills.rehearsal import Rehearsal

        played = scenario if not isinstance(scenario, str) else scenario_of(scenario)
        by = checked_actor(by)
        self._require_calm()
        record = DrillRecord(
            drill_id=str(uuid.uuid4()),
            scenario=played.name,
            place=Place.REHEARSAL.value,
            state=DrillState.RUNNING,
            by=by,
            began_at=self._parts.clock.wall(),
        )
        self._store.begin(record)
        if began is not None:
            began(record)
        clock = self._parts.clock
        performer = Performer(
            played,
            Rehearsal(played, self._guard, by=by, state=self._state),
            boot=clock.boot,
            sleep=clock.sleep,
            people=None if unattended else _People(self._store, record.drill_id, asked, clock.wall),
            show=show or (lambda _moment: None),
        )
        try:
            card = performer.play()
        except BaseException as error:
            why = (
                "interrupted"
                if isinstance(error, KeyboardInterrupt)
                else f"unexpected {type(error).__name__}"
            )
            self._end(record, performer.card(why))
            raise
        return self._end(record, card)

    def acknowledge(self, drill_id: str, *, by: str, step: str | None = None) -> tuple[DrillRecord, Step]:
        """Say that the step which a drill waits for is done.

        Args:
            drill_id: or its beginning, four characters or more.
            by: who has done it, 1 to 100 characters.
            step: its key, to be sure that it is the one you mean.

        Returns:
            The drill, and the step that was acknowledged.

        Raises:
            NotDrilled: there is no such drill.
            InvalidRequest: it waits for nobody, or not for this step, or has been acknowledged, or it takes
                another person than this one. Nothing was changed.
            StoreUnavailable: the durable store did not answer.
        """
        by = checked_actor(by)
        record = self.show(drill_id)
        waits = SCENARIOS[record.scenario].step(record.waiting_for) if record.scenario in SCENARIOS else None
        if record.state is not DrillState.RUNNING or waits is None:
            raise InvalidRequest("this drill waits for nobody now")
        if step is not None and step != waits.key:
            raise InvalidRequest(f"this drill waits for {waits.key!r}, not for {step[:40]!r}")
        said = self._store.words(record.drill_id)
        same = [key for key in waits.apart_from if said.get(key, "").casefold() == by.casefold()]
        if same:
            raise InvalidRequest(f"{by} has done {', '.join(same)}: {waits.key!r} takes somebody else")
        if not self._store.acknowledge(record.drill_id, waits.key, by=by, at=self._parts.clock.wall()):
            raise InvalidRequest(
                f"{waits.key!r} was acknowledged already, by {said.get(waits.key, 'somebody')}"
            )
        return record, waits

    def keep(self, card: Mapping[str, Any], *, by: str, began_at: float, ended_at: float) -> DrillRecord:
        """Keep the result of a drill that was played on a fleet of its own.

        Args:
            card: as `ScoreCard.to_dict` gave it.

        Raises:
            InvalidRequest: it is of no known scenario.
            StoreUnavailable: the durable store did not answer; nothing is kept.
        """
        scenario_of(str(card.get("scenario")))
        record = DrillRecord(
            drill_id=str(uuid.uuid4()),
            scenario=str(card["scenario"]),
            place=Place.DEMO.value,
            state=DrillState.ABORTED if card.get("aborted") else DrillState.FINISHED,
            by=checked_actor(by),
            began_at=began_at,
            ended_at=ended_at,
            percent=card.get("percent"),
            card=card,
        )
        self._store.begin(record)
        return record

    def list(self, limit: int = 20) -> list[DrillRecord]:
        """The last drills, newest first.

        Raises:
            InvalidRequest: `limit` is not 1 to 1000.
            StoreUnavailable: the durable store did not answer.
        """
        if not 1 <= limit <= _MOST:
            raise InvalidRequest(f"limit {limit} is out of range: from 1 to {_MOST}")
        return self._store.recent(limit)

    def show(self, drill_id: str) -> DrillRecord:
        """One drill, by its id or the beginning of it.

        Raises:
            NotDrilled: there is none.
            InvalidRequest: it is too short, or there are several.
        """
        if len(drill_id) < _SHORTEST_START:
            raise InvalidRequest(f"{drill_id!r} is too short: give {_SHORTEST_START} characters of the id")
        found = self._store.find(drill_id)
        if not found:
            raise NotDrilled(f"there is no drill {drill_id[:40]!r}")
        if len(found) > 1:
            raise InvalidRequest(f"several drills begin with {drill_id[:40]!r}: give more of the id")
        return found[0]

    @property
    def _store(self) -> SqlDrills:
        return self._parts.stores.drills

    def _state(self) -> GuardState:
        """What Redis says, which is what workers follow; while it is away, what SQL says."""
        try:
            return self._parts.stores.plane.read()
        except StoreError:
            return self._parts.stores.durable.read()

    def _require_calm(self) -> None:
        state = self._parts.stores.durable.read()
        if state.is_active:
            raise IllegalMove(
                phase=state.phase.value, event="begin a drill", remedy="a window is open: wait for its end"
            )

    def _end(self, record: DrillRecord, card: ScoreCard) -> DrillRecord:
        from guard.api.journal import note

        ended = replace(
            record,
            state=DrillState.ABORTED if card.aborted else DrillState.FINISHED,
            ended_at=self._parts.clock.wall(),
            percent=card.percent,
            card=card.to_dict(),
        )
        detail = {"drill_id": ended.drill_id, "scenario": ended.scenario, "percent": ended.percent}
        try:
            self._store.end(ended)
            note(self._parts, "drill", by=ended.by, detail={**detail, "aborted": card.aborted})
        except StoreError as error:
            # What ended the drill may be just this. Whoever played it has the result.
            log.warning("the result of drill %s is not kept: %s", ended.drill_id, error)
        return ended


class _People:
    """People acknowledge by a command of their own, or where the drill runs."""

    def __init__(
        self,
        store: SqlDrills,
        drill_id: str,
        asked: Callable[[Step], str | None] | None,
        now: Callable[[], float],
    ) -> None:
        self._store = store
        self._drill_id = drill_id
        self._asked = asked
        self._now = now

    def wait_for(self, step: Step) -> None:
        self._store.wait_for(self._drill_id, step.key)

    def by(self, step: Step) -> str | None:
        said = self._store.words(self._drill_id)
        here = self._asked(step) if self._asked is not None and step.key not in said else None
        if here is None:
            return said.get(step.key)
        if here.casefold() in {said.get(key, "").casefold() for key in step.apart_from}:
            return None
        self._store.acknowledge(self._drill_id, step.key, by=here, at=self._now())
        return self._store.words(self._drill_id).get(step.key)
