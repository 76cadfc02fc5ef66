"""Each target with some hundred inputs, and with everything that was ever found. `make fuzz` takes many more."""

from __future__ import annotations

import logging
import random
from typing import TYPE_CHECKING

import pytest

from tests.fuzz.keeping import kept
from tests.fuzz.running import by_hypothesis
from tests.fuzz.target import Place
from tests.fuzz.targets import NAMES, load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fuzz.target import Target
    from tests.support.valkey import Valkey

# What Python says of a pattern like `[[` is for whoever wrote it.
pytestmark = pytest.mark.filterwarnings("ignore:Possible (nested set|set \\w+) at position:FutureWarning")

MANY = {"state_record": 100_000}
"""Inputs of the slow test; 10,000 where nothing is said."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The guard says of each forgery that it is one: some thousand lines."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def place(valkey: Valkey) -> Iterator[Place]:
    with Place(valkey) as made:
        yield made


@pytest.fixture(params=NAMES)
def target(request: pytest.FixtureRequest) -> Target:
    return load(request.param)


def _hold(target: Target, place: Place, inputs: int) -> None:
    first = random.SystemRandom().randrange(2**32)
    with target.ready(place) as check:
        outcomes = by_hypothesis(target, check, inputs, first)
    print(f"seed {first}; {outcomes.inputs} inputs; {dict(outcomes.words.most_common(12))}")
    assert not outcomes.findings, "\n".join(f"{found.said}: {found.case!r}" for found in outcomes.findings)
    assert len(outcomes.words) > 2, "all inputs met the same end: they show nothing"


@pytest.mark.timeout(600)
def test_the_promise_holds_for_some_hundred_inputs(target: Target, place: Place) -> None:
    _hold(target, place, target.few)


def test_what_was_found_stays_mended(target: Target, place: Place) -> None:
    with target.ready(place) as check:
        for name, case in kept(target.name):
            try:
                check(case)
            except Exception as error:
                raise AssertionError(f"{target.name}/{name} is back") from error


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_the_promise_holds_for_many(target: Target, place: Place) -> None:
    _hold(target, place, MANY.get(target.name, 10_000))
