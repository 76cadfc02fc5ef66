"""Which jobs ran, how often and when, by the workers' own logs: a witness that nobody asked to testify."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_END: Final = re.compile(
    r"^\[(?P<at>[\d-]+ [\d:]+,\d+): [^\]]+\] Task (?P<task>[\w.]+)\[(?P<id>[^\]]+)\] "
    r"(?:succeeded in (?P<took>[\d.e-]+)s:|raised )"
)
"""As Celery logs the end of a job: `[2026-01-31 12:00:00,123: INFO/…] Task a.b[id] succeeded in 0.01s: …`."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job that came to its end."""

    task_id: str
    task: str
    started: float
    """UTC seconds, to some milliseconds; of a failed run, for which Celery logs no duration, its end."""


def read_runs(logs: Iterable[Path]) -> list[Run]:
    """All runs in these logs."""
    return [run for log in logs for run in _runs(log)]


def ran_twice(runs: Iterable[Run]) -> list[str]:
    """Ids of the jobs that ended more than once."""
    return [task_id for task_id, times in Counter(run.task_id for run in runs).items() if times > 1]


def _runs(log: Path) -> Iterator[Run]:
    with log.open(errors="replace") as lines:
        for line in lines:
            if found := _END.match(line):
                # The workers run with TZ=UTC.
                at = datetime.strptime(found["at"], "%Y-%m-%d %H:%M:%S,%f").replace(tzinfo=UTC)
                yield Run(found["id"], found["task"], at.timestamp() - float(found["took"] or 0))
