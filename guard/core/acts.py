"""What is to be done for planned windows: values between the planner (`guard.core.due`) and its performer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from guard.core.alerts import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.core.holding import Holding
    from guard.core.occurrence import Occurrence

__all__ = ["Change", "Deed", "DueAct", "End", "Notice", "Open", "Warn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Open a window of this id. `duration` is seconds from now."""

    window_id: str
    wants: Holding
    duration: int
    drain_within: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Change the open window, if the guard is still at this epoch. `fields` are those of `Guard.change`."""

    epoch: int
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """End the open window, if the guard is still at this epoch."""

    epoch: int
    unverified: bool = False


Deed = Open | Change | End


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What users and administrators are told of a planned window before it begins.

    Attributes:
        kind: ``coming`` or ``cancelled``.
        name, reason, mode: of the plan.
        starts_at, ends_at: UTC seconds.
        zone: of the plan.
        before: seconds before the start at which this notice was to be given; None for a cancellation.
        message: one sentence.
    """

    kind: str
    name: str
    reason: str
    mode: str
    starts_at: float
    ends_at: float
    zone: str
    before: int | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Warn:
    """An alert."""

    kind: str
    message: str
    severity: Severity = Severity.WARNING
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueAct:
    """One act: do the deed if there is one, write `after` if the row is still `before`, and then say.

    Attributes:
        by: who is named in the journal.
        what: what is done, for the log.
    """

    by: str
    what: str
    before: Occurrence
    after: Occurrence
    deed: Deed | None = None
    says: tuple[Notice | Warn, ...] = ()
