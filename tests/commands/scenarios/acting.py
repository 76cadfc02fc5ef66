"""What scenarios do beside the documents' commands: submit jobs, look things up."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.commands.fleet import Fleet

__all__ = ["CELERY", "NEXT_SUNDAY", "TODAY", "ask", "both", "busy", "let_go", "looked_up", "noted", "running_job"]

CELERY = "celery -A shop maintenance "
_NOW = datetime.now(UTC)
NEXT_SUNDAY = f"{_NOW + timedelta(days=13 - _NOW.weekday()):%Y-%m-%d} 02:00"
"""The one of next week: documents show days that have passed by now."""
TODAY = f"{_NOW:%Y-%m-%d}"


def ask(fleet: Fleet, command: str) -> dict[str, object]:
    """The JSON of a command that works."""
    done = fleet.run(f"{CELERY}{command} --json 2>/dev/null")
    found: dict[str, object] = json.loads(done.out)
    return found


def running_job(name: str = "a") -> Callable[[Fleet], None]:
    """A job begins and runs until `let_go`."""

    def act(fleet: Fleet) -> None:
        (fleet.folder / "go").unlink(missing_ok=True)
        began = fleet.folder / f"began-{name}"
        began.unlink(missing_ok=True)
        fleet.notes["running"] = fleet.python(f'print(shop.slow.delay("{name}").id)')
        eventually(began.exists, within=20, what=f"job {name} to begin")

    return act


def let_go(fleet: Fleet) -> None:
    """Jobs that wait for the file end."""
    (fleet.folder / "go").touch()


def busy(fleet: Fleet) -> None:
    """Two jobs run, and two more are with the worker, which parks them when a window begins."""
    (fleet.folder / "go").unlink(missing_ok=True)
    ids = fleet.python('print(*[shop.slow.delay(name).id for name in "abcd"])').split()
    fleet.notes |= {"running": ids[0], "parked 1": ids[2], "parked 2": ids[3]}
    began = [fleet.folder / f"began-{name}" for name in "ab"]
    eventually(lambda: all(one.exists() for one in began), within=20, what="jobs to begin")
    eventually(
        lambda: ids[3] in fleet.run("celery -A shop inspect reserved --json").out,
        within=20, what="jobs to be reserved",
    )  # fmt: skip


def noted(name: str) -> Callable[[Fleet], str]:
    """What an earlier step has noted."""
    return lambda fleet: fleet.notes[name]


def looked_up(command: str, *path: str | int) -> Callable[[Fleet], str]:
    """From the JSON of a command: `looked_up("schedule list", "schedules", 0, "id")`."""

    def find(fleet: Fleet) -> str:
        found: object = ask(fleet, command)
        for key in path:
            found = found[key]  # type: ignore[index]
        return str(found)

    return find


def both(*acts: Callable[[Fleet], object]) -> Callable[[Fleet], None]:
    """One after the other."""

    def act(fleet: Fleet) -> None:
        for one in acts:
            one(fleet)

    return act
