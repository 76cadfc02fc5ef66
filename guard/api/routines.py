"""`Guard.routines`: what beat runs by the timetable, run by hand, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.api.journal import note
from guard.core.suggest import did_you_mean
from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guard.api.parts import Parts, RoutineParts
    from guard.automation.routines import DueRoutine
    from guard.core.routine_result import RoutineRun
    from guard.core.routines import Run
    from guard.core.timetable import Entry

__all__ = ["Routines"]

_MOST_RESULTS = 1000


class Routines:
    """The routines of an app."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    @property
    def names(self) -> tuple[str, ...]:
        """Every routine there is, whether the app's timetable has it or not."""
        return tuple(self._routines.names)

    @property
    def timetable(self) -> Sequence[Entry]:
        """The app's timetable in force: `app.conf.guard_timetable`, with the times of the settings.

        Raises:
            InvalidRequest: it is wrong; with every problem.
        """
        return self._routines.timetable

    def due(self, now: float | None = None) -> list[DueRoutine]:
        """What is to be done about each entry at a moment, UTC seconds; now when None. Only looks.

        Raises:
            StoreUnavailable: the durable store did not answer.
        """
        return self._routines.runner.due(now)

    def step(self) -> list[DueRoutine]:
        """Note what was skipped or missed, and give what is to be run now. For a task that beat ticks, which
        sends each of them; any number of processes may.

        Raises:
            StoreUnavailable: the durable store did not answer. The next step sees the same.
        """
        return self._routines.runner.step()

    def run(self, name: str, *, by: str, due_at: float | None = None) -> RoutineRun | None:
        """Run a routine now, and store its result.

        Args:
            name: for example ``morning-check``; see `names`.
            by: who, for the journal.
            due_at: for which time of the timetable, as `step` gave it; None: by hand, whatever the timetable
                says, and whether a window is open or not. The journal keeps who did.

        Returns:
            The stored run. None when this time has been handled by another process, or this one was too
            slow and
            its lock was taken over: then nothing was stored.

        Raises:
            InvalidRequest: there is no such routine.
            RoutineRuns: by hand, and it runs already.
            StoreUnavailable: the durable store did not answer.
        """
        self._require(name)
        run = self._routines.runner.run(name, by=by, due_at=due_at)
        if due_at is None:
            note(self._parts, "run routine", by=by, detail={"routine": name})
        return run

    def tick(self, name: str, *, by: str) -> RoutineRun | None:
        """Run a routine that has an interval, if it is its turn; None if it is not, or another process runs
        it.

        Raises:
            InvalidRequest: there is no such routine.
            StoreUnavailable: the durable store did not answer.
        """
        self._require(name)
        return self._routines.runner.tick(name, by=by)

    def sweep_expired(self, *, by: str) -> RoutineRun | None:
        """Run the expiry sweep now. As `run`."""
        return self.run("expiry-sweep", by=by)

    def results(self, name: str, limit: int = 10) -> list[RoutineRun]:
        """The last turns of a routine, newest first; also those that were skipped or missed.

        Raises:
            InvalidRequest: there is no such routine, or `limit` is not 1 to 1000.
            StoreUnavailable: the durable store did not answer.
        """
        self._require(name)
        if not 1 <= limit <= _MOST_RESULTS:
            raise InvalidRequest(f"limit {limit} is out of range: from 1 to {_MOST_RESULTS}")
        return self._routines.store.runs(name, limit)

    def last_turns(self) -> dict[str, Run]:
        """The last turn of each routine by name; those that never had one are missing.

        Raises:
            StoreUnavailable: the durable store did not answer.
        """
        return self._routines.store.last_turns()

    def _require(self, name: str) -> None:
        if name not in self._routines.names:
            near = did_you_mean(name, self._routines.names)
            raise InvalidRequest(
                f"there is no routine {name[:40]!r}{near}: {', '.join(self._routines.names)}"
            )

    @property
    def _routines(self) -> RoutineParts:
        return self._parts.routines
