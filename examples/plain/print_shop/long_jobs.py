"""Long jobs, which an emergency asks to stop."""

import time
from pathlib import Path

from celery import shared_task

import guard


# region: checkpoint
@shared_task(acks_late=True, operation="batch_operations")
def print_run(pages: int, paper: str) -> int:
    tray = Path(paper)
    done = int(tray.read_text()) if tray.exists() else 0
    while done < pages:
        guard.checkpoint()  # leaves the task here, once it was asked to stop
        time.sleep(0.05)  # one page
        done += 1
        tray.write_text(str(done))  # where the next run goes on
    return done


# endregion


# region: should_stop
@shared_task(operation="batch_operations")
def clean_rollers(rollers: int) -> int:
    for roller in range(rollers):
        if guard.should_stop():
            return roller  # an end of its own: the job has succeeded, with less done
        time.sleep(0.05)
    return rollers


# endregion
