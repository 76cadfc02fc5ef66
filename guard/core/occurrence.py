"""An occurrence: what became of one planned start, from its first notice on.

    expected → (leading) → open → ending → releasing → over          missed, cancelled

`told` is False while the guard has not been told yet of what the stage says: whoever finds it so tells it.
The row is written first and the guard told then, so that a process that dies in between leaves its
intention behind.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from guard.core.holding import Holding
from guard.core.plain import require_plain
from guard.errors import StateInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FINAL", "HOLDING", "Occurrence", "Stage", "window_id_of"]

_WINDOWS = uuid.UUID("6f1f3b0e-6a0a-5d6e-9a56-0f3c2f4c7c11")


class Stage(StrEnum):
    """Where an occurrence stands."""

    EXPECTED = "expected"
    LEADING = "leading"
    """The look-ahead: its window is open for the jobs that would cross the start."""
    OPEN = "open"
    """It holds the window."""
    ENDING = "ending"
    """It lets go of the window; the last one that does ends it."""
    RELEASING = "releasing"
    """Its window has ended, and jobs still go back."""
    OVER = "over"
    MISSED = "missed"
    """Nothing ran that could have opened it while it was due."""
    CANCELLED = "cancelled"


FINAL = frozenset({Stage.OVER, Stage.MISSED, Stage.CANCELLED})
HOLDING = frozenset({Stage.LEADING, Stage.OPEN, Stage.ENDING})
"""Stages in which it holds a window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One planned start. Times are UTC seconds.

    Attributes:
        schedule_id, starts_at: which.
        stage, told: see above.
        revision: grows with each write; 0: never written.
        window_id: the guard's window that it holds; empty while it holds none.
        attempt: how many windows of its own a person has ended before it began.
        leads: whether its look-ahead may (still) begin.
        given: seconds before the start of the notices that were given or passed over.
        said: what was raised about it once and need not be raised again.
        wants: what it wants of the window, agreed on when it began.
        found: what the window was that it joined, when a person had opened that.
        extensions: how often its end was moved.
        began_at, ended_at: when it really began and ended.
        note: how it ended, for people.
        skipped: how many starts before this one were missed too.
    """

    schedule_id: str
    starts_at: float
    stage: Stage = Stage.EXPECTED
    told: bool = True
    revision: int = 0
    window_id: str = ""
    attempt: int = 0
    leads: bool = True
    given: tuple[int, ...] = ()
    said: tuple[str, ...] = ()
    wants: Holding | None = None
    found: Holding | None = None
    extensions: int = 0
    began_at: float | None = None
    ended_at: float | None = None
    note: str = ""
    skipped: int = 0
    changed_at: float = field(default=0.0, compare=False)

    @property
    def ends_at(self) -> float | None:
        """Its planned end, extensions included; None before it began."""
        return self.wants.ends_at if self.wants is not None else None

    @property
    def own_window_id(self) -> str:
        """The id of the window that it opens when none is open."""
        return window_id_of(self.schedule_id, self.starts_at, self.attempt)

    def write(self, now: float, **changes: Any) -> Occurrence:
        """The next revision."""
        return replace(self, revision=self.revision + 1, changed_at=now, **changes)

    def detail(self) -> dict[str, Any]:
        """What is kept beside key, stage and window id, as plain JSON types."""
        return {
            "revision": self.revision,
            "told": self.told,
            "attempt": self.attempt,
            "leads": self.leads,
            "given": list(self.given),
            "said": list(self.said),
            "wants": self.wants.to_dict() if self.wants else None,
            "found": self.found.to_dict() if self.found else None,
            "extensions": self.extensions,
            "began_at": self.began_at,
            "ended_at": self.ended_at,
            "note": self.note,
            "skipped": self.skipped,
        }

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "schedule_id": self.schedule_id,
            "starts_at": self.starts_at,
            "stage": self.stage.value,
            "window_id": self.window_id or None,
            "ends_at": self.ends_at,
            "changed_at": self.changed_at,
            **self.detail(),
        }

    @classmethod
    def from_row(
        cls,
        *,
        schedule_id: str,
        starts_at: float,
        stage: str,
        window_id: str | None,
        changed_at: float,
        detail: Mapping[str, Any],
    ) -> Occurrence:
        """Read what was stored.

        Raises:
            StateInvalid: it is nothing that was ever written.
        """
        try:
            rest = dict(detail)
            read = cls(
                schedule_id=schedule_id,
                starts_at=starts_at,
                stage=Stage(stage),
                window_id=window_id or "",
                changed_at=changed_at,
                given=tuple(map(int, rest.pop("given"))),
                said=tuple(map(str, rest.pop("said"))),
                wants=_holding(rest.pop("wants")),
                found=_holding(rest.pop("found")),
                **rest,
            )
            return require_plain(read)
        except (KeyError, TypeError, ValueError, OverflowError, StateInvalid) as error:
            raise StateInvalid(f"a stored occurrence is not understood ({type(error).__name__})") from error


def window_id_of(schedule_id: str, starts_at: float, attempt: int = 0) -> str:
    """The id of an occurrence's own window: the same for whoever opens it."""
    return str(uuid.uuid5(_WINDOWS, f"{schedule_id}/{starts_at:.0f}/{attempt}"))


def _holding(raw: Mapping[str, Any] | None) -> Holding | None:
    return Holding.from_dict(raw) if raw is not None else None
