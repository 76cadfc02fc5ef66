"""What reports are made of: what each source said, or that it did not answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from guard.core.modes import Mode
from guard.core.reports.report import Figure, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from zoneinfo import ZoneInfo

    from guard.core.account import Account
    from guard.core.alerts import Alert
    from guard.core.books import Books
    from guard.core.history import AuditRecord, WindowRecord
    from guard.core.outcome import JobOutcome
    from guard.core.reports.report import Period
    from guard.core.roll import RollEntry
    from guard.core.routine_result import RoutineRun

__all__ = ["PeriodFacts", "Said", "SecurityFacts", "WindowFact", "WindowFacts"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said(Generic[T]):
    """What one source said.

    Attributes:
        value: None: it did not answer, and `why` says what was the matter.
        source: its name, as figures show it.
    """

    value: T | None
    source: str
    why: str = ""

    def figure(
        self,
        key: str,
        title: str,
        of: Callable[[T], Value],
        *,
        unit: str = "",
        none: str = "",
        nothing: str = "",
    ) -> Figure:
        """A figure made of it.

        Args:
            of: what is shown of the answer.
            none: why it is unknown, when the answer does not have it.
            nothing: instead: why there is no value then, though the answer is whole.
        """
        value = of(self.value) if self.value is not None else None
        is_nothing = value is None and self.value is not None and bool(nothing)
        why = "" if value is not None else nothing if is_nothing else self.why or none or "it does not say"
        return Figure(
            key=key,
            title=title,
            value=value,
            unit=unit,
            source=self.source,
            why=why,
            nothing=is_nothing,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowFact:
    """One window of a time.

    Attributes:
        requests: requests that it refused.
    """

    record: WindowRecord
    account: Said[Account]
    requests: Said[int]

    @property
    def is_real(self) -> bool:
        """Whether it blocks anything: a rehearsal does not."""
        return self.record.mode != Mode.TEST

    @property
    def length(self) -> float | None:
        """Seconds from its opening to its end; None while it is open."""
        ended = self.record.ended_at
        return max(0.0, ended - self.record.started_at) if ended is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodFacts:
    """What is kept of a time.

    Attributes:
        windows: those that were open in it, the oldest first; also those that were opened before it.
        journal: its lines, the oldest first.
        runs: turns of routines by local time that were due in it, the oldest first.
        plans: how many planned windows were due in it, by stage.
        uptime: seconds since the machine that made the report was started.
    """

    period: Period
    zone: ZoneInfo
    windows: Said[tuple[WindowFact, ...]]
    journal: Said[tuple[AuditRecord, ...]]
    alerts: Said[tuple[Alert, ...]]
    runs: Said[tuple[RoutineRun, ...]]
    plans: Said[Mapping[str, int]]
    uptime: Said[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityFacts:
    """What a security audit is about.

    Attributes:
        audit: the last run of the routine of this name in the period.
        tokens: access tokens that are in force now, by right.
        second_factors: owners who have confirmed one.
    """

    facts: PeriodFacts
    audit: Said[RoutineRun]
    tokens: Said[Mapping[str, int]]
    second_factors: Said[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowFacts:
    """What is kept of one window.

    Attributes:
        live: whether the counters are of Redis, or those stored at its end.
        outcomes: jobs that were asked to stop, in the order in which they ended.
        journal: lines that name the window, and all others from its opening to the end of its release,
            the oldest first.
        alerts: those of the same time.
        made_at: when all this was read.
    """

    record: WindowRecord
    zone: ZoneInfo
    account: Said[Account]
    books: Said[Books]
    outcomes: Said[tuple[JobOutcome, ...]]
    workers: Said[tuple[RollEntry, ...]]
    requests: Said[int]
    journal: Said[tuple[AuditRecord, ...]]
    alerts: Said[tuple[Alert, ...]]
    made_at: float
