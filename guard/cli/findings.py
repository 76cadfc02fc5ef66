"""One line of `maintenance check`, and how long anybody may take to answer for one."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from guard.cli.exits import Exit
from guard.cli.failures import in_short
from guard.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Finding", "Probe", "Verdict", "ask_all"]

_LIMIT_SECONDS = 8.0


class Verdict(StrEnum):
    """What a check found."""

    PASS = "pass"  # noqa: S105 - not a password
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the check. `exit_if_bad` is the exit code that a failure asks for."""

    name: str
    verdict: Verdict
    note: str
    exit_if_bad: Exit = Exit.AWAY

    @property
    def exit(self) -> Exit:
        """The exit code that this finding asks for."""
        if self.verdict is Verdict.PASS:
            return Exit.DONE
        return self.exit_if_bad if self.verdict is Verdict.FAIL else Exit.UNCONFIRMED

    def to_dict(self) -> dict[str, str]:
        """Plain JSON types."""
        return {"name": self.name, "verdict": self.verdict.value, "note": self.note}


@dataclass(frozen=True, slots=True)
class Probe:
    """A question to one neighbour. `where` is shown: it must hold no credentials."""

    name: str
    where: str
    look: Callable[[], tuple[Verdict, str]]


def ask_all(probes: list[Probe]) -> list[Finding]:
    """Ask all at once. An error is a failure; silence is unknown: a silent server is not known to be away."""
    answers: dict[str, tuple[Verdict, str]] = {}
    threads = [threading.Thread(target=_ask, args=(probe, answers), daemon=True) for probe in probes]
    for thread in threads:
        thread.start()
    until = time.monotonic() + _LIMIT_SECONDS
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    silent = (Verdict.UNKNOWN, f"no answer within {_LIMIT_SECONDS:g} s")
    return [_finding(probe, *answers.get(probe.name, silent)) for probe in probes]


def _ask(probe: Probe, answers: dict[str, tuple[Verdict, str]]) -> None:
    try:
        answers[probe.name] = probe.look()
    except Exception as error:  # noqa: BLE001 - each neighbour's client has errors of its own
        note = str(error) if isinstance(error, StoreError) else f"does not answer: {in_short(error)}"
        answers[probe.name] = (Verdict.FAIL, note)


def _finding(probe: Probe, verdict: Verdict, note: str) -> Finding:
    return Finding(probe.name, verdict, f"{note} ({probe.where})" if probe.where else note)
