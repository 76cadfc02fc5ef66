"""Jobs of the shop that are asked to stop: polite ones, deaf ones, and those that just finish.

Each notes its start and, when it gets there, its end. One that runs for the second time ends at once.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import guard

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Celery, Task

__all__ = ["define"]


def _ran_before(task: Task) -> bool:
    """Whether the journal has a start of this job, other than the one just noted."""
    lines = map(json.loads, Path(os.environ["SHOP_JOURNAL"]).read_text().splitlines())
    return sum(line["event"] == "start" and line["id"] == task.request.id for line in lines) > 1


def define(app: Celery, note: Callable[..., None]) -> None:  # noqa: C901 - a list of jobs, not a decision
    """Add them to the app."""

    def long(self: Task, seconds: float, value: Any = None) -> Any:
        note("start", self)
        if not _ran_before(self):
            time.sleep(seconds)
        note("end", self)
        return value

    for name, options in {
        "long": {},
        "mixed_long": {},
        "early": {"acks_late": False},
        "early_resumable": {"acks_late": False, "resumable": True},
        "soft": {"soft_stop": True},
        "soft_early": {"soft_stop": True, "acks_late": False},
        "own_grace": {"grace_period": 2.5},
        "unguarded_long": {"operation": "admin_operations"},
    }.items():
        app.task(name=f"shop.{name}", shared=False, bind=True, **options)(long)

    @app.task(name="shop.deaf", shared=False, bind=True)
    def deaf(self: Task, seconds: float) -> None:
        """Swallows every signal."""
        note("start", self)
        end = time.monotonic() + (0 if _ran_before(self) else seconds)
        while time.monotonic() < end:
            try:
                time.sleep(0.1)
            except BaseException as error:  # noqa: BLE001 - on purpose
                note("swallowed", self, error=type(error).__name__)
        note("end", self)

    @app.task(name="shop.swallows_once", shared=False, bind=True)
    def swallows_once(self: Task) -> None:
        """Takes SIGTERM for a sign that it may return."""
        note("start", self)
        try:
            time.sleep(60)
        except SystemExit as error:
            note("swallowed", self, error=type(error).__name__)

    @app.task(name="shop.publishes", shared=False, bind=True)
    def publishes(self: Task, flag: str, number: int) -> None:
        """Waits for a file, and publishes then."""
        note("start", self)
        while not (Path(flag).exists() or _ran_before(self)):
            time.sleep(0.02)
        for value in range(0 if _ran_before(self) else number):
            app.tasks["shop.job"].delay(value)
        note("end", self)

    @app.task(name="shop.cleans", shared=False, bind=True)
    def cleans(self: Task, seconds: float, cleanup_seconds: float) -> None:
        """Knows nothing of the guard: it cleans up however it ends."""
        note("start", self)
        try:
            time.sleep(seconds)
        finally:
            note("cleaning", self)
            time.sleep(cleanup_seconds)
            note("cleaned", self)

    def tidy(self: Task, seconds: float, cleanup_seconds: float = 0.0) -> str:
        """Looks for a checkpoint all the time, and cleans up."""

        def clean_up() -> None:
            note("cleaning", self, left=guard.time_left())
            time.sleep(cleanup_seconds)
            note("cleaned", self)

        note("start", self)
        end = time.monotonic() + (0 if _ran_before(self) else seconds)
        with guard.on_stop(clean_up):
            while time.monotonic() < end:
                time.sleep(0.005)
                try:
                    guard.checkpoint()
                except Exception:  # noqa: BLE001 - JobInterrupted is none
                    note("swallowed", self)
        note("end", self)
        return "whole"

    _in_each_ack_mode(app, "tidy", tidy)

    @app.task(name="shop.partial", shared=False, bind=True)
    def partial(self: Task, seconds: float) -> str:
        """Returns what it has when it is asked to stop."""
        note("start", self)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.005)
            if guard.should_stop():
                note("end", self)
                return "part"
        note("end", self)
        return "whole"

    def sprint(self: Task, spin: float) -> str:
        """Ends by itself in the very moment in which the signal comes."""
        note("start", self)
        if not _ran_before(self):
            end = time.monotonic() + 60
            while not guard.should_stop() and time.monotonic() < end:
                time.sleep(0.0002)
            end = time.monotonic() + spin
            while time.monotonic() < end:
                pass
        note("end", self)
        return "done"

    _in_each_ack_mode(app, "sprint", sprint)


def _in_each_ack_mode(app: Celery, name: str, run: Callable[..., Any]) -> None:
    app.task(name=f"shop.{name}", shared=False, bind=True)(run)
    app.task(name=f"shop.{name}_early", shared=False, bind=True, acks_late=False)(run)
    app.task(name=f"shop.{name}_early_resumable", shared=False, bind=True, acks_late=False, resumable=True)(
        run
    )
