"""Run the simulator in a process of its own: threads of other tests' agents may still be about here, and
what `simulated()` replaces is replaced for them too."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["apart"]

T = TypeVar("T")


def apart(function: Callable[..., T], *given: object) -> T:
    """What this function of a module gives, called in a new process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *given).result()
