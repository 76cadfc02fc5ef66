"""The stores in memory: for tests, users' and ours. Same contracts as Redis and SQL, one process only."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from guard.core.account import Account
from guard.core.agents import AgentCard, AgentReport, Renewal
from guard.core.configuration import drift, rows_of
from guard.core.headers import ORIGINAL
from guard.core.history import AuditRecord, WindowRecord
from guard.core.modes import Phase
from guard.core.roll import Fate, RollEntry
from guard.core.roster import Barrier, RosterEntry
from guard.core.state import GuardState
from guard.errors import StaleEpoch, StateMissing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from guard.core.outcome import JobOutcome
    from guard.core.parked import ParkedJob
    from guard.ports import Clock

__all__ = [
    "MemoryControlPlane",
    "MemoryDurableStore",
    "MemoryOutcomes",
    "MemoryParkedIndex",
    "MemoryTally",
]


class MemoryDurableStore:
    """The durable store as plain attributes, which tests may read."""

    def __init__(self, *, store_id: str, now: float) -> None:
        self._lock = threading.Lock()
        self._state = GuardState.first(store_id, now)
        self.records: list[AuditRecord] = []
        self.rows: dict[str, str | None] = dict(rows_of(self._state))
        self.books: dict[str, Account] = {}
        self._ended: dict[str, tuple[float, str]] = {}
        self._latest: dict[str, GuardState] = {}
        self._rolls: dict[str, dict[str, RollEntry]] = defaultdict(dict)

    def read(self) -> GuardState:
        return self._state

    def compare_and_set(self, expected_epoch: int, new: GuardState) -> None:
        with self._lock:
            if self._state.epoch != expected_epoch:
                raise StaleEpoch(expected=expected_epoch, found=self._state.epoch)
            old, self._state = self._state, new
            if old.is_active != new.is_active or (new.is_active and drift(self.rows, old) is None):
                self.rows = dict(rows_of(new))
            if new.phase is Phase.RELEASING:
                self._ended.setdefault(new.window_id, (new.changed_at, new.by))
            elif new.is_active:
                self._latest[new.window_id] = new

    def change(self, expected_epoch: int, new: GuardState, record: AuditRecord) -> None:
        self.compare_and_set(expected_epoch, new)
        self.records.append(record)

    def journal(self, record: AuditRecord) -> None:
        self.records.append(record)

    def latest(self, action: str, limit: int) -> list[AuditRecord]:
        return [record for record in reversed(self.records) if record.action == action][:limit]

    def window(self, window_id: str) -> WindowRecord | None:
        return next((window for window in self.windows(1_000) if window.window_id == window_id), None)

    def windows(self, limit: int) -> list[WindowRecord]:
        opened = [record for record in self.records if record.action == "enable"]
        return [self._window(record) for record in reversed(opened)][:limit]

    def _window(self, opened: AuditRecord) -> WindowRecord:
        window_id = str(opened.detail["window_id"])
        latest = self._latest[window_id]
        ended_at, ended_by = self._ended.get(window_id, (None, ""))
        return WindowRecord(
            window_id=window_id,
            mode=latest.mode.value if latest.mode else "",
            reason=latest.reason,
            by=opened.actor,
            started_at=opened.at,
            duration=latest.duration,
            ended_at=ended_at,
            ended_by=ended_by,
            account=self.books.get(window_id, Account()).to_fields(),
        )

    def enrol(self, window_id: str, entries: Sequence[RollEntry]) -> None:
        with self._lock:
            for entry in entries:
                self._rolls[window_id].setdefault(entry.agent_id, entry)

    def roll(self, window_id: str) -> list[RollEntry]:
        return list(self._rolls[window_id].values())

    def settle(self, window_id: str, agent_id: str, fate: Fate) -> bool:
        with self._lock:
            entry = self._rolls[window_id].get(agent_id)
            if entry is None or entry.fate is not Fate.UNKNOWN:
                return False
            self._rolls[window_id][agent_id] = replace(entry, fate=fate)
            return True

    def close_books(self, window_id: str, account: Account) -> None:
        if self.window(window_id) is not None:
            self.books[window_id] = account

    def configuration_rows(self) -> dict[str, str | None]:
        return dict(self.rows)

    def write_configuration_rows(self, state: GuardState) -> None:
        self.rows = dict(rows_of(state))


@dataclass
class _Member:
    card: AgentCard
    seen: float
    acknowledged_epoch: int = -1
    report: AgentReport | None = None


class MemoryControlPlane:
    """The control plane in one process. `forget()` plays a server that lost everything."""

    def __init__(self, clock: Clock) -> None:
        self._lock = threading.RLock()
        self._clock = clock
        self._state: GuardState | None = None
        self._members: dict[str, _Member] = {}
        self._waiting: set[str] = set()
        self._departed: set[str] = set()
        self._born = clock.boot()
        self._server = "memory-0"
        self.connections = 1

    def forget(self) -> None:
        """Lose everything, as a restarted server without persistence."""
        with self._lock:
            self._state = None
            self._members.clear()
            self._departed.clear()
            self._waiting.clear()
            self._born = self._clock.boot()
            self._server = f"memory-{self.connections}"
            self.connections += 1

    def read(self) -> GuardState:
        if self._state is None:
            raise StateMissing("the control plane holds no guard state")
        return self._state

    def compare_and_set(self, expected_epoch: int, new: GuardState) -> None:
        with self._lock:
            found = self._state.epoch if self._state else -1
            if found != expected_epoch:
                raise StaleEpoch(expected=expected_epoch, found=found)
            self._write(new)

    def publish(self, state: GuardState) -> bool:
        with self._lock:
            if self._state is not None and state.epoch <= self._state.epoch:
                return False
            self._write(state)
            return True

    def overwrite(self, state: GuardState) -> None:
        with self._lock:
            self._write(state)

    def _write(self, state: GuardState) -> None:
        self._state = state
        self._waiting = set(self._members)
        for member in self._members.values():
            member.report = None

    def renew(
        self, card: AgentCard, report: AgentReport | None, *, register: bool, epoch: int | None = None
    ) -> Renewal:
        with self._lock:
            member = self._members.get(card.agent_id)
            forgotten = member is None and not register
            if member is None or register:
                member = self._members.setdefault(card.agent_id, _Member(card, self._clock.boot()))
                member.card = card
            member.seen = self._clock.boot()
            if self._state is not None and epoch in {None, self._state.epoch}:
                member.report = report or member.report
            return Renewal(state=self.read(), forgotten=forgotten)

    def acknowledge(self, agent_id: str, epoch: int, report: AgentReport) -> bool:
        with self._lock:
            member = self._members.get(agent_id)
            if self._state is None or epoch != self._state.epoch or member is None:
                return False
            member.acknowledged_epoch = epoch
            member.report = report
            self._waiting.discard(agent_id)
            return True

    def leave(self, agent_id: str) -> None:
        with self._lock:
            self._members.pop(agent_id, None)
            self._waiting.discard(agent_id)
            self._departed.add(agent_id)

    def departed(self, agent_id: str) -> bool:
        return agent_id in self._departed

    def barrier(self) -> Barrier:
        with self._lock:
            return Barrier(
                epoch=self.read().epoch,
                pending=len(self._waiting),
                registry_age=self._clock.boot() - self._born,
                server=self._server,
            )

    def roster(self) -> list[RosterEntry]:
        now = self._clock.boot()
        with self._lock:
            return [
                RosterEntry(
                    card=member.card,
                    acknowledged_epoch=member.acknowledged_epoch,
                    seen_seconds_ago=max(0.0, now - member.seen),
                    report=member.report,
                )
                for member in self._members.values()
            ]

    def eviction_policy(self) -> str | None:
        return "noeviction"

    def close(self) -> None:
        """Nothing to close."""


class MemoryTally:
    """Counters in one process."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = defaultdict(Counter)
        self._begun: set[str] = set()
        self._last: Counter[tuple[str, str]] = Counter()

    def begin(self, window_id: str) -> None:
        self._begun.add(window_id)

    def is_whole(self, window_id: str) -> bool:
        return window_id in self._begun

    def add(self, window_id: str, counts: Mapping[str, int], *, sender: str = "", number: int = 0) -> None:
        if sender:
            if self._last[window_id, sender] >= number:
                return
            self._last[window_id, sender] = number
        self._counts[window_id].update(counts)

    def account(self, window_id: str) -> Account:
        return Account.from_fields(self._counts[window_id])


