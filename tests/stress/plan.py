"""What is done in a run, and when: drawn from decks, so that each kind comes before any comes twice.

The same seed draws the same plans. It does not replay a run: processes and servers go their own ways.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

__all__ = ["SCRIPTS", "Deck", "Plan", "make_plan"]

NORMAL: dict[str, Any] = {"mode": "normal"}
EMERGENCY: dict[str, Any] = {"mode": "emergency", "grace": 0.7}
TO_EMERGENCY: dict[str, Any] = {"mode": "emergency", "grace": 0.5}

SCRIPTS: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "normal": (("enable", NORMAL), ("disable", {})),
    "emergency": (("enable", EMERGENCY), ("disable", {})),
    "escalated": (("enable", NORMAL), ("change", TO_EMERGENCY), ("disable", {})),
    "changed": (("enable", NORMAL), ("change", {"reason": "longer", "duration": 900}), ("disable", {})),
    "eased": (("enable", EMERGENCY), ("change", NORMAL), ("disable", {})),
    "two in a row": (("enable", NORMAL), ("disable", {}), ("enable", NORMAL), ("disable", {})),
    "orchestrated": (("conduct", NORMAL), ("disable", {})),
    "orchestrated emergency": (("conduct", EMERGENCY), ("disable", {})),
    "opener killed while it closes": (("enable", NORMAL), ("kill", {}), ("disable", {})),
    "opener killed while it escalates": (("enable", NORMAL), ("change", TO_EMERGENCY), ("kill", {})),
    "opener killed while it releases": (("enable", NORMAL), ("disable", {}), ("kill", {})),
}
"""Windows, by name: commands in their order. `kill` ends the opener in the middle of the command before."""


class Deck:
    """Draws without repeating until all were drawn, then shuffles anew."""

    def __init__(self, cards: Sequence[str], chance: random.Random) -> None:
        self._cards = list(cards)
        self._chance = chance
        self._left: list[str] = []

    def draw(self) -> str:
        """The next card."""
        if not self._left:
            self._left = self._chance.sample(self._cards, len(self._cards))
        return self._left.pop()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run. Times are seconds from its start.

    Attributes:
        script: name of the window.
        commands: time, command, what it is given.
        faults: time and kind.
    """

    script: str
    commands: tuple[tuple[float, str, dict[str, Any]], ...]
    faults: tuple[tuple[float, str], ...]


def make_plan(windows: Deck, faults: Deck | None, chance: random.Random) -> Plan:
    """The plan of the next run: one script of windows, and three faults around it."""
    script = windows.draw()
    at = chance.uniform(0.3, 0.9)
    commands = []
    for do, request in SCRIPTS[script]:
        if do == "kill":
            at = commands[-1][0] + chance.choice([chance.uniform(0, 0.02), chance.uniform(0.02, 0.3)])
        commands.append((at, do, request))
        at += chance.uniform(0.8, 1.8)
    end = max(at, 2.0)
    kinds = [faults.draw() for _ in range(3)] if faults is not None else []
    return Plan(
        script=script,
        commands=tuple(commands),
        faults=tuple(sorted((chance.uniform(0.1, end - 0.5), kind) for kind in kinds)),
    )
