"""Plans and their occurrences in one process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from guard.core.occurrence import FINAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guard.core.acts import Notice
    from guard.core.occurrence import Occurrence
    from guard.core.planned import Schedule

__all__ = ["MemorySchedules"]


class MemorySchedules:
    """As `SqlSchedules`, without a server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._schedules: dict[str, Schedule] = {}
        self._rows: dict[tuple[str, float], Occurrence] = {}

    def schedules(self) -> list[Schedule]:
        return sorted(self._schedules.values(), key=lambda one: (one.plan.when.start, one.plan.name))

    def add(self, schedule: Schedule) -> None:
        self._schedules[schedule.schedule_id] = schedule

    def change(self, schedule: Schedule) -> bool:
        with self._lock:
            known = self._schedules.get(schedule.schedule_id)
            if known is None or known.revision != schedule.revision - 1:
                return False
            self._schedules[schedule.schedule_id] = schedule
            return True

    def occurrences(self, now: float) -> list[Occurrence]:
        last: dict[str, float] = {}
        for schedule_id, starts_at in self._rows:
            if starts_at <= now:
                last[schedule_id] = max(starts_at, last.get(schedule_id, starts_at))
        return [
            row
            for (schedule_id, starts_at), row in sorted(self._rows.items(), key=lambda item: item[0][::-1])
            if row.stage not in FINAL or starts_at > now or last[schedule_id] == starts_at
        ]

    def history(self, schedule_id: str, limit: int) -> list[Occurrence]:
        rows = [row for row in self._rows.values() if row.schedule_id == schedule_id]
        return sorted(rows, key=lambda row: row.starts_at, reverse=True)[:limit]

    def save(self, before: Occurrence, after: Occurrence, notices: Sequence[Notice] = ()) -> bool:
        del notices  # nobody is told from memory
        key = after.schedule_id, after.starts_at
        with self._lock:
            known = self._rows.get(key)
            if (known.revision if known is not None else 0) != before.revision:
                return False
            self._rows[key] = after
            return True
