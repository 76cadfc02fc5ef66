"""What the journals of a session say, put together by job, fault and window."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.stress.journal import Tail

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["FREE", "Closed", "Evidence", "Hurt", "Job"]

FREE = frozenset({"stress.free", "stress.mixed_free", "stress.conduct", "stress.advance"})
"""Tasks that no window blocks. The ledger does not enter them."""
AFTER = 5.0
"""Seconds after the end of a job, and after a fault, in which its acknowledgement may still be on its way."""

DEPLOYING = 20.0
"""Seconds from the begin of a rolling deploy in which the last of its workers may still be on its way out."""

Line = dict[str, Any]


@dataclass(slots=True)
class Job:
    """One job. `said` is what its publisher was told last; lines are in the order in which they were
    written."""

    task: str = ""
    said: str = ""
    accepted_at: float = 0.0
    starts: list[Line] = field(default_factory=list)
    ends: list[Line] = field(default_factory=list)

    def runs_in(self, processes: set[str]) -> bool:
        """Whether its last run began in one of these processes and has not ended."""
        last = max(self.starts, key=lambda line: line["at"], default=None)
        return last is not None and last["process"] in processes and self.end_of(last) is None

    def end_of(self, start: Line) -> float | None:
        """When the run ended that began with this line; None if it never got there."""
        later = [
            line["at"] for line in self.ends if line["pid"] == start["pid"] and line["at"] >= start["at"]
        ]
        following = [s["at"] for s in self.starts if s["pid"] == start["pid"] and s["at"] > start["at"]]
        ended = min(later, default=None)
        return ended if ended is not None and ended <= min(following, default=ended) else None


@dataclass(slots=True)
class Hurt:
    """A fault, from when to when. `place` is the server that it hurt, or `process` whom; `pid` is 0 when all
    of that process was hurt."""

    kind: str
    process: str
    pid: int
    place: str
    since: float
    until: float

    def may_return(self, start: Line, until: float) -> bool:
        """Whether this may be why a broker delivered a job again that had begun with this line."""
        if self.since > until + AFTER or self.until + AFTER < start["at"]:
            return False
        if self.place:
            return self.place == "broker"
        return self.process == start["process"] and self.pid in {0, start["pid"]}


@dataclass(frozen=True, slots=True)
class Closed:
    """From when to when nothing guarded may begin: since `enable` returned, until `disable` was called."""

    window: str
    began: float
    since: float
    until: float
    acknowledged: frozenset[str]
    unconfirmed: frozenset[str]


class Evidence:
    """All that is known of one session; `read` takes in what is new."""

    def __init__(self, folder: Path) -> None:
        self._tails = {name: Tail(folder / name) for name in ("jobs", "windows", "faults")}
        self._open_hurts: dict[int, Hurt] = {}
        self.jobs: dict[str, Job] = defaultdict(Job)
        self.windows: list[Line] = []
        self.hurts: list[Hurt] = []
        self.deploys: list[Hurt] = []
        """Of every worker, in order: no reason by itself for a job to run again."""
        self.lost: set[str] = set()
        self.touched: set[str] = set()
        """Jobs of which a start was read; whoever has judged them empties it."""
        self.unfinished: set[str] = set()
        """Accepted, and not ended."""

    def read(self) -> None:
        """Take in what is new."""
        self.take_jobs(self._tails["jobs"].new())
        self.take_windows(self._tails["windows"].new())
        self.take_faults(self._tails["faults"].new())

    def take_jobs(self, lines: Iterable[Line]) -> None:
        """Lines of publishers and jobs."""
        for line in lines:
            job = self.jobs[line["id"]]
            job.task = job.task or line.get("task", "")
            match line["event"]:
                case "start":
                    job.starts.append(line)
                    self.touched.add(line["id"])
                case "end":
                    job.ends.append(line)
                    self.unfinished.discard(line["id"])
                case said:
                    job.said = said
                    if said == "accepted":
                        job.accepted_at = line["at"]
                        self.unfinished |= set() if job.ends else {line["id"]}
                    if said == "refused":
                        self.touched.add(line["id"])

    def take_windows(self, lines: Iterable[Line]) -> None:
        """Lines of who opens and ends windows."""
        for line in lines:
            self.windows.append(line)
            self.lost |= set(line.get("lost", ()))

    def take_faults(self, lines: Iterable[Line]) -> None:
        """Lines of faults."""
        for line in lines:
            if line["event"] == "hurt":
                hurt = Hurt(line["kind"], line["process"], line["pid"], line["place"], line["at"], line["at"])
                self.hurts.append(hurt)
                self._open_hurts[line["number"]] = hurt
            elif line["event"] == "deploy":
                self.deploys.append(Hurt("deploy", "", 0, "", line["at"], line["at"] + DEPLOYING))
            elif line["event"] == "healed":
                self._open_hurts[line["number"]].until = line["at"]

    def was_hurt(self, place: str, since: float, until: float) -> bool:
        """Whether a server was hurt at any time between these, or right before."""
        return any(
            hurt.place == place and hurt.since <= until + AFTER and hurt.until + AFTER >= since
            for hurt in self.hurts
        )

    def was_anything_hurt(self, since: float, until: float) -> bool:
        """Whether there was any fault between these, or right before."""
        return any(hurt.since <= until + AFTER and hurt.until + AFTER >= since for hurt in self.hurts)

    def _openings(self) -> list[tuple[float, float]]:
        """From when to when each `disable` may have opened the gate. What it has sent may arrive after it was
        killed, or has given up: as late as what hurts the database is over."""
        found = []
        for number, line in enumerate(self.windows):
            if line["event"] != "opening":
                continue
            mine = (one for one in self.windows[number:] if one.get("process") == line["process"])
            ended = next((one for one in mine if one["event"] in {"opened", "not opened"}), None)
            if ended is not None and ended["event"] == "opened":
                found.append((line["at"], ended["at"]))
                continue
            killed = [hurt.since for hurt in self.hurts if hurt.process == line["process"]]
            until = ended["at"] if ended is not None else min(killed, default=line["at"])
            late = [
                hurt.until
                for hurt in self.hurts
                if hurt.place == "database" and hurt.until >= line["at"] - AFTER
            ]
            found.append((line["at"], max([until, *late]) + AFTER))
        return found

    def closures(self) -> list[Closed]:
        """When the gate was closed, by what `enable` said and who called `disable`."""
        openings = self._openings()
        return [
            Closed(
                line["window"],
                line["began"],
                line["returned"],
                min((since for since, until in openings if until >= line["began"]), default=float("inf")),
                frozenset(line["acknowledged"]),
                frozenset(line["unconfirmed"]),
            )
            for line in self.windows
            if line["event"] == "closed"
        ]
