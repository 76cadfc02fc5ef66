"""What the operator sees, on standard error: a line for each change, and what is waited for on a terminal."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from one_host.member import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.status import Status

    from one_host.member import Member

_STYLES: Final = {
    State.HEALTHY: "green",
    State.RUNNING: "green",
    State.DONE: "green",
    State.ABSENT: "yellow",
    State.UNWELL: "bold red",
    State.FAILED: "bold red",
}
_MOST_COLUMNS: Final = 120


class Screen:
    """Colour and motion only on a terminal; NO_COLOR counts."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._console.width = min(self._console.width, _MOST_COLUMNS)
        self._started = time.monotonic()
        self._status: Status | None = None

    def title(self, text: str) -> None:
        """What this is."""
        self._console.print(Text(text, style="bold"))

    def member(self, member: Member, state: State, why: str) -> None:
        """A service has come into this state."""
        taken = time.monotonic() - member.started_at
        if state in {State.HEALTHY, State.DONE}:
            why = f"after {taken:.1f} s"
        self.line(member.name, str(state), why, _STYLES.get(state, ""))

    def waiting(self, members: Sequence[Member]) -> None:
        """For these is waited."""
        if not self._console.is_interactive:
            return
        if not members:
            self.close()
            return
        text = "waiting for " + ", ".join(f"{one.name} ({one.state})" for one in members)
        if self._status is None:
            self._status = self._console.status(text)
            self._status.start()
        self._status.update(text)

    def line(self, name: str, word: str, text: str, style: str = "") -> None:
        """One thing that happened, and when."""
        row = Table.grid(padding=(0, 2))
        row.add_column(width=7, justify="right", style="dim", no_wrap=True)
        row.add_column(width=18, style="bold cyan", no_wrap=True)
        row.add_column(width=11, style=style, no_wrap=True)
        row.add_column(overflow="fold")
        row.add_row(f"{time.monotonic() - self._started:.1f} s", Text(name), Text(word), Text(text))
        self._console.print(row)

    def say(self, text: str, style: str = "") -> None:
        """Words on a line of their own."""
        self._console.print(Text(text, style=style))

    def close(self) -> None:
        """End what moves."""
        if self._status is not None:
            self._status.stop()
            self._status = None
