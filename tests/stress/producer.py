"""`python -m tests.stress.producer`: publishes jobs until it is ended, and writes down what became of each.

Before: `offer`. After: `accepted`, on the disk, when the broker has confirmed; `refused`, when the guard said
no; `unknown`, when an error leaves open whether the broker has it. The broker is asked once for each job: a
publish that is repeated by itself would make two of one.

It goes on while the file `publish` is there.
"""

from __future__ import annotations

import os
import random
import sys
import uuid
from pathlib import Path

import guard
from tests.stress.journal import Journal, boot
from tests.stress.shop import app
from tests.support.eventually import let_pass

PAUSE = 0.025
"""Seconds between two jobs."""


def main(seed: str) -> None:
    """Publish."""
    chance = random.Random(seed)
    folder = Path(os.environ["STRESS_FOLDER"])
    journal = Journal(folder / "jobs")
    Journal(folder / "processes").note("ready", process=os.environ["STRESS_PROCESS"], pid=os.getpid())
    while True:
        let_pass(PAUSE)
        if (folder / "publish").exists():
            _publish(journal, chance)


def _publish(journal: Journal, chance: random.Random) -> None:
    name, seconds = chance.choices(
        [
            ("job", chance.uniform(0, 0.05)),
            ("mixed", chance.uniform(0, 0.05)),
            ("job", chance.uniform(0.3, 1.5)),
            ("deaf", chance.uniform(0.3, 2.0)),
            ("parent", 0.05),
            ("free", 0.0),
            ("mixed_free", 0.0),
        ],
        [30, 30, 4, 3, 6, 3, 4],
    )[0]
    options = {"countdown": chance.uniform(0.2, 2)} if chance.random() < 0.1 else {}
    hold = "hold" if chance.random() < 0.85 else "refuse"
    task_id = uuid.UUID(int=chance.getrandbits(128)).hex
    journal.note("offer", durable=True, id=task_id, task=f"stress.{name}")
    began = boot()
    try:
        app.tasks[f"stress.{name}"].apply_async(
            (seconds,), task_id=task_id, retry=False, when_closed=hold, **options
        )
    except guard.MaintenanceActive:
        journal.note("refused", id=task_id, took=boot() - began)
    except Exception as error:  # noqa: BLE001 - whatever it was: nobody can say whether the broker has it
        journal.note("unknown", durable=True, id=task_id, why=type(error).__name__)
    else:
        journal.note("accepted", durable=True, id=task_id, took=boot() - began)


if __name__ == "__main__":
    main(sys.argv[1])
