"""What the buttons do. Each is about the state that the visitor saw: at another epoch nothing happens."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from guard.core.access import Deed
from guard.core.deeds import deed_of_disable
from guard.core.drill_window import is_of_drill
from guard.core.durations import parse_duration
from guard.core.modes import Mode
from guard.errors import InvalidRequest, StaleEpoch
from guard.flower.permit import permit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.api import Guard
    from guard.flower.asking import Visitor
    from guard.orchestrator.status import Status

__all__ = ["perform"]

_LONGEST_REASON = 500


def perform(guard: Guard, act: str, form: Mapping[str, str], visitor: Visitor) -> None:
    """Do what a form asks for. Takes as long as the guard's own call.

    Args:
        act: ``enable``, ``change``, ``disable`` or ``emergency``.
        form: texts as they were typed: ``reason``, ``duration``, ``mode``, ``epoch``, ``code``, ``approval``.

    Raises:
        InvalidRequest: with every problem. IllegalMove, StaleEpoch: the state is another one by now.
        NotAllowed, StepUpRequired, ApprovalRequired, TooManyRequests: see `permit`.
        StoreUnavailable: the durable store did not answer. Nothing was changed.
    """
    _Act(guard, form, visitor).perform(act)


class _Act:
    """One button that was pressed."""

    def __init__(self, guard: Guard, form: Mapping[str, str], visitor: Visitor) -> None:
        self._guard = guard
        self._form = form
        self._visitor = visitor

    def perform(self, act: str) -> None:
        status = self._guard.status()
        if status.is_active is None:
            raise InvalidRequest("no store can say what the state is: use the command line")
        {
            "enable": self._enable,
            "change": self._change,
            "disable": self._disable,
            "emergency": self._emergency,
        }[act](status)

    def _enable(self, _status: Status) -> None:
        mode = self._form.get("mode") or Mode.NORMAL.value
        if mode not in {Mode.NORMAL, Mode.TEST}:
            raise InvalidRequest(f"mode {mode[:20]!r} is not offered here: normal or test")
        values = {"mode": mode, **self._reason(), **self._duration()}
        self._permit(Deed.ENABLE, values)
        self._guard.enable(by=self._by, **values)

    def _change(self, status: Status) -> None:
        values: dict[str, Any] = self._reason() if self._text("reason") else {}
        epoch = self._epoch(status)
        if self._text("duration"):
            # "ends in an hour": counted from now, whatever was planned before
            values["duration"] = self._since_start(status) + self._duration()["duration"]
        if not values:
            raise InvalidRequest("nothing would change: say what should")
        self._permit(Deed.CHANGE, values)
        self._guard.change(by=self._by, epoch=epoch, **values)

    def _disable(self, status: Status) -> None:
        epoch = self._epoch(status)
        deed = deed_of_disable(status.mode)
        ends_emergency = deed is Deed.END_EMERGENCY
        self._permit(deed, {**self._reason(), "window_id": status.window_id} if ends_emergency else {})
        self._guard.disable(by=self._by, epoch=epoch)

    def _emergency(self, status: Status) -> None:
        values = {"mode": Mode.EMERGENCY.value, **self._reason()}
        if status.is_active and not is_of_drill(status.mode, status.reason):
            epoch = self._epoch(status)
            self._permit(Deed.START_EMERGENCY, values)
            self._guard.change(by=self._by, epoch=epoch, **values)
            return
        if self._text("duration"):
            values |= self._duration()
        self._permit(Deed.START_EMERGENCY, values)
        self._guard.enable(by=self._by, **values)

    @property
    def _by(self) -> str:
        return self._visitor.for_journal

    def _permit(self, deed: Deed, values: Mapping[str, Any]) -> None:
        permit(
            self._guard,
            self._visitor,
            deed,
            values,
            code=self._text("code"),
            approval_id=self._text("approval"),
        )

    def _text(self, name: str) -> str:
        return self._form.get(name, "").strip()

    def _reason(self) -> dict[str, Any]:
        reason = self._text("reason")
        if not 0 < len(reason) <= _LONGEST_REASON or not reason.isprintable():
            raise InvalidRequest(f"reason: say why, on one line of 1 to {_LONGEST_REASON} characters")
        return {"reason": reason}

    def _duration(self) -> dict[str, Any]:
        return {"duration": parse_duration(self._text("duration"))}

    def _epoch(self, status: Status) -> int:
        """The epoch that the visitor saw, which is also the one that is judged by: what a deed takes depends
        on the mode, and a window that has become an emergency meanwhile must not end without a code.

        Raises:
            StaleEpoch: they differ. InvalidRequest: the form has none.
        """
        text = self._text("epoch")
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise InvalidRequest(
                "epoch: the form does not say which state it was made for: load the page anew"
            )
        if int(text) != status.epoch:
            raise StaleEpoch(expected=int(text), found=status.epoch if status.epoch is not None else -1)
        return int(text)

    def _since_start(self, status: Status) -> int:
        from datetime import datetime

        if status.started_at is None:
            raise InvalidRequest("no window is open")
        return max(0, round(time.time() - datetime.fromisoformat(status.started_at).timestamp()))
