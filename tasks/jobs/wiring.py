"""What the jobs share in one process: settings and the result store. Made at first use, never at import."""

from __future__ import annotations

from functools import cache

from tasks.results.store import ResultStore
from tasks.settings import JobSettings


@cache
def settings() -> JobSettings:
    """The environment as it was at first use.

    Raises:
        pydantic.ValidationError: See `JobSettings`; the job that asked fails with it.
    """
    return JobSettings()


@cache
def results() -> ResultStore:
    """The store of this process. Its connections are not shared with processes forked from this one."""
    return ResultStore(settings().tasks_database_url.get_secret_value())
