"""Some targets run what sets up logging for a process of its own: a command, a server. Afterwards it is as before."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def logging_stays_as_it_is() -> Iterator[None]:
    before = {one: (one.level, one.propagate, one.disabled, one.handlers[:]) for one in _loggers()}
    silent = logging.root.manager.disable
    yield
    logging.disable(silent)
    for one in _loggers():
        level, one.propagate, one.disabled, handlers = before.get(one, (logging.NOTSET, True, False, []))
        one.setLevel(level)
        one.handlers[:] = handlers


def _loggers() -> list[logging.Logger]:
    known = logging.root.manager.loggerDict.values()
    return [logging.root, *(one for one in known if isinstance(one, logging.Logger))]
