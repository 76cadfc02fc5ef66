"""Names of publications: two messages of one task id are told apart by them."""

from __future__ import annotations

import itertools
import os

__all__ = ["next_publication"]

_publications = itertools.count()
_process_name = os.urandom(8).hex()


def next_publication() -> str:
    """A name that no other message has: the process, and a number."""
    return f"{_process_name}{next(_publications):x}"


def _rename_process() -> None:
    global _process_name  # noqa: PLW0603 - a forked child must not publish under its parent's name
    _process_name = os.urandom(8).hex()


os.register_at_fork(after_in_child=_rename_process)
