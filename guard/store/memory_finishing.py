"""Steps that finish, in one process."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.core.finishing import FinishingStep

__all__ = ["MemoryFinishingSteps"]


class MemoryFinishingSteps:
    """As `RedisFinishingSteps`, without a server."""

    def __init__(self) -> None:
        self._steps: dict[str, dict[str, FinishingStep]] = defaultdict(dict)
        self._closed: set[str] = set()

    def begin(self, window_id: str, step: FinishingStep) -> bool:
        if window_id in self._closed:
            return False
        self._steps[window_id][step.token] = step
        return True

    def holds(self, window_id: str, token: str) -> bool:
        return token in self._steps[window_id]

    def end(self, window_id: str, token: str) -> None:
        self._steps[window_id].pop(token, None)

    def steps(self, window_id: str) -> list[FinishingStep]:
        return sorted(self._steps[window_id].values(), key=lambda step: (step.since, step.token))

    def close(self, window_id: str) -> bool:
        if self._steps[window_id]:
            return False
        self._closed.add(window_id)
        return True
