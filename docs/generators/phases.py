"""docs/phases.md and its picture: the phases of a window, and every legal move, from `guard.core.phases`."""

from __future__ import annotations

from collections import defaultdict

from generators.markdown import page, table
from generators.svg import Drawing
from guard.core.modes import Phase
from guard.core.phases import MOVES

__all__ = ["phases", "phases_drawn"]

_MEANINGS = {
    Phase.INACTIVE: "No window. Nothing is blocked.",
    Phase.CLOSING: "The gates close; `enable` waits for every worker's word, or for its lease to end.",
    Phase.DRAINING: "Every gate is closed. Guarded jobs that ran before are still running.",
    Phase.ACTIVE: "Drained: no guarded job is left in any worker.",
    Phase.VERIFYING: "Holders of a bypass may run jobs, everybody else may not yet.",
    Phase.RELEASING: "The gates are open; parked jobs go back to their queues.",
}
_IN_ORDER = tuple(Phase)
_WIDTH, _HEIGHT, _GAP, _STEP = 96, 44, 62, 26
_OPEN = {Phase.INACTIVE, Phase.RELEASING}


def phases() -> str:
    """The page."""
    stays = (
        (phase.value, ", ".join(event.value for event, after in moves.items() if after is phase))
        for phase, moves in MOVES.items()
        if phase in moves.values()
    )
    return page(
        "Phases of a window",
        "guard/core/phases.py",
        f"![{_told()}](drawings/phases.svg)",
        table(("phase", "what it means"), ((phase.value, _MEANINGS[phase]) for phase in Phase)),
        "The moves:",
        table(
            ("from", "by", "to"),
            ((before.value, " or ".join(events), after.value) for before, after, events in _moves()),
        ),
        "Changes that do not move a window:",
        table(("in", "these leave it where it stands"), stays),
        "Every move that is not here is refused, with a word about what to do.",
    )


def _moves() -> list[tuple[Phase, Phase, list[str]]]:
    found: dict[tuple[Phase, Phase], list[str]] = defaultdict(list)
    for before, moves in MOVES.items():
        for event, after in moves.items():
            if before is not after:
                found[before, after].append(event.value)
    return [(before, after, events) for (before, after), events in found.items()]


def _told() -> str:
    said = [f"{before.value} to {after.value} by {' or '.join(events)}" for before, after, events in _moves()]
    return f"The phases of a window and the moves between them: {'; '.join(said)}."


def phases_drawn() -> str:
    """The picture: phases in a row; moves to the next one are arrows between them, those over more than one
    share a line for each event: forward above, back below."""
    ways: dict[tuple[str, Phase], list[Phase]] = defaultdict(list)
    for before, after, events in _moves():
        if _place(after) - _place(before) != 1:
            ways[" or ".join(events), after].append(before)
    above = [way for way, froms in ways.items() if _place(froms[0]) < _place(way[1])]
    below = sorted(
        (way for way in ways if way not in above), key=lambda way: (-_place(way[1]), _place(ways[way][-1]))
    )
    top = 24 + _STEP * len(above)
    width = 2 * 16 + len(_IN_ORDER) * _WIDTH + (len(_IN_ORDER) - 1) * _GAP
    height = top + _HEIGHT + _STEP * len(below) + 24
    drawing = Drawing(width, height, title="Phases of a window", told=_told())
    for phase in _IN_ORDER:
        tone = "good" if phase in _OPEN else "gate"
        drawing.box(_left(phase), top, _WIDTH, _HEIGHT, phase.value, tone=tone)
    for before, after, events in _moves():
        if _place(after) - _place(before) == 1:
            y = top + _HEIGHT / 2
            drawing.arrow((_left(before) + _WIDTH, y), (_left(after), y))
            for number, word in enumerate(events[0].split()):
                drawing.words(
                    _left(after) - _GAP / 2, y - 22 + 14 * number if " " in events[0] else y - 8, word
                )
    for level, way in enumerate(above):
        _bus(drawing, way, ways[way], edge=top, y=top - _STEP * (level + 1), level=level)
    for level, way in enumerate(below):
        _bus(drawing, way, ways[way], edge=top + _HEIGHT, y=top + _HEIGHT + _STEP * (level + 1), level=level)
    return drawing.text()


def _place(phase: Phase) -> int:
    return _IN_ORDER.index(phase)


def _left(phase: Phase) -> float:
    return 16 + _place(phase) * (_WIDTH + _GAP)


def _bus(
    drawing: Drawing, way: tuple[str, Phase], froms: list[Phase], *, edge: float, y: float, level: int
) -> None:
    """A line that several phases lead to, and that leads to one."""
    event, after = way
    shift = 14 * level - 14
    goal = _left(after) + _WIDTH / 2 + shift
    outs = [_left(before) + _WIDTH / 2 + shift for before in froms]
    for out in outs:
        drawing.arrow((out, edge), (out, y), (goal, y), (goal, edge))
    nearest = min(outs, key=lambda out: abs(out - goal))
    drawing.label((nearest + goal) / 2, y + 4, event)
