"""The broker goes away when all jobs have been given back, just before the release is called finished."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from guard.core.modes import Phase
from guard.core.named_events import EventName
from guard.fleet.releaser import ReleaseResult
from guard.orchestrator.releasing import Releasing


class BrokerAway(OSError):
    """What a broker raises."""


def _raises() -> int:
    raise BrokerAway


def test_a_broker_that_is_away_at_the_end_of_a_release_is_told_and_not_raised() -> None:
    """Found by the simulator: `disable()` raised kombu's error at whoever called it, and housekeeping logged
    a traceback. The window is ended by the next round."""
    told: list[tuple[str, dict[str, Any]]] = []
    nothing: Any = SimpleNamespace(account=lambda _window_id: None)
    releasing = Releasing(
        changes=SimpleNamespace(
            durable=SimpleNamespace(
                read=lambda: SimpleNamespace(window_id="w-1", phase=Phase.RELEASING),
                close_books=lambda _window_id, _account: None,
            )
        ),  # type: ignore[arg-type]
        closing=nothing,
        releaser=SimpleNamespace(remaining=_raises),  # type: ignore[arg-type]
        tally=nothing,
        clock=nothing,
        lock=nothing,
        limit=nothing,
        broker_errors=(BrokerAway,),
        announce=lambda name, **fields: told.append((name, fields)),
    )
    releasing._end(ReleaseResult(), lock=nothing)
    assert told == [
        (
            EventName.STORE_FAILED,
            {"store": "broker", "doing": "the release is not finished", "why": "BrokerAway"},
        )
    ]
