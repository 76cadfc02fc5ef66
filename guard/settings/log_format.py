"""How log lines are written."""

from __future__ import annotations

from enum import StrEnum
from importlib.util import find_spec

__all__ = ["LogFormat", "log_format_problems"]


class LogFormat(StrEnum):
    """What the guard's own loggers write."""

    TEXT = "text"
    """The guides' lines, as the application's own logging is set up."""
    JSON = "json"
    """One JSON object a line, to where the application's logging writes."""


def log_format_problems(log_format: LogFormat) -> list[str]:
    """What keeps this format from being written here."""
    if log_format is LogFormat.JSON and find_spec("structlog") is None:
        problem = (
            "GUARD_LOG_FORMAT=json needs the extra `logs` (structlog is missing): "
            "pip install 'celery-maintenance-guard[logs]', or use text"
        )
        return [problem]
    return []
