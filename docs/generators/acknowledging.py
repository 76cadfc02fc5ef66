"""The picture of `enable`: who says what to whom until every worker has acknowledged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generators.markdown import cell, code, table
from generators.places import place
from generators.svg import Drawing
from guard.gates.page import FENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["acknowledging_drawn", "acknowledging_table"]

_WHO = ("who enables", "SQL database", "Redis", "agent", "shared page", "pool child")
_STEPS: Sequence[tuple[int, int, str, str]] = (
    (0, 1, "epoch n to n+1, journal, outbox: one transaction", "guard/orchestrator/changes.py Changes.make"),
    (0, 2, "epoch n+1, if that is the highest", "guard/orchestrator/changes.py Changes.announce"),
    (2, 3, "pushed: closed at n+1", "guard/agent/agent.py Agent._pushed"),
    (3, 4, "one word: closed, n+1, deadline", "guard/gates/page.py SharedPage.write"),
    (5, 4, "ENTERING, then looks: does not start", "guard/gates/start.py put_start_gate"),
    (
        3,
        4,
        f"{FENCE_SECONDS * 1000:g} ms later: is no slot ENTERING?",
        "guard/gates/page.py SharedPage.anyone_entering",
    ),
    (3, 2, "acknowledges n+1", "guard/agent/agent.py Agent._settle"),
    (
        2,
        0,
        "all have acknowledged, or the lease is over",
        "guard/orchestrator/closing.py Closing.announce_and_wait",
    ),
    (0, 2, "still this server, still this window?", "guard/orchestrator/closing.py Closing._still_there"),
    (0, 1, "confirmed: now it drains", "guard/orchestrator/conductor.py Conductor._confirm"),
)
"""From whom, to whom, what, and where in the code."""
_COLUMN, _STEP, _TOP = 160, 40, 90


def acknowledging_drawn() -> str:
    """The picture."""
    said = "; ".join(f"{_WHO[a]} to {_WHO[b]}: {what}" for a, b, what, _ in _STEPS)
    width, height = _COLUMN * len(_WHO) - 20, _TOP + _STEP * len(_STEPS) + 8
    drawing = Drawing(
        width, height, title="From enable to the last acknowledgement", told=f"In this order. {said}."
    )
    for number, name in enumerate(_WHO):
        tone = "store" if number in {1, 2} else "plain"
        drawing.line((_x(number), 50), (_x(number), height - 10))
        drawing.box(_x(number) - 62, 14, 124, 36, name, tone=tone)
    for number, (start, end, what, where) in enumerate(_STEPS):
        place(where)
        y = _TOP + number * _STEP
        drawing.arrow((_x(start), y), (_x(end), y))
        drawing.label(_middle(start, end, what), y - 10, f"{number + 1}. {what}")
    return drawing.text()


def _x(number: int) -> float:
    return 70 + number * _COLUMN


def _middle(start: int, end: int, what: str) -> float:
    """Where the words stand: over their arrow, and inside of the picture."""
    half = 3.2 * (len(what) + 3) + 4
    return min(max((_x(start) + _x(end)) / 2, half + 8), _COLUMN * len(_WHO) - 28 - half)


def acknowledging_table() -> str:
    """The same in words, with the place of each step."""
    rows = (
        (str(number + 1), f"{_WHO[start]} → {_WHO[end]}", cell(what), code(place(where)))
        for number, (start, end, what, where) in enumerate(_STEPS)
    )
    return table(("", "from, to", "what", "where"), rows)
