"""Which queues a worker takes nothing from.

A queue is cordoned when all work that is routed to it is blocked by the gate: then its jobs are
*held*, at no cost per job, and come back by themselves. A queue that also carries other work stays
open, and its blocked jobs are *parked* one by one. A queue to which nothing known is routed counts
as mixed: cordoning it could stop work that the window does not block. A window with a scope cordons
only queues of which each job is in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.operations import mask_of
from guard.core.scope import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from guard.core.modes import Gate
    from guard.core.operations import OperationKind
    from guard.core.scope import Scope

__all__ = ["queues_to_cordon"]


def queues_to_cordon(
    carries: Mapping[str, Collection[OperationKind]],
    gate: Gate,
    *,
    scope: Scope = EVERYTHING,
    always: Collection[str] = (),
    never: Collection[str] = (),
) -> frozenset[str]:
    """The queues to take nothing from.

    Args:
        carries: for each queue that the worker consumes, the operations routed to it.
        gate: what the gate enforces now.
        scope: what the window is about.
        always, never: the operator's word, which outranks the routes.
    """

    if not scope.tells_queues_apart:
        return frozenset()

    def blocked(kinds: Collection[OperationKind]) -> bool:
        return bool(kinds) and all(mask_of(kind) >> gate & 1 and _covers(scope, kind) for kind in kinds)

    closed = gate.name not in {"OPEN", "TEST"}
    return frozenset(
        queue
        for queue, kinds in carries.items()
        if queue not in never
        and (not scope.queues or queue in scope.queues)
        and (blocked(kinds) or (closed and queue in always and not scope.operations))
    )


def _covers(scope: Scope, kind: OperationKind) -> bool:
    return not scope.operations or kind.name in scope.operations
