"""What windows may find, and what a rollback would make of it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from guard.core.configuration import rows_of
from guard.core.difference import Consume, StopConsuming, Undo, WriteRow
from guard.core.found import Consumer, Found, PlannedWindow
from guard.core.modes import Mode, Phase
from guard.core.state import GuardState
from tests.core.strategies import generations, moments, names

__all__ = ["CALM", "EMPTY", "founds", "undone"]

EMPTY = Found(
    at=1.0,
    epoch=3,
    phase=Phase.INACTIVE,
    mode=None,
    configuration={},
    consumers={},
    plans={},
    settings={},
    beat={},
)
CALM = rows_of(GuardState.first("store", 0.0))
"""The guides' rows when nothing is on."""

_NODES = {"a1": "w1@one", "a2": "w1@one", "a3": "w2@one", "a4": "w3@two", "a5": "w3@two"}
"""The same process has the same name as long as it lives; two may have one name."""
_queues = st.lists(st.sampled_from("pqr"), unique=True).map(lambda found: tuple(sorted(found)))
_keys = st.sampled_from([*CALM, "maintenance_contact", "maintenance_page"])
_values = st.sampled_from(["", "true", "false", "0", "next sunday"]) | st.none()
_texts = st.dictionaries(st.sampled_from(["one", "two"]), names, max_size=2)


@st.composite
def founds(draw: st.DrawFn, *, unknown: bool = False) -> Found:
    """Anything that a window may find; with parts that did not answer when `unknown`."""

    def part(strategy: st.SearchStrategy[object]) -> object:
        return draw(st.none() | strategy if unknown else strategy)

    queues = _queues | st.none() if unknown else _queues
    consumers = st.dictionaries(st.sampled_from(sorted(_NODES)), queues).map(
        lambda chosen: {agent: Consumer(node=_NODES[agent], queues=some) for agent, some in chosen.items()}
    )
    plans = st.dictionaries(
        st.sampled_from(["p1", "p2"]),
        st.builds(PlannedWindow, revision=st.integers(min_value=1, max_value=3), plan=names),
    )
    return Found(
        at=draw(moments),
        epoch=draw(st.integers(min_value=0, max_value=2**53)),
        phase=draw(st.sampled_from(Phase)),
        mode=draw(st.none() | st.sampled_from(Mode)),
        configuration=part(st.dictionaries(_keys, _values)),  # type: ignore[arg-type]
        withheld=draw(st.sampled_from([(), ("token",)])) if unknown else (),
        consumers=part(consumers),  # type: ignore[arg-type]
        plans=part(plans),  # type: ignore[arg-type]
        generation=draw(generations),
        settings=part(_texts),  # type: ignore[arg-type]
        beat=part(_texts),  # type: ignore[arg-type]
    )


def undone(now: Found, undo: Undo) -> Found:
    """What is the case when this was done."""
    if isinstance(undo, WriteRow):
        assert undo.key in (now.configuration or {}), "only rows that are there are written"
        return replace(now, configuration={**(now.configuration or {}), undo.key: undo.value})
    assert isinstance(undo, (Consume, StopConsuming))
    consumers = dict(now.consumers or {})
    one = consumers[undo.agent_id]
    assert one.node == undo.node
    queues = set(one.queues or ())
    queues = queues | {undo.queue} if isinstance(undo, Consume) else queues - {undo.queue}
    return replace(now, consumers={**consumers, undo.agent_id: replace(one, queues=tuple(sorted(queues)))})
