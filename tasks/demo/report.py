"""The account for people, on standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from tasks.demo.account import DemoAccount

_MOST_COLUMNS: Final = 110


def print_report(account: DemoAccount, console: Console | None = None) -> None:
    """Print it."""
    console = console or Console(highlight=False)
    console.width = min(console.width, _MOST_COLUMNS)
    parts = [_heading("What became of every job"), _jobs(account)]
    parts += [_heading("What the window did"), _window(account)]
    parts += [_heading("How that is known"), _checks(account), _verdict(account)]
    console.print(Group(*parts))


def _heading(text: str) -> RenderableType:
    return Text(f"\n{text}", style="bold")


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(width=16, no_wrap=True)
    grid.add_column(justify="right", min_width=5, no_wrap=True)
    grid.add_column(style="dim", overflow="fold")
    return grid


def _jobs(account: DemoAccount) -> RenderableType:
    jobs = account.jobs
    grid = _grid()
    total = jobs["submitted"] + jobs["made_by_batches"]
    made = f"{jobs['submitted']} by the demo, {jobs['made_by_batches']} by its batches"
    grid.add_row("  submitted", Text(str(total), style="bold"), made)
    # A caption's first sentence describes the picture.
    example = f', for example "{account.example["caption"].split(". ")[0]}"' if account.example else ""
    grid.add_row("= done", str(jobs["done"]), Text(f"ran once and left a result{example}"))
    grid.add_row("+ refused", str(jobs["refused"]), "the caller got MaintenanceActive; nothing was queued")
    why = "; ".join(sorted({f"{failure['image']}: {failure['why']}" for failure in account.failures}))
    grid.add_row("+ failed", str(jobs["failed"]), Text(why))
    colour = "bold red" if jobs["unaccounted"] else "bold green"
    lost = "; ".join(f"{job['task']} {job['task_id']}: {job['last_seen']}" for job in account.unaccounted)
    grid.add_row("+ unaccounted", Text(str(jobs["unaccounted"]), style=colour), Text(lost))
    return grid


def _window(account: DemoAccount) -> RenderableType:
    window = account.window
    grid = _grid()
    who = ", ".join(name.partition(" ")[0] for name in window["acknowledged"]) or "nobody"
    silent = f"; silent: {', '.join(window['unconfirmed'])}" if window["unconfirmed"] else ""
    grid.add_row(
        "  closed in", f"{window['closed_in_seconds'] * 1000:.0f} ms", Text(f"acknowledged by {who}{silent}")
    )
    grid.add_row("  running", str(window["running_at_closing"]), "when it closed; they ended as usual")
    grid.add_row("  held", str(window["held"]), "waited in their own queues, which no worker took from")
    grid.add_row("  parked", str(window["parked"]), "taken out of a queue that must stay open for other work")
    grid.add_row("  released", str(window["released"]), "put back there when it opened")
    grid.add_row("  duplicates", str(window["duplicates"]), "second copies of a job, dropped")
    grid.add_row(
        "  heartbeats", str(window["heartbeats"]), "beat's unguarded job went on, through that same queue"
    )
    return grid


def _checks(account: DemoAccount) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column()
    grid.add_column(style="dim", overflow="fold")
    for check in account.checks:
        mark = Text("  ✓", style="green") if check.holds else Text("  ✗", style="bold red")
        grid.add_row(mark, Text(check.statement), Text(check.detail))
    return grid


def _verdict(account: DemoAccount) -> RenderableType:
    if account.balanced:
        return Text(f"\nThe books balance. {account.seconds:.0f} s.", style="bold green")
    return Text("\nThe books do NOT balance: see ✗ above.", style="bold red")
