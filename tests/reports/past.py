"""A past made of chance: windows, journal, alerts, routines, plans and counters, written as raw rows.

Nothing here knows how reports count. What is in the stores is read again by the tests, with SQL of their own.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from guard.core.outcome import Ended, JobOutcome, Went
from guard.store.sql.schema import ALERTS, AUDIT, OCCURRENCES, ROLL, ROUTINES, SECOND_FACTORS, TOKENS, WINDOWS

if TYPE_CHECKING:
    from tests.reports.conftest import Desk

ZONE = "Europe/Berlin"
START = datetime(2026, 9, 21, tzinfo=UTC).timestamp()
END = datetime(2026, 11, 16, 12, tzinfo=UTC).timestamp()
"""A Monday; the clocks were put back on 25 October."""
DAY = 86_400.0
EDGES = (
    datetime(2026, 11, 8, 23, tzinfo=UTC).timestamp(),  # Monday in Berlin
    datetime(2026, 11, 1, 23, tzinfo=UTC).timestamp(),
    datetime(2026, 9, 30, 22, tzinfo=UTC).timestamp(),  # 1 October
)
OPERATIONS = ("caption_generation", "job_creation", "batch_operations")
COUNTS = (
    *("refused", "held", "parked", "released", "discarded", "expired", "running", "completed"),
    *("interrupted", "killed", "lost", "ran_on", "failed", "bypassed"),
)
ROUTINE_NAMES = ("morning-check", "evening-review", "weekly-review", "security-audit", "performance-review")
ACTIONS = (
    *("sign in", "make token", "revoke token", "break-glass", "bypass", "bypass used", "step up"),
    *("invalidate sessions", "run routine"),
)


class Past:
    """Writes the past of one desk."""

    def __init__(self, desk: Desk, seed: int, *, hostile: str = "") -> None:
        self._desk = desk
        self._random = random.Random(seed)
        self._hostile = hostile
        self.ids: list[str] = []
        self._rows: list[tuple[Any, dict[str, Any]]] = []

    def write(self, *, windows: int = 12) -> None:
        for number in range(windows):
            self.window(number)
        for number, edge in enumerate(
            EDGES
        ):  # begun before a week or month, ended in it; and a long rehearsal
            self.window(100 + number, mode="normal", begun=edge - 700, length=9_000)
            self.window(200 + number, mode="test", begun=edge + 20_000, length=9_000)
        self._journal(80)
        self._alerts(40)
        self._routines()
        self._plans(10)
        self._access()
        self.flush()

    def flush(self) -> None:
        """Everything that is not written yet, at once."""
        with self._desk.guard.durable.engine.begin() as connection:  # type: ignore[attr-defined]
            for table, values in self._rows:
                connection.execute(insert(table).values(**values))
        self._rows.clear()

    def window(self, number: int, *, mode: str = "", begun: float = 0.0, length: float = 0.0) -> str:
        """One window with its lines, its account, its attempts and its jobs."""
        rnd = self._random
        mode = mode or rnd.choice(["normal", "normal", "normal", "emergency", "test"])
        window_id = f"{number:08}-0000-4000-8000-{rnd.randrange(16**12):012x}"
        begun = begun or rnd.uniform(START, END - 2 * DAY)
        length = length or rnd.choice([rnd.uniform(30, 600), rnd.uniform(600, 20_000)])
        ended = begun + length
        self.ids.append(window_id)
        counts = {
            f"{kind}:{rnd.choice(OPERATIONS)}": rnd.randrange(1, 50)
            for kind in rnd.sample(COUNTS, rnd.randrange(0, len(COUNTS)))
        }
        in_redis = rnd.random() < 0.5
        known = rnd.random() < 0.9
        reason = f"reason {number} {self._hostile}".strip()
        self._insert(
            WINDOWS,
            window_id=window_id,
            mode=mode,
            reason=reason,
            opened_by=rnd.choice(["alice", "bob"]) + self._hostile,
            started_at=begun,
            duration=60 if mode == "test" else rnd.choice([None, 60, 3600]),
            ended_at=ended,
            ended_by="carol",
            account=json.dumps(counts if known or in_redis else {}),
        )
        if in_redis:
            self._hash(self._desk.keys.counts(window_id), {"begun": 1, **counts})
            self._hash(self._desk.keys.attempts(window_id), {"count:job_creation": rnd.randrange(0, 9)})
        self._lines(window_id, mode, begun, ended)
        self._insert(
            ROLL,
            window_id=window_id,
            agent_id=f"agent{number}",
            node=f"w{number}@host{self._hostile}",
            host="host",
            pid=100 + number,
            machine="m",
            page="p",
            fate=rnd.choice(["", "", "left", "gone"]),
        )
        if mode == "emergency":
            self._jobs(window_id, begun)
        return window_id

    def _lines(self, window_id: str, mode: str, begun: float, ended: float) -> None:
        rnd, named = self._random, {"window_id": window_id}
        self._line("enable", begun, {**named, "mode": mode, "reason": self._hostile or "r"})
        if rnd.random() < 0.8:
            self._line("confirm", begun + rnd.uniform(0.01, 5), named)
        if rnd.random() < 0.8:
            self._line("drained", begun + rnd.uniform(5, 25), named)
        if rnd.random() < 0.3:
            self._line("change", begun + 26, {**named, "duration": 9})
        self._line("sign in", (begun + ended) / 2, {"address": "10.1.1.1"})
        self._line("sign in", ended + 1000, {"address": "10.1.1.2"})
        self._alert((begun + ended) / 2)
        self._line("disable", ended, named)
        if rnd.random() < 0.8:
            self._line("released", ended + rnd.uniform(0.1, 50), named)

    def _jobs(self, window_id: str, begun: float) -> None:
        for number in range(self._random.randrange(1, 5)):
            ended = self._random.choice(list(Ended))
            outcome = JobOutcome(
                attempt=f"a{number}",
                window_id=window_id,
                task_id=f"job-{number}-of-{window_id[:8]}",
                task=f"shop.long{self._hostile}",
                operation="job_creation",
                worker="w1@host",
                pid=7,
                asked_at=begun + 1,
                ended_at=begun + 2 + number,
                outcome=ended,
                went=self._random.choice(list(Went)),
            )
            self._hash(self._desk.keys.outcomes(window_id), {outcome.attempt: json.dumps(outcome.to_dict())})

    def _journal(self, number: int) -> None:
        for _ in range(number):
            action, at = self._random.choice(ACTIONS), self._random.uniform(START, END)
            outcome = self._random.choice(["done", "done", "refused"])
            self._line(action, at, {"address": f"10.0.0.{self._random.randrange(9)}"}, outcome=outcome)
        for _ in range(3):
            count = self._random.randrange(1, 400)
            detail = {"count": count, "kinds": {"token": count}, "addresses": {}}
            self._line("refused tries", self._random.uniform(START, END), detail, outcome="counted")

    def _line(self, action: str, at: float, detail: dict[str, Any], *, outcome: str = "done") -> None:
        self._insert(
            AUDIT,
            at=at,
            actor=self._random.choice(["alice", "bob", "guard"]) + self._hostile,
            action=action,
            epoch=1,
            outcome=outcome,
            detail=json.dumps(detail),
        )

    def _alerts(self, number: int) -> None:
        for _ in range(number):
            self._alert(self._random.uniform(START, END))

    def _alert(self, at: float) -> None:
        self._insert(
            ALERTS,
            at=at,
            severity=self._random.choice(["critical", "warning", "info"]),
            kind=self._random.choice(["drain stuck", "routine failed", "disk nearly full"]),
            message=f"something {self._hostile}",
            detail="{}",
        )

    def _routines(self) -> None:
        """A turn of each on each day, some skipped; sizes of tables grow."""
        rnd = self._random
        for day in range(int((END - START) / DAY)):
            for name in ROUTINE_NAMES:
                if rnd.random() < 0.5:
                    continue
                at = START + day * DAY + rnd.uniform(0, DAY / 2)
                outcome = rnd.choice(["done", "done", "done", "failed", "missed", "skipped", "abandoned"])
                self._insert(
                    ROUTINES,
                    name=name,
                    due_at=at,
                    began_at=at + 1,
                    ended_at=at + 2,
                    outcome=outcome,
                    fence=1,
                    result=json.dumps(self._result(name, day) if outcome == "done" else {"why": "chance"}),
                )
        self._insert(  # by interval: no report counts it
            ROUTINES,
            name="expiry-sweep",
            due_at=END - DAY,
            began_at=END - DAY,
            ended_at=END,
            outcome="done",
            fence=1,
            result=json.dumps({"figures": [], "findings": []}),
        )

    def _result(self, name: str, day: int) -> dict[str, Any]:
        rnd = self._random
        figures: dict[str, list[tuple[str, Any, str]]] = {
            "morning-check": [
                ("memory in use", rnd.uniform(10, 90), "%"),
                ("load per core, 5 minutes", rnd.uniform(0, 4), ""),
                ("Redis memory", {"used": rnd.randrange(10**6, 10**9), "limit": 0}, "bytes"),
            ],
            "weekly-review": [("table sizes", {"posts": 1000 + 37 * day, "users": 50}, "bytes")],
            "performance-review": [("table sizes", {"posts": 900 + 41 * day, "images": 5 * day}, "bytes")],
            "security-audit": [
                ("admin users", [{"username": f"root{self._hostile}", "is_active": True}], ""),
                ("settings that should be changed", rnd.randrange(4), ""),
                ("days until the certificate ends", None, ""),
            ],
        }
        found = figures.get(name, [])
        return {
            "figures": [
                {"name": one, "value": value, "unit": unit, "why": "" if value is not None else "no host"}
                for one, value, unit in found
            ],
            "findings": [
                {
                    "severity": "warning",
                    "kind": "weak",
                    "message": f"found {self._hostile}",
                    "subject": "s",
                }
            ]
            if name == "security-audit"
            else [],
        }

    def _plans(self, number: int) -> None:
        for place in range(number):
            self._insert(
                OCCURRENCES,
                schedule_id=f"plan{place}",
                starts_at=self._random.uniform(START, END),
                stage=self._random.choice(["over", "over", "missed", "cancelled"]),
                window_id=None,
                detail="{}",
                changed_at=END,
            )

    def _access(self) -> None:
        for place in range(8):
            self._insert(
                TOKENS,
                token_id=f"token{place}",
                owner="alice",
                label="",
                digest="d",
                rights=self._random.choice(["read", "operate,read", "admin"]),
                made_at=START,
                made_by="bob",
                expires_at=self._random.choice([END - 5, END + 5 * DAY]),
                revoked_at=self._random.choice([None, None, END - 9]),
            )
        confirmed = [END - 7, None, END - 8]
        for place, at in enumerate(confirmed):
            self._insert(
                SECOND_FACTORS, owner=f"o{place}", seed="s", enrolled_at=START, confirmed_at=at, last_period=0
            )

    def _insert(self, table: Any, **values: Any) -> None:
        self._rows.append((table, values))

    def _hash(self, key: str, fields: dict[str, Any]) -> None:
        self._desk.redis.hset(key, mapping=fields)
