"""The scope in the shared page: whole, of the word's epoch, or everything."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from guard.core.modes import Gate
from guard.core.scope import EVERYTHING, Scope
from tests.support.stopwatch import Stopwatch

if TYPE_CHECKING:
    from guard.gates.page import SharedPage

FAR = 2**40
LONG = Scope.check(queues=[f"{n:0>90}" for n in range(50)])
SHORT = Scope.check(operations=["job_creation"], crossing=12.5)


def test_it_is_read_as_it_was_written(page: SharedPage) -> None:
    for epoch, scope in enumerate([SHORT, LONG, EVERYTHING, SHORT, SHORT], start=2**20 - 2):
        page.write(Gate.NORMAL, epoch, FAR, scope=scope)
        assert page.scope() == scope


def test_slots_and_scope_do_not_meet(page: SharedPage) -> None:
    page.write(Gate.NORMAL, 1, FAR, scope=LONG)
    slot = page.slot(1022)
    slot.words[slot.base + 7] = 2**64 - 1
    assert page.scope() == LONG
    assert page.view(1022).pid == os.getpid()


def test_of_another_epoch_it_is_not_believed(page: SharedPage) -> None:
    """Who writes is between the scope and the word, or has died there."""
    page.write(Gate.NORMAL, 7, FAR, scope=SHORT)
    page._scope.write(LONG, 8)
    watch = Stopwatch()
    assert page.scope() is EVERYTHING
    assert watch.seconds < 1
    page.write(Gate.NORMAL, 8, FAR, scope=LONG)
    assert page.scope() == LONG


def test_a_page_that_nobody_has_written_is_about_everything(page: SharedPage) -> None:
    assert page.scope() is EVERYTHING


def test_another_process_never_sees_half_of_it(page: SharedPage) -> None:
    """A child writes two scopes in turn, each with its epoch, as fast as it can."""
    child = os.fork()
    if not child:
        for epoch in range(1, 4000):
            page.write(Gate.NORMAL, epoch, FAR, scope=LONG if epoch % 2 else SHORT)
        os._exit(0)
    seen = set()
    while not os.waitpid(child, os.WNOHANG)[0]:
        found = page.scope()
        assert found in {SHORT, LONG, EVERYTHING}
        seen.add(found)
    assert {SHORT, LONG} <= seen
