"""The catalogue of named events: what each means, how much it matters, and its fields.

docs/events.md is made from it.

Rules of the catalogue:

- Fields are plain JSON types. An event has all of its fields; what is not known is null, where it may be.
- No field holds a secret: session ids are masked before they get here.
- What happens once for each job is of level `DEBUG`, so that a storm of refusals writes nothing. Parked and
  ended jobs are few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.core.events_of_jobs import OF_JOBS
from guard.core.events_of_people import OF_PEOPLE
from guard.core.events_of_upkeep import OF_HEALTH, OF_TELLING, OF_TIMES
from guard.core.events_of_windows import OF_DRAINS, OF_WINDOWS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.core.event_kinds import EventKind
    from guard.core.named_events import EventName

__all__ = ["CATALOGUE", "problems_of"]

CATALOGUE: Mapping[EventName, EventKind] = (
    OF_WINDOWS | OF_DRAINS | OF_JOBS | OF_PEOPLE | OF_TIMES | OF_TELLING | OF_HEALTH
)
"""Every name."""


def problems_of(name: EventName, fields: Mapping[str, Any]) -> list[str]:
    """What is wrong with these fields for this event; nothing when they are those of the catalogue."""
    known = {field.name: field for field in CATALOGUE[name].fields}
    problems = [f"{missing} is missing" for missing in sorted(known.keys() - fields.keys())]
    for given, value in fields.items():
        field = known.get(given)
        if field is None:
            problems.append(f"{given} is unknown")
        elif not (field.type.holds(value) or (value is None and field.optional)):
            problems.append(f"{given}={value!r} is no {field.type.value}")
    return problems
