"""`python -m tasks.demo.drill SCENARIO`: a training scenario on a fleet of its own, scored.

Prints the score card as one JSON document; what happens is told on standard error. `celery -A tasks
maintenance drill SCENARIO --demo` runs this, keeps the result and shows it.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
from typing import TYPE_CHECKING, Final

from guard import GuardError
from guard.core.drill_scenarios import SCENARIOS, scenario_of
from guard.drills.performing import Performer
from tasks.demo.drill_stage import DemoStage
from tasks.demo.environment import adopt, demo_environment
from tasks.demo.folder import Folder
from tasks.demo.interrupt import ignore_interrupts, interrupted_by, raise_when_interrupted
from tasks.demo.processes import ProcessFailed
from tasks.demo.servers import Servers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from celery import Celery

    from guard import Guard
    from guard.core.drill_scoring import ScoreCard
    from guard.core.drills import Scenario, Step
    from guard.drills.performing import Moment
    from tasks.demo.drill_faults import Fault
    from tasks.demo.slow_model import SlowModel

COULD_NOT_RUN: Final = 3
_PICTURES: Final = 12
_SEED: Final = 1


def main(argv: Sequence[str] | None = None) -> int:
    """Play one; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tasks.demo.drill", description=__doc__)
    parser.add_argument("scenario", choices=tuple(SCENARIOS))
    parser.add_argument("--acknowledge", action="store_true", help="ask here: a name when a step is done")
    options = parser.parse_args(argv)
    raise_when_interrupted()
    folder = Folder.make()
    try:
        card = play(scenario_of(options.scenario), folder, asks=options.acknowledge)
    except (ProcessFailed, GuardError, ModuleNotFoundError) as error:
        _say(f"the drill cannot be played: {error}")
        return COULD_NOT_RUN
    except BaseException:
        signal = interrupted_by()
        if signal is None:
            raise
        _say(f"{signal}: every process of the drill was ended")
        return signal.exit_code
    finally:
        ignore_interrupts()
        folder.remove()
    print(json.dumps(card.to_dict()))
    return 0


def play(scenario: Scenario, folder: Folder, *, asks: bool) -> ScoreCard:
    """From the first server to the score card.

    Raises:
        ProcessFailed: a server or worker did not start.
    """
    from tasks.demo.slow_model import SlowModel

    model = SlowModel()
    environment = demo_environment(folder, os.environ) | {
        "TASKS_CAPTIONER": "ollama",
        "OLLAMA_URL": model.url,
        "GUARD_LEASE_SECONDS": "3",
        "GUARD_RENEW_SECONDS": "0.75",
    }
    adopt(environment)
    logging.basicConfig(filename=folder.log("demo"), level=logging.INFO)
    try:
        with Servers(folder, environment, "prefork") as servers:
            servers.start_valkey()
            servers.start_celery()
            from guard import install
            from tasks.app import app

            guard = install(app)
            guard.check("image_processing")
            known = time.monotonic()
            files = _pictures(folder)
            servers.wait_for_workers(guard)
            servers.wait_until(known + guard.settings.lease.lease)
            _say("ready: Redis and two workers of its own")
            submit = _submitting(app, files)
            fault = _fault(scenario, servers, guard, app, model, submit)
            return _perform(scenario, DemoStage(scenario, guard, fault, submit), asks=asks)
    finally:
        model.close()


def _perform(scenario: Scenario, stage: DemoStage, *, asks: bool) -> ScoreCard:
    from guard.clock import SystemClock

    clock = SystemClock()
    performer = Performer(
        scenario, stage, boot=clock.boot, sleep=clock.sleep, people=_Typed() if asks else None, show=_show
    )
    return performer.play()


def _fault(
    scenario: Scenario,
    servers: Servers,
    guard: Guard,
    app: Celery,
    model: SlowModel,
    submit: Callable[[], int],
) -> Fault:
    from tasks.demo.drill_faults import Attack, Broken, Planned, Slow

    if scenario.name == "security-incident":
        return Attack()
    if scenario.name == "system-failure":
        return Broken(servers, guard)
    if scenario.name == "performance-crisis":
        return Slow(model, app, submit, guard)
    return Planned(guard)


def _pictures(folder: Folder) -> list[Path]:
    from tasks.demo.pictures import make_pictures

    return make_pictures(folder.images, _SEED)[0][:_PICTURES]


def _submitting(app: Celery, files: list[Path]) -> Callable[[], int]:
    """Submits one job of each kind for each picture; they wait if they have to."""
    from tasks.names import GENERATE_CAPTION, OPTIMIZE_IMAGE

    def submit() -> int:
        for file in files:
            for task in (OPTIMIZE_IMAGE, GENERATE_CAPTION):
                app.send_task(task, (str(file),), when_closed="hold")
        return 2 * len(files)

    return submit


class _Typed:
    """People type their names here."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}

    def wait_for(self, step: Step) -> None:
        _say(f"{step.key}, {step.who.value}: your name when it is done, then Enter")

    def by(self, step: Step) -> str | None:
        import select

        if step.key not in self._said and select.select([sys.stdin], [], [], 0)[0]:
            name = sys.stdin.readline().strip()
            others = {self._said.get(key, "").casefold() for key in step.apart_from}
            if name and name.casefold() not in others:
                self._said[step.key] = name
        return self._said.get(step.key)


def _show(moment: Moment) -> None:
    step, seen = moment.step, moment.seen
    if step is None:
        _say(moment.text)
    elif seen is None:
        _say(f"{step.key}: {step.title} …")
    elif seen.skipped:
        _say(f"{step.key}: skipped, {step.points} points not earned")
    elif seen.seconds is None:
        _say(f"{step.key}: not seen, {seen.why}")
    else:
        _say(f"{step.key}: {seen.seconds:.1f} s {seen.by or seen.why}")


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
