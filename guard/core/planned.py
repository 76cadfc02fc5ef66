"""A plan: a window that begins by itself, once or again and again. Emergencies are never planned."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite
from typing import TYPE_CHECKING, Any

from guard.core.durations import LONGEST_SECONDS
from guard.core.modes import Mode
from guard.core.recurrence import Recurrence
from guard.core.terms import Terms
from guard.core.zones import shown
from guard.errors import StateInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Plan", "Schedule"]

LONGEST_NAME = 60
_NUMBERS = ("duration", "look_ahead", "extend_by", "max_extensions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was planned. Checked by `guard.core.planning`.

    Attributes:
        name: what people call it, 1 to 60 characters.
        mode: normal or test.
        reason: as a window has it; users see it.
        by: who planned it.
        when: its starts.
        duration: seconds, 1 to a week.
        terms: grace period, drain, verifying, sessions (None: the setting of its time) and scope.
        notices: seconds before each start at which it is announced, the longest first.
        look_ahead: seconds before the start from which jobs that would cross it wait; 0: none.
        auto_end: whether it ends by itself at its planned end.
        extend_by: seconds by which its end is moved when work still goes on then; 0: it is not moved.
        max_extensions: how often.
        since: UTC seconds; starts before are none of this plan's.
    """

    name: str
    mode: Mode
    reason: str
    by: str
    when: Recurrence
    duration: int
    terms: Terms = field(default_factory=Terms)
    notices: tuple[int, ...] = ()
    look_ahead: int = 0
    auto_end: bool = True
    extend_by: int = 0
    max_extensions: int = 0
    since: float = 0.0

    @property
    def actor(self) -> str:
        """Who is named in the journal for what the plan does."""
        return f"schedule: {self.name}"

    def says(self, start: float) -> str:
        """A start for people, in the plan's zone and in UTC."""
        return shown(start, self.when.zone)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "name": self.name,
            "mode": self.mode.value,
            "reason": self.reason,
            "by": self.by,
            "at": self.when.start.isoformat(),
            "zone": self.when.zone,
            "every": self.when.rule,
            "except": list(self.when.skipped),
            "duration": self.duration,
            "terms": self.terms.to_dict(),
            "notices": list(self.notices),
            "look_ahead": self.look_ahead,
            "auto_end": self.auto_end,
            "extend_by": self.extend_by,
            "max_extensions": self.max_extensions,
            "since": self.since,
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Plan:
        """Read what was stored.

        Raises:
            StateInvalid: it is nothing that `to_dict` could have given.
        """
        try:
            numbers = {name: int(raw[name]) for name in _NUMBERS}
            plan = cls(
                name=str(raw["name"]),
                mode=Mode(raw["mode"]),
                reason=str(raw["reason"]),
                by=str(raw["by"]),
                when=Recurrence.check(
                    start=datetime.fromisoformat(raw["at"]),
                    zone=str(raw["zone"]),
                    rule=str(raw["every"]),
                    skipped=tuple(map(str, raw["except"])),
                ),
                terms=Terms.from_dict(raw["terms"]),
                notices=tuple(int(before) for before in raw["notices"]),
                auto_end=bool(raw["auto_end"]),
                since=float(raw["since"]),
                **numbers,
            )
        except (KeyError, TypeError, ValueError, OverflowError, StateInvalid) as error:
            raise StateInvalid(
                f"a stored plan is not understood ({type(error).__name__}: {error})"
            ) from error
        in_range = 0 < plan.duration <= LONGEST_SECONDS and isfinite(plan.since)
        if plan.to_dict() != raw or not in_range or plan.mode is Mode.EMERGENCY:
            raise StateInvalid("a stored plan is not in its canonical form")
        return plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A plan as it is kept. `revision` grows by one with each change, from 1."""

    schedule_id: str
    revision: int
    plan: Plan
    changed_at: float
    changed_by: str
    cancelled_at: float | None = None


def name_problem(name: object) -> str | None:
    """What is wrong with a name, if something is."""
    text = name if isinstance(name, str) else ""
    harmless = all(unicodedata.category(char)[0] not in {"C", "Z"} or char == " " for char in text)
    if not text.strip() or len(text) > LONGEST_NAME or not harmless:
        return f"name {str(name)[:40]!r} is not usable: give 1 to {LONGEST_NAME} characters on one line"
    return None
