"""Commands of the documents that other tests run, since they take minutes, root or the network."""

from __future__ import annotations

from tests.commands.steps import Elsewhere

__all__ = ["ELSEWHERE"]

ELSEWHERE: tuple[Elsewhere, ...] = ()
