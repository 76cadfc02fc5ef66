"""Which workers consume other queues than a window found, and what of it a rollback can undo.

1. A worker process that is still there consumes again what it consumed, and no more what it did not.
2. One that was started meanwhile does what its command line says, and is only named.
3. No queue is left without a consumer: what nobody else would take from is not given up.
4. Workers are told by their names: where several have one name, none is told.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from guard.core.difference import Consume, Difference, Kind, StopConsuming

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from guard.core.found import Consumer

__all__ = ["consumer_differences"]


def consumer_differences(
    found: Mapping[str, Consumer] | None, now: Mapping[str, Consumer] | None
) -> Iterator[Difference]:
    if found is None or now is None:
        return
    twice = {node for node, number in Counter(one.node for one in now.values()).items() if number > 1}
    for agent_id, was in sorted(found.items(), key=lambda item: (item[1].node, item[0])):
        is_now = now.get(agent_id)
        if is_now is None:
            heirs = [one for heir, one in now.items() if one.node == was.node and heir not in found]
            yield from _gone(was, heirs)
        elif was.queues is not None and is_now.queues is not None:
            for queue in sorted({*was.queues} - {*is_now.queues}):
                yield _stopped(agent_id, was.node, queue, ambiguous=was.node in twice)
            for queue in sorted({*is_now.queues} - {*was.queues}):
                alone = not _is_taken(queue, found, now, twice)
                yield _added(agent_id, was.node, queue, ambiguous=was.node in twice, alone=alone)
    known = {one.node for one in found.values()}
    for agent_id, one in sorted(now.items(), key=lambda item: (item[1].node, item[0])):
        if agent_id not in found and one.node not in known:
            yield Difference(
                kind=Kind.CONSUMER,
                what=one.node,
                was=None,
                now=_queues(one),
                how="this worker is new: stop it if it should not be there",
            )


def _gone(was: Consumer, heirs: list[Consumer]) -> Iterator[Difference]:
    queues = {None if one.queues is None else frozenset(one.queues) for one in (was, *heirs)}
    if heirs and (None in queues or len(queues) == 1):
        return  # one of them did not answer, which is said elsewhere; or it is as it was
    if heirs:
        now, how = _queues(heirs[0]), "it was started again with other queues: start it with those it had"
    else:
        now, how = None, "this worker is gone: start it again"
    yield Difference(kind=Kind.CONSUMER, what=was.node, was=_queues(was), now=now, how=how)


def _stopped(agent_id: str, node: str, queue: str, *, ambiguous: bool) -> Difference:
    undo = None if ambiguous else Consume(agent_id=agent_id, node=node, queue=queue)
    return Difference(
        kind=Kind.CONSUMER,
        what=f"{node}, queue {queue}",
        was="consumed",
        now="not consumed",
        how="consumed again (add_consumer)" if undo else _SAME_NAME,
        undo=undo,
    )


def _added(agent_id: str, node: str, queue: str, *, ambiguous: bool, alone: bool) -> Difference:
    undo = None if ambiguous or alone else StopConsuming(agent_id=agent_id, node=node, queue=queue)
    how = "consumed no more (cancel_consumer)" if undo else _SAME_NAME if ambiguous else _ALONE
    return Difference(
        kind=Kind.CONSUMER,
        what=f"{node}, queue {queue}",
        was="not consumed",
        now="consumed",
        how=how,
        undo=undo,
    )


_SAME_NAME = "several workers have this name, and would all be told: end all but one, or start it again"
_ALONE = "nobody else would take from this queue: cancel_consumer when it is empty"


def _is_taken(
    queue: str, found: Mapping[str, Consumer], now: Mapping[str, Consumer], twice: set[str]
) -> bool:
    """Whether any worker takes from the queue once everything that can be is undone."""

    def takes(agent_id: str, one: Consumer) -> bool:
        was = found.get(agent_id)
        goes_back = was is not None and was.queues is not None and one.node not in twice
        queues = was.queues if was is not None and goes_back else one.queues
        return one.queues is not None and queues is not None and queue in queues

    return any(takes(agent_id, one) for agent_id, one in now.items())


def _queues(one: Consumer) -> str | None:
    return "unknown queues" if one.queues is None else f"consumes {', '.join(one.queues) or 'nothing'}"
