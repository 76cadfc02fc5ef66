"""The job that every contestant runs, and the journal it writes. Standard library only: see `apps`.

A line is ``<event> <job id> <seconds> <pid>``; the seconds are of the machine's monotonic clock, which all
its processes share, Node too. A line is one write to a file opened for appending, so lines never mix.
"""

from __future__ import annotations

import os
import time

__all__ = ["JOB_SECONDS", "LONG", "LONG_SECONDS", "note", "work"]

JOB_SECONDS, LONG_SECONDS = 0.05, 1.5
LONG = "long"
"""How the ids of long jobs begin."""


def work(job_id: str) -> None:
    """Say that it started, take a while, say that it ended."""
    note("started", job_id)
    time.sleep(LONG_SECONDS if job_id.startswith(LONG) else JOB_SECONDS)
    note("ended", job_id)


def note(event: str, job_id: str) -> None:
    """Append one line."""
    line = f"{event} {job_id} {time.monotonic():.6f} {os.getpid()}\n".encode("ascii")
    journal = os.open(os.environ["COMPARE_JOURNAL"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(journal, line)
    finally:
        os.close(journal)
