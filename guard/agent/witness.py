"""The second witness: a thread that reads the durable store, so that a slow database never holds up
a renewal.

Why a second witness: a Redis that failed over or was restored may answer with an old state. After
every new connection the durable store must have been asked *later* before Redis is believed again.
It is asked every few seconds anyway, for the case that the writer cannot reach Redis.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.errors import StoreError

if TYPE_CHECKING:
    from guard.core.state import GuardState
    from guard.ports import Clock, StateReader

__all__ = ["Testimony", "Witness"]

log = logging.getLogger(__name__)

_EVERY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Testimony:
    """What the durable store said, and when it was asked (boot seconds)."""

    state: GuardState
    asked_at: float


class Witness:
    """Asks the durable store every five seconds, and at once when called."""

    def __init__(self, durable: StateReader, clock: Clock) -> None:
        self._durable = durable
        self._clock = clock
        self._call = threading.Event()
        self._answered = threading.Condition()
        self._stopped = False
        self._latest: Testimony | None = None
        self._problem = ""
        self._thread: threading.Thread | None = None

    @property
    def latest(self) -> Testimony | None:
        """The last good answer."""
        return self._latest

    @property
    def problem(self) -> str:
        """Why the last question got no good answer; empty when it did."""
        return self._problem

    def start(self) -> None:
        """Begin to ask."""
        self._thread = threading.Thread(target=self._run, daemon=True, name="guard-witness")
        self._thread.start()

    def stop(self) -> None:
        """Stop asking. A question under way is not waited for."""
        self._stopped = True
        self._call.set()

    def call(self) -> None:
        """Ask as soon as possible."""
        self._call.set()

    def asked_since(self, moment: float, *, within: float) -> Testimony | None:
        """An answer to a question asked after this moment; waits for it at most `within` seconds."""

        def fresh() -> bool:
            return self._latest is not None and self._latest.asked_at >= moment

        with self._answered:
            if not fresh():
                self.call()
                self._answered.wait_for(lambda: fresh() or self._stopped, timeout=within)
            return self._latest if fresh() else None

    def _run(self) -> None:
        while not self._stopped:
            self._call.clear()
            try:
                self._ask()
            except Exception:
                log.exception("the guard's witness stumbled and goes on")
                self._problem = "the witness stumbled"
            self._call.wait(_EVERY_SECONDS if not self._problem else 1.0)

    def _ask(self) -> None:
        asked_at = self._clock.boot()
        try:
            state = self._durable.read()
        except StoreError as error:
            if str(error) != self._problem:
                log.warning("the durable store gives no guard state: %s", error)
            self._problem = str(error)
            with self._answered:
                self._answered.notify_all()
            return
        self._problem = ""
        with self._answered:
            self._latest = Testimony(state, asked_at)
            self._answered.notify_all()
