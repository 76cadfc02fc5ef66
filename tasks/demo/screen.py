"""What the user sees while it runs, on standard error: steps, and a progress bar on a terminal."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from types import TracebackType

    from guard import Status
    from tasks.demo.ledger import Ledger

_PLAIN_EVERY_SECONDS: Final = 2.0
_MOST_COLUMNS: Final = 110
_ABOUT: Final = (
    "Real image jobs run on real Celery workers. In the middle a maintenance window opens: new jobs are "
    "refused or wait, running ones end, nothing else starts. Then it closes, and every job is accounted for."
)


class Screen:
    """Standard error. Bar and colour only on a terminal; rich respects NO_COLOR."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._console.width = min(self._console.width, _MOST_COLUMNS)
        self._animated = self._console.is_interactive
        self._live = Live(console=self._console, transient=True, auto_refresh=False)
        self._started = time.monotonic()
        self._plain_after = self._started + _PLAIN_EVERY_SECONDS

    def __enter__(self) -> Screen:
        self._console.print(Text("A maintenance window for Celery, demonstrated", style="bold"))
        self._console.print(_ABOUT, "\n")
        if self._animated:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._animated:
            self._live.update("", refresh=True)
            self._live.stop()

    def step(self, title: str, text: str) -> None:
        """One thing that happened, and when."""
        spent = f"{time.monotonic() - self._started:.1f} s"
        line = Table.grid(padding=(0, 2))
        line.add_column(width=6, justify="right", style="dim", no_wrap=True)
        line.add_column(width=10, style="bold cyan", no_wrap=True)
        line.add_column(overflow="fold")
        line.add_row(spent, title, text)
        self._console.print(line)
        self._plain_after = time.monotonic() + _PLAIN_EVERY_SECONDS

    def show(self, ledger: Ledger, status: Status | None) -> None:
        """How far it is; `status` while the window is open, else None."""
        if self._animated:
            self._live.update(_bar(ledger, status), refresh=True)
        elif time.monotonic() >= self._plain_after and ledger.jobs:
            self.step("", f"{ledger.ended} of {len(ledger.jobs)} · {_state(status)}")


def _bar(ledger: Ledger, status: Status | None) -> RenderableType:
    row = Table.grid(padding=(0, 2), expand=True)
    row.add_column(no_wrap=True)
    row.add_column(ratio=1)
    row.add_column(no_wrap=True)
    colour = "green" if status is None else "yellow"
    row.add_row(
        Text(f"{ledger.ended:>3} of {len(ledger.jobs):<3}"),
        ProgressBar(total=len(ledger.jobs), completed=ledger.ended, complete_style=colour),
        Text(_state(status), style=colour),
    )
    return row


def _state(status: Status | None) -> str:
    if status is None:
        return "open"
    numbers = {
        "running": status.active_jobs_count,
        "held": status.held,
        "parked": status.parked,
        "refused": status.refused,
    }
    told = (f"{name} {'?' if number is None else number}" for name, number in numbers.items())
    return "closed: " + ", ".join(told)
