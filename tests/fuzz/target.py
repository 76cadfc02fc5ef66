"""A target: how an input is made, what is called with it, and what must hold."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tests.support.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from hypothesis.strategies import SearchStrategy

    Check = Callable[[Any], str]
    """Calls the guard with a case. Gives a short word for what became of it; raises when a promise is broken."""

__all__ = ["Place", "Target", "on_nothing", "words_of"]


_IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Thousands of small transactions: nothing here is about what a disk keeps."""


class Place:
    """What a run may need: a server and a folder, made when first asked for and ended with the run."""

    def __init__(self, server: Valkey | None = None) -> None:
        self._ends = ExitStack()
        self._server = server

    def __enter__(self) -> Place:
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    @cached_property
    def valkey(self) -> Valkey:
        """A running Valkey."""
        return self._server if self._server is not None else self._ends.enter_context(Valkey())

    @cached_property
    def folder(self) -> Path:
        """An empty folder."""
        return Path(self._ends.enter_context(TemporaryDirectory(prefix="guard-fuzz-", dir=_IN_MEMORY)))


@dataclass(frozen=True, kw_only=True)
class Target:
    """One reader of untrusted input.

    Attributes:
        name: of its folder of findings.
        promise: what must hold, one sentence.
        cases: makes inputs: plain JSON types and bytes, so that one that breaks a promise can be kept.
        ready: gives the check, with whatever it needs, and ends that afterwards.
        seeds: inputs that are right, or that are odd in a known way; every run begins with them.
        of_bytes: makes a case of raw bytes, for the coverage-guided engine; None: by way of `cases`.
        few: how many inputs the tests of CI take.
    """

    name: str
    promise: str
    cases: SearchStrategy[Any]
    ready: Callable[[Place], AbstractContextManager[Check]]
    seeds: Sequence[Any] = field(default=())
    of_bytes: Callable[[bytes], Any] | None = None
    few: int = 300


def on_nothing(check: Check) -> Callable[[Place], AbstractContextManager[Check]]:
    """`Target.ready` of a check that needs nothing."""

    @contextmanager
    def ready(_place: Place) -> Iterator[Check]:
        yield check

    return ready


def words_of(error: BaseException) -> str:
    """An outcome: the kind of an error, with the beginning of its sentence."""
    return f"{type(error).__name__}: {' '.join(str(error).split()[:7])}"[:70]
