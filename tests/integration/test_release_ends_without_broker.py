"""The broker goes away when all jobs have been given back, just before the release is called finished."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from guard.core.modes import Phase
from guard.core.named_events import EventName
from guard.fleet.releaser import ReleaseResult
from guard.orchestrator.conductor import Conductor


class BrokerAway(OSError):
    """What a broker raises."""


def _raises() -> int:
    raise BrokerAway


def test_a_broker_that_is_away_at_the_end_of_a_release_is_told_and_not_raised() -> None:
    """Found by the simulator: `disable()` raised kombu's error at whoever called it, and housekeeping logged
    a traceback. The window is ended by the next round."""
    told: list[tuple[str, dict[str, Any]]] = []
    nothing: Any = SimpleNamespace(account=lambda _window_id: None)
    conductor: Any = Conductor(
        settings=nothing,
        changes=SimpleNamespace(
            durable=SimpleNamespace(
                read=lambda: SimpleNamespace(window_id="w-1", phase=Phase.RELEASING),
                close_books=lambda _window_id, _account: None,
            )
        ),  # type: ignore[arg-type]
        closing=nothing,
        surroundings=SimpleNamespace(broker_errors=(BrokerAway,)),  # type: ignore[arg-type]
        releaser=SimpleNamespace(remaining=_raises),  # type: ignore[arg-type]
        tally=nothing,
        clock=nothing,
        lock=nothing,
        remember=nothing,
        announce=lambda name, **fields: told.append((name, fields)),
    )
    conductor._end_release(ReleaseResult(), lock=nothing)
    assert told == [
        (
            EventName.STORE_FAILED,
            {"store": "broker", "doing": "the release is not finished", "why": "BrokerAway"},
        )
    ]
