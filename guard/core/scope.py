"""The scope of a window: which of the jobs that its mode blocks it is about. Outside it nothing changes.

Each part that is given narrows it. A job is in the scope when its operation is one of `operations`, its queue
one of `queues`, its tenant one of `tenants`, and, in the look-ahead before a planned window, when it would
still run at its start.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from guard.errors import InvalidRequest, StateInvalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["EVERYTHING", "LONGEST_SCOPE", "Scope"]

LONGEST_SCOPE = 8_000
"""As JSON text: it travels in the guard record and in each worker's shared page."""
_MOST_NAMES = 50
_LONGEST_NAME = 100
_LATEST = 253_402_300_800


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a window is about. Empty parts do not narrow it.

    Attributes:
        operations, queues: by name.
        tenant_key: where a job's tenant is read: ``header:NAME`` or ``argument:NAME`` (a keyword argument).
        tenants: by name; what is read is compared as text. A job without one is in no tenant's scope.
        crossing: UTC seconds of a planned start: only jobs whose time limit, or else their usual runtime,
            goes beyond it. None: all.
    """

    operations: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    tenant_key: str = ""
    tenants: tuple[str, ...] = ()
    crossing: float | None = None

    @property
    def is_everything(self) -> bool:
        """Whether it narrows nothing."""
        return self == EVERYTHING

    def covers(
        self,
        *,
        operation: str,
        queue: Callable[[], str | None],
        tenant: Callable[[str, str], object],
        seconds: Callable[[], float | None],
        now: float,
    ) -> bool:
        """Whether a job is in it. What is not needed is not asked for.

        Args:
            operation: of the job.
            queue: gives its queue; None when that is not known: it counts as in the scope.
            tenant: gives what a ``header`` or ``argument`` of this name says; None when there is none.
            seconds: gives how long it may take; None when nothing bounds it: it counts as short.
            now: UTC seconds, when it would begin, or began.
        """
        if self.operations and operation not in self.operations:
            return False
        if self.queues and (name := queue()) is not None and name not in self.queues:
            return False
        if self.tenants:
            where, _, key = self.tenant_key.partition(":")
            value = tenant(where, key)
            if value is None or str(value) not in self.tenants:
                return False
        if self.crossing is None:
            return True
        bound = seconds()
        return bound is not None and now + bound > self.crossing

    @property
    def tells_queues_apart(self) -> bool:
        """Whether all jobs of one operation in one queue are alike to it, so that a queue can be cordoned."""
        return not self.tenants and self.crossing is None

    @classmethod
    def check(cls, **raw: Any) -> Scope:
        """Check raw values; names are sorted and said once.

        Raises:
            InvalidRequest: with every problem at once.
        """
        problems: list[str] = []
        names = {
            part: _names(part, raw.get(part) or (), problems) for part in ("operations", "queues", "tenants")
        }
        key = str(raw.get("tenant_key") or "")
        kind, _, name = key.partition(":")
        if key and (kind not in {"header", "argument"} or not 0 < len(name) <= _LONGEST_NAME):
            problems.append(f"tenant_key {key[:60]!r} is not understood: use header:NAME or argument:NAME")
        if bool(key) != bool(names["tenants"]):
            problems.append("a scope by tenant needs both: tenant_key, and at least one tenant")
        crossing = raw.get("crossing")
        if crossing is not None and not 0 <= crossing < _LATEST:
            problems.append(f"crossing {crossing!r} is out of range: give UTC seconds")
        scope = cls(tenant_key=key, crossing=crossing, **names)
        if len(json.dumps(scope.to_dict())) > LONGEST_SCOPE:
            problems.append(f"the scope is longer than {LONGEST_SCOPE} characters: name fewer, or use queues")
        if problems:
            raise InvalidRequest(*problems)
        return scope

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "operations": list(self.operations),
            "queues": list(self.queues),
            "tenant_key": self.tenant_key,
            "tenants": list(self.tenants),
            "crossing": self.crossing,
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Scope:
        """Read strictly.

        Raises:
            StateInvalid: a field is missing, unknown, of a wrong type or out of range.
        """
        if not isinstance(raw, dict) or raw.keys() != EVERYTHING.to_dict().keys():
            raise StateInvalid("the guard record's scope has missing or unknown fields")
        lists = (raw["operations"], raw["queues"], raw["tenants"])
        crossing = raw["crossing"]
        if (
            not all(
                isinstance(names, list) and all(isinstance(name, str) for name in names) for names in lists
            )
            or not isinstance(raw["tenant_key"], str)
            or isinstance(crossing, bool)
            or not isinstance(crossing, (int, float, type(None)))
        ):
            raise StateInvalid("the guard record's scope has a part of a wrong type")
        try:
            scope = cls.check(**raw)
        except InvalidRequest as error:
            raise StateInvalid(f"the guard record's scope is not understood: {error}") from error
        if scope.to_dict() != raw:
            raise StateInvalid("the guard record's scope is not in its canonical form")
        return scope


EVERYTHING = Scope()


def _names(part: str, raw: Any, problems: list[str]) -> tuple[str, ...]:
    names = [raw] if isinstance(raw, str) else list(raw)
    if len(names) > _MOST_NAMES:
        problems.append(f"{part} names {len(names)}: at most {_MOST_NAMES} are allowed")
    problems += [
        f"{part} has {str(name)[:40]!r}: give names of 1 to {_LONGEST_NAME} characters"
        for name in names
        if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= _LONGEST_NAME
    ]
    return tuple(sorted({str(name) for name in names}))