class MemoryOutcomes:
    """What became of jobs in an emergency, in one process."""

    def __init__(self) -> None:
        self._outcomes: dict[str, dict[str, JobOutcome]] = defaultdict(dict)

    def record(self, outcome: JobOutcome) -> None:
        self._outcomes[outcome.window_id][outcome.attempt] = outcome

    def of(self, window_id: str) -> list[JobOutcome]:
        return sorted(self._outcomes[window_id].values(), key=lambda outcome: outcome.ended_at)


class MemoryParkedIndex:
    """The index of parked jobs in one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, ParkedJob] = {}
        self._ids: dict[tuple[str, str], tuple[str, bool]] = {}
        self._claims: dict[str, str] = {}
        self._entries: dict[tuple[str, str], str] = {}

    def begin(self, job: ParkedJob) -> tuple[str, bool]:
        if not job.publication:
            return job.park_id, False
        with self._lock:
            known = self._ids.get((job.publication, job.generation))
            if known is None or self._claims.get(known[0]) == ORIGINAL:
                known = self._ids[job.publication, job.generation] = (job.park_id, False)
            return known

    def parked(self, job: ParkedJob) -> bool:
        with self._lock:
            if self._claims.get(job.park_id) == ORIGINAL:
                return False
            if job.publication:
                self._ids[job.publication, job.generation] = (job.park_id, True)
            self._jobs[job.task_id] = job
            return True

    def gone(self, job: ParkedJob) -> None:
        with self._lock:
            self._jobs.pop(job.task_id, None)

    def claim(self, park_id: str, copy: str) -> bool:
        with self._lock:
            return self._claims.setdefault(park_id, copy) == copy

    def claim_original(self, publication: str, generation: str) -> bool:
        with self._lock:
            park_id, is_parked = self._ids.get((publication, generation), ("", False))
            if not park_id or self._claims.get(park_id) == ORIGINAL:
                return True
            return not is_parked and self._claims.setdefault(park_id, ORIGINAL) == ORIGINAL

    def jobs(self, limit: int) -> list[ParkedJob]:
        return sorted(self._jobs.values(), key=lambda job: job.parked_at)[:limit]

    def job(self, task_id: str) -> ParkedJob | None:
        return self._jobs.get(task_id)

    def first_of(self, window_id: str, entry: str, task_id: str) -> str:
        with self._lock:
            return self._entries.setdefault((window_id, entry), task_id)
