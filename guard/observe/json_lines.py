"""JSON lines: what the guard's own loggers write, as one JSON object a line, by structlog.

Rules:

- The lines go to where the application's logging writes, be it set up before or after this: root's handlers,
  which Celery makes anew in each worker, write the guard's records as JSON and all others as before.
- A line has the text of the text format as `message`, and for a named event its name as `event` and its
  fields as they were announced: nothing escaped twice, nothing cut. Credentials in URLs are masked.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from structlog.processors import EventRenamer, JSONRenderer, format_exc_info
from structlog.stdlib import ProcessorFormatter, add_log_level, add_logger_name

from guard.observe.lines import EVENT_ATTRIBUTE
from guard.settings.masking import mask_url

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

    from guard.core.named_events import NamedEvent

__all__ = ["JsonFormatter", "write_json", "write_text"]

_LOGGER = "guard"


class JsonFormatter(logging.Formatter):
    """Writes the guard's records as JSON, and all others as the formatter did that it stands for."""

    def __init__(self, before: logging.Formatter | None = None) -> None:
        super().__init__()
        self.before = before if before is not None else logging.Formatter()
        self._json = ProcessorFormatter(
            foreign_pre_chain=[add_log_level, add_logger_name, _add_record],
            processors=[
                ProcessorFormatter.remove_processors_meta,
                format_exc_info,
                _add_event,
                _mask,
                JSONRenderer(default=str),
            ],
        )

    def format(self, record: logging.LogRecord) -> str:
        """One line, without its end."""
        if record.name == _LOGGER or record.name.startswith(f"{_LOGGER}."):
            return self._json.format(record)
        return self.before.format(record)


class _Converter(logging.Handler):
    """On the guard's logger, so that it sees each record before root's handlers: it has them write JSON."""

    def handle(self, record: logging.LogRecord) -> bool:
        writers = list(_writers_for(record.name))
        for handler in writers:
            _convert(handler)
        if not writers and record.levelno >= logging.WARNING:  # as `logging` does where nothing is set up
            print(_ALONE.format(record), file=sys.stderr)  # noqa: T201 - it is the last resort of logging
        return True


def write_json() -> None:
    """Have the guard's loggers write JSON in this process, and in those that it forks. May be repeated."""
    for handler in _writers_for(_LOGGER):
        _convert(handler)
    logging.getLogger(_LOGGER).addHandler(_CONVERTER)  # once: `logging` keeps each handler once


def write_text() -> None:
    """Take that back."""
    logging.getLogger(_LOGGER).removeHandler(_CONVERTER)
    for handler in _writers_for(_LOGGER):
        if isinstance(handler.formatter, JsonFormatter):
            handler.setFormatter(handler.formatter.before)


def _writers_for(name: str) -> Iterator[logging.Handler]:
    """The handlers that a record of this logger comes to."""
    logger: logging.Logger | None = logging.getLogger(name)
    while logger is not None:
        yield from (handler for handler in logger.handlers if handler is not _CONVERTER)
        logger = logger.parent if logger.propagate else None


def _convert(handler: logging.Handler) -> None:
    if not isinstance(handler.formatter, JsonFormatter):
        handler.setFormatter(JsonFormatter(handler.formatter))


def _add_record(_logger: Any, _method: str, told: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What the record knows besides its text."""
    record: logging.LogRecord = told["_record"]
    told["timestamp"] = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds")
    told["process_id"] = record.process
    told["guard_event"] = getattr(record, EVENT_ATTRIBUTE, None)
    return told


_rename = EventRenamer("message")


def _add_event(logger: Any, method: str, told: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """In the order in which one reads them: when, how bad, what; then the fields."""
    event: NamedEvent | None = told.pop("guard_event", None)
    told = _rename(logger, method, told)
    first = {name: told.pop(name) for name in ("timestamp", "level", "logger", "message")}
    named = {"event": event.name.value, **event.fields} if event is not None else {}
    return {**first, **named, **told}


def _mask(_logger: Any, _method: str, told: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: _masked(value) for name, value in told.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return mask_url(value) if "://" in value else value
    return [_masked(one) for one in value] if isinstance(value, list) else value


_ALONE = JsonFormatter()
_CONVERTER = _Converter()
