"""Plans: every kind of fault and window comes before any comes twice, and the same seed draws the same."""

from __future__ import annotations

import random

from tests.stress.faults import kinds
from tests.stress.plan import SCRIPTS, Deck, make_plan


def plans(seed: int, number: int, *, faults: bool = True) -> list[object]:
    chance = random.Random(seed)
    known = sorted(kinds("redis", disk=True))
    decks = Deck(sorted(SCRIPTS), chance), Deck(known, chance) if faults else None
    return [make_plan(*decks, chance) for _ in range(number)]


def test_the_same_seed_draws_the_same() -> None:
    assert plans(1, 20) == plans(1, 20)
    assert plans(1, 20) != plans(2, 20)


def test_no_card_comes_twice_before_all_came_once() -> None:
    deck = Deck("abc", random.Random(1))
    for _ in range(5):
        assert sorted(deck.draw() for _ in range(3)) == ["a", "b", "c"]


def test_without_a_deck_there_are_windows_and_no_fault() -> None:
    assert all(plan.commands and not plan.faults for plan in plans(1, 20, faults=False))  # type: ignore[attr-defined]


def test_commands_keep_their_order() -> None:
    for plan in plans(3, 50):
        done = [do for _, do, _ in sorted(plan.commands, key=lambda command: command[0])]  # type: ignore[attr-defined]
        assert done == [do for do, _ in SCRIPTS[plan.script]]  # type: ignore[attr-defined]
