"""`Guard.alerts`: what a person should know, what became of it, and the rules by which it is raised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from guard.api.journal import note
from guard.core.alert_rules import RULES
from guard.core.alerts import AlertState
from guard.errors import InvalidRequest, NoSuchAlert, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.api.parts import Parts
    from guard.automation.watch import LookReport
    from guard.core.alert_rules import Rule
    from guard.core.alerts import KeptAlert
    from guard.core.readings import Memory

__all__ = ["Alerts", "RuleView"]

_MOST = 1000
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleView:
    """A rule with the limit in force, and what was seen last of each subject.

    Attributes:
        seen: by subject; None when nobody could say what was seen.
    """

    rule: Rule
    limit: float
    seen: dict[str, Memory] | None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        rule = self.rule
        return {
            "name": rule.name,
            "kind": rule.kind,
            "text": rule.text,
            "severity": rule.severity.value,
            "limit": None if rule.flag else self.limit,
            "unit": rule.unit,
            "hold": rule.hold,
            "every": rule.every,
            "quiet": rule.quiet.value,
            "seen": None
            if self.seen is None
            else [
                {"subject": subject, "at": one.at or None, "value": one.value, "why": one.why}
                for subject, one in sorted(self.seen.items())
            ],
        }


class Alerts:
    """The alerts of an app. Every call raises StoreUnavailable when the durable store did not answer."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def list(self, limit: int = 50, *, everything: bool = False) -> list[KeptAlert]:
        """Alerts, newest first.

        Args:
            everything: those that are over too; otherwise only those that want a person's attention.

        Raises:
            InvalidRequest: `limit` is not 1 to 1000.
        """
        if not 1 <= limit <= _MOST:
            raise InvalidRequest(f"limit {limit} is out of range: from 1 to {_MOST}")
        kept = self._parts.stores.alerts
        return kept.history(limit) if everything else kept.waiting(limit)

    def get(self, alert_id: int) -> KeptAlert:
        """One alert. Raises NoSuchAlert."""
        kept = self._parts.stores.alerts.get(alert_id)
        if kept is None:
            raise NoSuchAlert(alert_id)
        return kept

    def acknowledge(self, alert_id: int, *, by: str) -> KeptAlert:
        """Somebody sees to it: it is not repeated any more. What merely happened has been seen, and is
        over. One that is acknowledged or over stays as it is: who was first counts.

        Args:
            by: who, for the journal; 1 to 100 characters.

        Raises:
            NoSuchAlert: there is none of this number.
            InvalidRequest: nobody is named.
        """
        return self._change(
            "acknowledge alert",
            alert_id,
            by,
            lambda kept, now: self._parts.stores.alerts.acknowledge(kept, by=by, now=now),
            done=lambda kept: bool(kept.acknowledged_by),
        )

    def resolve(self, alert_id: int, *, by: str) -> KeptAlert:
        """Say that it is over, though nothing has shown that. While it still is so it is raised anew. One
        that is over stays as it is.

        Args:
            by: who, for the journal; 1 to 100 characters.

        Raises:
            NoSuchAlert, InvalidRequest: as `acknowledge`.
        """
        return self._change(
            "resolve alert",
            alert_id,
            by,
            lambda kept, now: self._parts.stores.alerts.resolve(kept, by=by, now=now),
            done=lambda _: False,
        )

    def rules(self) -> tuple[RuleView, ...]:
        """Every rule with its limit in force, and what the last look saw. Asks only the control plane."""
        limits = self._parts.settings.alert_limits
        seen: dict[str, dict[str, Memory]] | None = {rule.name: {} for rule in RULES}
        try:
            for name, memory in self._parts.watching.watched.memories().items():
                rule, _, subject = name.partition("|")
                if seen is not None and rule in seen:
                    seen[rule][subject] = memory
        except StoreError:
            seen = None
        return tuple(
            RuleView(
                rule=rule,
                limit=limits.get(rule.name, rule.limit),
                seen=None if seen is None else seen[rule.name],
            )
            for rule in RULES
        )

    def look(self, every: float) -> LookReport:
        """Look at the figures of the rules of one interval, and raise, repeat and resolve what they say.
        For a task that beat ticks; any number of processes may, and one of each turn looks. Never raises
        for a server that is away.

        Args:
            every: 30, 60 or 300 seconds.

        Raises:
            InvalidRequest: no rule has this interval.
        """
        intervals = sorted({rule.every for rule in RULES})
        if every not in intervals:
            raise InvalidRequest(f"no rule is looked at every {every:g} s: {intervals}")
        return self._parts.watching.watch.look(every)

    def _change(
        self,
        action: str,
        alert_id: int,
        by: str,
        change: Callable[[KeptAlert, float], KeptAlert | None],
        *,
        done: Callable[[KeptAlert], bool],
    ) -> KeptAlert:
        if not 1 <= len(by.strip()) <= _LONGEST_NAME:
            raise InvalidRequest(f"by: say who, in 1 to {_LONGEST_NAME} characters")
        while True:  # a change that came between ends it or acknowledges it: there are not many
            kept = self.get(alert_id)
            if kept.state is AlertState.RESOLVED or done(kept):
                return kept
            changed = change(kept, self._parts.clock.wall())
            if changed is not None:
                detail = {"alert": alert_id, "kind": kept.alert.kind}
                note(self._parts, action, by=by, detail=detail)
                return changed
