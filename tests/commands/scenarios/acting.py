"""What scenarios do beside the documents' commands: submit jobs, look things up."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.commands.fleet import Fleet

__all__ = [
    "CELERY",
    "LAST_WEEK",
    "NEXT_SUNDAY",
    "ask",
    "both",
    "busy",
    "let_go",
    "looked_up",
    "noted",
    "prepared",
    "two_parked",
]

CELERY = "celery -A shop maintenance "
_NOW = datetime.now(UTC)
NEXT_SUNDAY = f"{_NOW + timedelta(days=13 - _NOW.weekday()):%Y-%m-%d} 02:00"
"""The one of next week: documents show days that have passed by now."""
LAST_WEEK = tuple(f"{_NOW - timedelta(days=_NOW.weekday() + back):%Y-%m-%d}" for back in (7, 1))
"""Its first and its last day."""


def ask(fleet: Fleet, command: str) -> dict[str, object]:
    """The JSON of a command that works."""
    done = fleet.run(f"{CELERY}{command} --json 2>/dev/null")
    found: dict[str, object] = json.loads(done.out)
    return found


def let_go(fleet: Fleet) -> None:
    """Jobs that wait for the file end."""
    (fleet.folder / "go").touch()


def busy(fleet: Fleet) -> None:
    """Two jobs run; the worker has two more, of a queue that is not cordoned, which a window parks."""
    (fleet.folder / "go").unlink(missing_ok=True)
    fleet.notes["running"] = fleet.python('print(*[shop.slow.delay(name).id for name in "ab"])').split()[0]
    began = [fleet.folder / f"began-{name}" for name in "ab"]
    eventually(lambda: all(one.exists() for one in began), within=20, what="jobs to begin")
    behind = '[shop.slow.apply_async((name,), queue="maintenance").id for name in "cd"]'
    ids = fleet.python(f"print(*{behind})").split()
    fleet.notes |= {"parked 1": ids[0], "parked 2": ids[1]}
    eventually(
        lambda: ids[1] in fleet.run("celery -A shop inspect reserved").out, within=20, what="jobs taken"
    )


def two_parked(fleet: Fleet) -> None:
    """Those of `busy` are set aside."""
    eventually(lambda: len(_listed(fleet)) == 2, within=30, what="two parked jobs")


def _listed(fleet: Fleet) -> list[object]:
    found: list[object] = json.loads(fleet.run(f"{CELERY}parked --json 2>/dev/null").out)["jobs"]
    return found


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


def prepared(*commands: str) -> Callable[[Fleet], None]:
    """Maintenance commands that no document needs to show here; each works."""

    def act(fleet: Fleet) -> None:
        for command in commands:
            done = fleet.run(CELERY + command)
            assert done.code == 0, f"{command}: {done.code}\n{done.out}"

    return act


def both(*acts: Callable[[Fleet], object]) -> Callable[[Fleet], None]:
    """One after the other."""

    def act(fleet: Fleet) -> None:
        for one in acts:
            one(fleet)

    return act
