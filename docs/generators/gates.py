"""The picture of the README: what a job passes, and what a closed gate does with it."""

from __future__ import annotations

from generators.places import place
from generators.svg import Drawing

__all__ = ["gates_drawn"]

_TOLD = (
    "A job goes from your application through the publish gate into its broker queue, is taken by a "
    "worker through the receipt gate, and reaches your task in a pool child through the start gate. "
    "In a window the publish gate refuses it with MaintenanceActive; in its queue it is held, since "
    "workers take nothing from there; behind the receipt gate and the start gate it is parked in the "
    "queue guard.parked, and goes back to its own queue at the release. Enable and disable write the "
    "state to the SQL database and to Redis, where workers hear of it, renew their leases and "
    "acknowledge."
)


def gates_drawn() -> str:
    """The picture."""
    for gate in ("publish.py PublishGate", "receipt.py ReceiptGate", "start.py put_start_gate"):
        place(f"guard/gates/{gate}")
    for doer in ("parking.py ParkingLot", "releaser.py Releaser"):
        place(f"guard/fleet/{doer}")
    drawing = Drawing(880, 356, title="A job, the three gates, and a window", told=_TOLD)
    drawing.frame(440, 14, 426, 104, "a worker")
    middle, y = 72, 46
    drawing.box(14, y, 116, 52, "your app", "task.delay()")
    drawing.box(166, y, 100, 52, "publish", "gate", tone="gate")
    drawing.box(298, y, 116, 52, "its queue", "held while closed")
    drawing.box(454, y, 100, 52, "receipt", "gate", tone="gate")
    drawing.box(590, y, 100, 52, "start", "gate", tone="gate")
    drawing.box(734, y, 118, 52, "your task", "in a pool child", tone="good")
    for start, end in ((130, 166), (266, 298), (414, 454), (554, 590), (690, 734)):
        drawing.arrow((start, middle), (end, middle))

    low = 172
    drawing.box(128, low, 176, 52, "refused", "MaintenanceActive", tone="gate")
    drawing.arrow((216, 98), (216, low))
    drawing.label(216, 146, "closed")
    drawing.box(504, low, 176, 52, "parked", "in guard.parked", tone="gate")
    drawing.arrow((530, 98), (530, low))
    drawing.arrow((640, 98), (640, low))
    drawing.label(530, 146, "closed")
    drawing.label(640, 146, "closed")
    drawing.arrow((504, low + 26), (356, low + 26), (356, 98))
    drawing.label(428, low + 30, "release")

    base = 282
    drawing.line((14, 254), (866, 254))
    drawing.box(14, base, 176, 52, "enable, disable", "command, page, Python")
    drawing.box(256, base, 176, 52, "SQL database", "the durable truth", tone="store")
    drawing.box(504, base, 176, 52, "Redis", "state, leases", tone="store")
    drawing.arrow((190, base + 26), (256, base + 26))
    drawing.arrow((432, base + 26), (504, base + 26))
    drawing.arrow((680, base + 26), (793, base + 26), (793, 118), both=True)
    drawing.label(793, 206, "heard, acknowledged")
    return drawing.text()
