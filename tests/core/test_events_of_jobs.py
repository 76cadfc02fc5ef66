"""Named events of single jobs: each as docs/events.md has it, and no other."""

from __future__ import annotations

from guard.core.events_of_jobs import OF_JOBS
from tests.core.event_rows import documented


def test_each_event_of_a_job_is_as_the_page_has_it() -> None:
    assert documented("job.") == OF_JOBS
