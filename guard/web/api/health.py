"""Whether the parts answer, asked beside the requests: a server that hangs keeps nobody.

Each part is asked in a thread of its own, at most every two seconds, and only while somebody wants to know.
What does not answer within a second is unknown until it does.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from guard.clock import boot_ms
from guard.errors import GuardError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.api import Guard

__all__ = ["Check", "Health", "Verdict"]

log = logging.getLogger(__name__)

_FRESH_SECONDS = 2.0
_PATIENCE_SECONDS = 1.0


class Verdict(StrEnum):
    """How a part is."""

    PASS = "pass"  # noqa: S105 - a word of the format
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What was found out about a part. `value` is None when nobody could say."""

    verdict: Verdict
    value: Any = None
    note: str = ""


_NO_ANSWER = Check(verdict=Verdict.UNKNOWN, note="did not answer in time")


class _Probe:
    """One part."""

    def __init__(self, name: str, ask: Callable[[], Check]) -> None:
        self.name = name
        self._ask = ask
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._thread: threading.Thread | None = None
        self._found: tuple[Check, float] | None = None

    def begin(self) -> None:
        """Ask, unless that was done a moment ago or goes on."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return
            if self._found is not None and boot_ms() / 1000 - self._found[1] < _FRESH_SECONDS:
                return
            self._done.clear()
            self._thread = threading.Thread(target=self._run, name=f"guard-health-{self.name}", daemon=True)
            self._thread.start()

    def end(self, until: float) -> Check:
        """What was found, at this boot time at the latest."""
        self._done.wait(max(0.0, until - boot_ms() / 1000))
        if not self._done.is_set() or self._found is None:
            return _NO_ANSWER
        return self._found[0]

    def join(self) -> None:
        """Wait for a question that goes on."""
        if self._thread is not None:
            self._thread.join(10)

    def _run(self) -> None:
        try:
            check = self._ask()
        except Exception as error:  # noqa: BLE001 - whatever it was: this part does not answer as it should
            if not isinstance(error, GuardError):
                log.warning("the health of %s cannot be told: %s", self.name, type(error).__name__)
            check = Check(verdict=Verdict.FAIL, note="does not answer")
        self._found = (check, boot_ms() / 1000)
        self._done.set()


class Health:
    """The parts of one app, as this process sees them."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._probes = (
            _Probe("sql", self._sql),
            _Probe("redis", self._redis),
            _Probe("broker", self._broker),
            _Probe("workers", self._workers),
        )

    def now(self) -> dict[str, Check]:
        """How each part is; takes a second at most."""
        for probe in self._probes:
            probe.begin()
        until = boot_ms() / 1000 + _PATIENCE_SECONDS
        return {probe.name: probe.end(until) for probe in self._probes}

    def close(self) -> None:
        """Wait for what is being asked."""
        for probe in self._probes:
            probe.join()

    def _sql(self) -> Check:
        return Check(verdict=Verdict.PASS, value=self._guard.durable.read().epoch)

    def _redis(self) -> Check:
        agents = self._guard.workers()
        if agents is None:
            raise StoreError("the control plane does not answer")
        return Check(verdict=Verdict.PASS, value=len(agents))

    def _broker(self) -> Check:
        return Check(verdict=Verdict.PASS, value=len(self._guard.parked))

    def _workers(self) -> Check:
        agents = self._guard.workers()
        if agents is None:
            return Check(verdict=Verdict.UNKNOWN, note="the registry does not answer")
        workers = [one for one in agents if one.card.role == "worker"]
        lease = self._guard.settings.guard_lease_seconds
        silent = sum(one.seen_seconds_ago >= lease for one in workers)
        broken = sum(bool(one.card.problem) for one in workers)
        live = len(workers) - silent
        if not live:
            return Check(verdict=Verdict.WARN, value=0, note="no worker answers")
        if silent or broken:
            return Check(
                verdict=Verdict.WARN, value=live, note=f"{silent} silent, {broken} refuse guarded work"
            )
        return Check(verdict=Verdict.PASS, value=live)
