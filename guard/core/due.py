"""What is due for planned windows now, as one pure function. Beat asks every half minute.

Rules:

- A start that beat slept through is made up for while its time lasts: the window is opened late and ends
  when it was to end. Otherwise it is missed, and that is said once, however many were.
- Of the notices that are due for a start the nearest is given; older ones are passed over. No burst.
- While several hold one window it is their union (`guard.core.holding`). Who begins is heard before who
  ends, so windows that touch go on without a gap. The last one that lets go ends it.
- What a person did is left: a window opened by hand is never ended, one ended by hand not opened again,
  a planned end moved by hand counts, an emergency that nobody planned is neither widened nor ended.
- A rehearsal and a real window are never joined. A planned rehearsal gives way.
- An end that comes while the drain or the verifying goes on is moved, if that was agreed
  on; else the window ends all the same and an alert says what was left.
- First the row is written and then the guard is told (`told`), so whatever a process that died has left
  half done is done by the next one, and by two at once no more than once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.beginning import Beginning
from guard.core.ending import Ending
from guard.core.keeping import Keeping
from guard.core.standing import DueFacts, Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from guard.core.acts import DueAct
    from guard.core.occurrence import Occurrence
    from guard.core.planned import Plan

__all__ = ["DueFacts", "due"]


def due(facts: DueFacts) -> tuple[DueAct, ...]:
    """What is due, in this order. After an act with a deed the rest must be asked for anew."""
    acts: list[DueAct] = []
    seen: set[tuple[str, float]] = set()
    for act in _all(Standing(facts)):
        key = (act.before.schedule_id, act.before.starts_at)
        if key not in seen:  # the next act of a row builds on this one
            seen.add(key)
            acts.append(act)
    return tuple(acts)


def _all(standing: Standing) -> Iterator[DueAct]:
    beginning, ending = Beginning(standing), Ending(standing)
    keeping = Keeping(standing, ending)

    def each(
        rows: Iterable[Occurrence], step: Callable[[Occurrence, Plan], DueAct | None]
    ) -> Iterator[DueAct]:
        for row in rows:
            act = step(row, standing.plans[row.schedule_id])
            if act is not None:
                yield act

    yield from each((row for row in standing.rows if not row.told), keeping.tell)
    starts = [beginning.starts_of(schedule) for schedule in standing.facts.schedules]
    for begins, _ in starts:
        yield from begins
    yield from each((row for row in standing.rows if row.told), ending.go_on)
    for _, later in starts:
        yield from later
