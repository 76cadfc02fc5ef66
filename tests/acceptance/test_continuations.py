"""P11: what a running job publishes when a window is open: it waits, or ends at once where its task says so.
Nothing is PENDING for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from celery import chain, chord
from celery.exceptions import TaskRevokedError

import guard
from tests.support.eventually import eventually, throughout

if TYPE_CHECKING:
    from tests.support.shop import Shop


def test_a_chain_waits_at_its_boundary_or_ends_there(shop: Shop) -> None:
    shop.worker("w1", concurrency=2)
    tasks = shop.app.tasks
    errback = tasks["shop.errback"].s()
    waits = chain(tasks["shop.job"].si(1, 2.0), tasks["shop.add"].s(1)).apply_async()
    ends = chain(
        tasks["shop.job"].si(5, 2.0), tasks["shop.not_later"].s(), tasks["shop.add"].s(1)
    ).apply_async(link_error=errback)
    eventually(lambda: len(shop.events()) == 2, what="the first steps to run")
    shop.enable()

    with pytest.raises(TaskRevokedError, match="not begun because of maintenance"):
        ends.get(timeout=15)

    first = ends.parent.parent
    # Celery stores a result after what follows it was published.
    eventually(lambda: first.state == "SUCCESS", what="the first step's result")
    assert [step.state for step in (ends.parent, ends)] == ["REVOKED", "REVOKED"]
    eventually(lambda: waits.parent.state == "SUCCESS", what="the other first step")
    throughout(lambda: waits.state == "PENDING", during=1, what="the second step to wait")
    shop.guard.disable(by="tests")
    assert waits.get(timeout=15) == 2
    eventually(
        lambda: [e["of"] for e in shop.events() if e["task"] == "shop.errback"],
        what="the error callback, itself a job",
    )
    assert shop.runs()[ends.parent.id] == shop.runs()[ends.id] == 0
    eventually(
        lambda: shop.guard.account().to_fields().get("aborted:job_creation") == 1, what="it to be counted"
    )


def test_a_chord_body_that_is_not_to_run_later(shop: Shop) -> None:
    shop.worker("w1", concurrency=2)
    tasks = shop.app.tasks
    body = chord([tasks["shop.job"].si(n, 2.0) for n in range(2)], tasks["shop.not_later"].s()).apply_async()
    eventually(lambda: len(shop.events()) == 2, what="both parts to run")
    shop.enable()
    with pytest.raises(TaskRevokedError):
        body.get(timeout=15)
    shop.guard.disable(by="tests")
    throughout(lambda: shop.runs()[body.id] == 0, during=1, what="the body not to run")


def test_only_continuations_are_aborted(shop: Shop) -> None:
    """New work of such a task is refused or held like any other."""
    shop.worker("w1")
    shop.enable()
    with pytest.raises(guard.MaintenanceActive):
        shop.send("not_later", 1)
    held = shop.send("not_later", 1, when_closed="hold")
    throughout(lambda: held.state == "PENDING", during=0.5, what="it to wait")
    shop.guard.disable(by="tests")
    assert held.get(timeout=15) == 1


def test_an_unknown_choice_is_an_error_when_the_task_is_made(shop: Shop) -> None:
    shop.app.finalize()

    def misspelt() -> None:
        """Never made into a task."""

    with pytest.raises(guard.InvalidRequest, match="use 'park', 'finish' or 'abort'"):
        shop.app.task(name="shop.misspelt", continuation="stop", shared=False)(misspelt)
