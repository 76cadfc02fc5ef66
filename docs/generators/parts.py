"""The picture of the processes of an installation, of what of the guard is in each, and of the stores."""

from __future__ import annotations

from generators.places import place
from generators.svg import LINE, Drawing

__all__ = ["parts_drawn"]

_INSIDE = {
    "publish gate": "guard/gates/publish.py PublishGate",
    "agent": "guard/agent/agent.py Agent",
    "witness": "guard/agent/witness.py Witness",
    "housekeeper": "guard/worker/housekeeper.py Housekeeper",
    "receipt gate": "guard/gates/receipt.py ReceiptGate",
    "cordon": "guard/worker/cordon.py Cordon",
    "ladder": "guard/worker/ladder.py Ladder",
    "shared page": "guard/gates/page.py SharedPage",
    "start gate": "guard/gates/start.py put_start_gate",
    "routines": "guard/automation/routines.py",
    "timetable": "beat_schedule.py",
}
_STORES = ("SQL database", "Redis", "broker")
_ASKED = (
    ("who conducts: commands, pages, API, beat", 104, (
        ("writes each epoch,", "with journal", "and messages"),
        ("announces it, waits for", "acknowledgements"),
        ("gives parked jobs back,", "at the release"),
    )),
    ("who publishes: web app, beat, scripts", 104, (
        ("witness: what is", "the epoch?", "every 5 s"),
        ("agent: lease and state,", "every second"),
        ("publishes what", "the gate accepts"),
    )),
    ("each worker", 270, (
        ("witness: what is", "the epoch?", "every 5 s", "", "housekeeper: goes on", "where others died"),
        ("agent: lease and state,", "every second", "", "acknowledges each epoch,", "reports what runs"),
        ("takes jobs", "", "closed: takes none,", "gives back what it has,", "or parks it"),
    )),
)  # fmt: skip
"""Who asks what of which store."""


def parts_drawn() -> str:
    """The picture."""
    for where in _INSIDE.values():
        place(where)
    drawing = Drawing(968, 578, title="Processes, what of the guard is in each, and the stores", told=_told())
    for number, name in enumerate(_STORES):
        drawing.box(_column(number), 14, 172, 550, "", tone="store")
        drawing.words(_column(number) + 86, 36, name, kind="name")
    y, tops = 50, []
    for name, height, cells in _ASKED:
        tops.append(y)
        drawing.frame(14, y, 396, height, name)
        for number, lines in enumerate(cells):
            first = y + height / 2 - LINE * (len(lines) - 1) / 2 + 4
            for line, text in enumerate(lines):
                drawing.words(_column(number) + 86, first + line * LINE, text)
            if number:
                drawing.line((_column(number) - 8, y + height / 2), (_column(number), y + height / 2))
        drawing.line((410, y + height / 2), (_column(0), y + height / 2))
        y += height + 18
    _inside(drawing, *tops)
    return drawing.text()


def _told() -> str:
    said = [
        f"{name}: "
        + ", ".join(
            f"{store}: {' '.join(filter(None, lines))}" for store, lines in zip(_STORES, cells, strict=True)
        )
        for name, _, cells in _ASKED
    ]
    inside = (
        "Who conducts has the conductor. Who publishes has the publish gate, an agent and a witness. The "
        "main process of a worker has agent, witness, housekeeper, ladder, receipt gate and cordon; its "
        "pool children have a start gate each, and see the shared page that the agent writes."
    )
    return f"{inside} What each asks of the stores. {'. '.join(said)}."


def _column(number: int) -> float:
    return 426 + 180 * number


def _inside(drawing: Drawing, conducts: float, publishes: float, worker: float) -> None:
    """What of the guard is in each kind of process."""
    drawing.box(30, conducts + 38, 170, 44, "conductor")
    drawing.box(218, conducts + 38, 176, 44, "reports, doctor")
    drawing.box(30, publishes + 38, 170, 44, "publish gate", tone="gate")
    drawing.box(218, publishes + 38, 176, 44, "agent, witness")
    drawing.words(30, worker + 44, "main process", anchor="start")
    for number, (name, tone) in enumerate(
        (
            ("agent, witness", "plain"),
            ("housekeeper", "plain"),
            ("ladder", "plain"),
            ("receipt gate", "gate"),
            ("cordon", "gate"),
            ("shared page", "plain"),
        )
    ):
        drawing.box(
            30 + number % 3 * 124, worker + 54 + number // 3 * 46, 116, 38, *name.split(", "), tone=tone
        )
    drawing.words(30, worker + 186, "pool children", anchor="start")
    for number in range(3):
        drawing.box(30 + number * 124, worker + 196, 116, 52, "start gate", "your task", tone="gate")
    drawing.arrow((336, worker + 138), (336, worker + 196), both=True)
