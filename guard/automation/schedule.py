"""`run_due()`: one idempotent step of all planned windows. Beat calls it every half minute.

Gather what is known, ask `guard.core.due`, do the first act, look again, until nothing is due. Any number of
processes may do so at once: rows are written only as they were read, changes of the guard say from which
epoch they were decided, and a window of one id is opened once.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from guard.core.acts import Change, Notice, Open, Warn
from guard.core.alerts import Alert, Severity
from guard.core.drill_window import without_drill
from guard.core.due import DueFacts, due
from guard.core.named_events import EventName, not_announced
from guard.errors import IllegalMove, InvalidRequest, StaleEpoch, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from guard.core.acts import Deed, DueAct
    from guard.core.generation import SessionPolicy
    from guard.core.modes import Mode
    from guard.core.named_events import Announces
    from guard.orchestrator.window import Window
    from guard.ports import Alerts, Clock, Notices, Schedules, StateReader

__all__ = ["Due", "DueReport", "Windows"]

log = logging.getLogger(__name__)

_MOST_ROUNDS = 100
_MOST_RACES = 5
_STALE_SECONDS = 30.0
"""A decision older than that is not carried out: this process stood still, and another has gone on."""


class Windows(Protocol):
    """What is asked of the guard: `guard.api.Guard` does it."""

    def enable(
        self,
        *,
        reason: str,
        by: str,
        mode: str,
        duration: float | None,
        grace: float | None,
        drain_within: float | None,
        at_deadline: str,
        verify: bool,
        sessions: str | None,
        scope: Mapping[str, Any] | None,
        window_id: str | None,
    ) -> Window: ...
    def change(
        self,
        *,
        by: str,
        reason: str | None = None,
        duration: float | None = None,
        drain_within: float | None = None,
        at_deadline: str | None = None,
        sessions: str | None = None,
        scope: Mapping[str, Any] | None = None,
        epoch: int | None = None,
    ) -> Window: ...
    def disable(self, *, by: str, unverified: bool, epoch: int | None) -> Window: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DueReport:
    """What one step did.

    Attributes:
        done: one sentence for each act, in their order.
        problems: what could not be done; it is tried again with the next step.
    """

    done: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {"done": list(self.done), "problems": list(self.problems)}


class Due:
    """Performs what is due.

    Args:
        sessions: what a window of a mode does with sessions, by the settings.
        automated: the id of the window that a program holds for itself; empty when none does.
    """

    def __init__(
        self,
        *,
        schedules: Schedules,
        state: StateReader,
        windows: Windows,
        notices: Notices,
        alerts: Alerts,
        clock: Clock,
        sessions: Mapping[Mode, SessionPolicy],
        automated: Callable[[], str] = str,
        announce: Announces = not_announced,
    ) -> None:
        self._announce = announce
        self._schedules = schedules
        self._state = state
        self._windows = windows
        self._notices = notices
        self._alerts = alerts
        self._clock = clock
        self._sessions = sessions
        self._automated = automated

    def run(self) -> DueReport:
        """One step.

        Raises:
            StoreError: the durable store did not answer; what was done stands, the rest is done next time.
        """
        done: list[str] = []
        problems: dict[tuple[str, float, str], str] = {}
        races = 0
        for _ in range(_MOST_ROUNDS):
            facts = self._facts()
            acts = [act for act in due(facts) if _key(act) not in problems]
            if not acts or races > _MOST_RACES:
                break
            for act in acts:
                problem = self._perform(act, facts.now)
                if problem is None:
                    done.append(_sentence(act))
                elif problem:
                    problems[_key(act)] = f"{_sentence(act)}: {problem}"
                    self._announce(EventName.SCHEDULE_FAILED, what=act.what, by=act.by, why=problem)
                else:
                    races += 1
                if act.deed is not None:
                    break  # the guard is in another state now: look again
        return DueReport(done=tuple(done), problems=tuple(problems.values()))

    def _facts(self) -> DueFacts:
        now = self._clock.wall()
        return DueFacts(
            schedules=self._schedules.schedules(),
            occurrences=self._schedules.occurrences(now),
            state=without_drill(self._state.read()),
            now=now,
            sessions=self._sessions,
            automated=self._automated(),
        )

    def _perform(self, act: DueAct, decided_at: float) -> str | None:
        """None when it was done, a problem, or an empty text when another process was faster."""
        if self._clock.wall() - decided_at > _STALE_SECONDS:
            return ""
        says = list(act.says)
        if act.deed is not None:
            try:
                says += self._do(act.deed, act.by)
            except (IllegalMove, StaleEpoch) as error:
                log.info("%s: another process was faster: %s", act.what, error)
                return ""
            except InvalidRequest as error:
                return str(error)
        notices = [one for one in act.says if isinstance(one, Notice)]
        if not self._schedules.save(act.before, act.after, notices):
            return ""
        self._announce(EventName.SCHEDULE_ACTED, what=act.what, by=act.by)
        self._say(says)
        return None

    def _do(self, deed: Deed, by: str) -> Iterable[Warn]:
        if isinstance(deed, Open):
            return _seen(self._open(deed, by), by)
        if isinstance(deed, Change):
            return _seen(self._change(deed, by), by)
        self._windows.disable(by=by, unverified=deed.unverified, epoch=deed.epoch)
        return ()

    def _open(self, deed: Open, by: str) -> Window:
        wants = deed.wants
        return self._windows.enable(
            reason=wants.reason,
            by=by,
            mode=wants.mode.value,
            duration=deed.duration,
            grace=wants.grace,
            drain_within=deed.drain_within,
            at_deadline=wants.at_deadline.value,
            verify=wants.verify,
            sessions=wants.sessions.value,
            scope=wants.scope.to_dict(),
            window_id=deed.window_id,
        )

    def _change(self, deed: Change, by: str) -> Window:
        return self._windows.change(by=by, epoch=deed.epoch, **deed.fields)

    def _say(self, says: Iterable[Notice | Warn]) -> None:
        """The row says that it was said, so it is not said again: an alert that is not kept was logged."""
        for one in says:
            try:
                if isinstance(one, Notice):
                    self._notices.give(one)
                else:
                    self._alerts.raise_alert(
                        Alert(
                            at=self._clock.wall(),
                            severity=one.severity,
                            kind=one.kind,
                            message=one.message,
                            detail=one.detail,
                        )
                    )
            except StoreError as error:
                doing = "an alert or notice is not kept"
                self._announce(EventName.STORE_FAILED, store="durable store", doing=doing, why=str(error))


def _key(act: DueAct) -> tuple[str, float, str]:
    return act.before.schedule_id, act.before.starts_at, act.what


def _sentence(act: DueAct) -> str:
    return f"{act.by}: {act.what}"


def _seen(window: Window, by: str) -> tuple[Warn, ...]:
    """Nobody watches a window that opens by itself, so what a person would have read becomes an alert."""
    if not window.proof:
        return ()
    left = []
    if window.unconfirmed is None or window.proof == "none":
        left.append("nobody could say whether every worker follows")
    elif window.unconfirmed:
        left.append(f"not confirmed by {', '.join(window.unconfirmed)}")
    if window.unguarded is None:
        left.append("nobody could say whether there are consumers without a guard")
    elif window.unguarded:
        left.append(f"consumers without a guard: {', '.join(window.unguarded)}")
    if not left:
        return ()
    message = f"{by}: the window is open, but {'; '.join(left)}"
    detail = {"window_id": window.window_id, "warnings": list(window.warnings)}
    return (
        Warn(kind="planned window unconfirmed", message=message, severity=Severity.WARNING, detail=detail),
    )
