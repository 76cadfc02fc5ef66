"""One round on a stand: jobs are sent, all run, an emergency ends them, what must runs again."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from guard.core.counts import Count
from tests.stress_kills.evidence import Case, Record, Round
from tests.stress_kills.journal import Journal, boot
from tests.stress_kills.judge import KILL_AFTER, judge_end, judge_record, must_run_again
from tests.support.eventually import eventually, let_pass
from tests.support.stopwatch import Queued

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stress_kills.plan import Plan
    from tests.stress_kills.stand import Stand
    from tests.stress_kills.watch import Deaths

__all__ = ["Playing"]

_PATIENCE = 120.0
"""Seconds after which something hangs: a busy machine takes its time, and nothing here is judged by it."""
_STANDERS_BY = 2


class Playing:
    """One round: `send`, `end_them`, `judge_records`, `release`, then `look_again`. Gathers the evidence."""

    def __init__(self, stand: Stand, plan: Plan, deaths: Deaths) -> None:
        self._stand = stand
        self._deaths = deaths
        self._journal = Journal(stand.folder / f"round-{plan.number}.jsonl")
        self.round = Round(plan, cases={job.id: Case(job) for job in plan.jobs})
        self._bystanders = [f"r{plan.number}-aside-{number}" for number in range(_STANDERS_BY)]

    def send(self) -> None:
        """Publish all jobs and wait until all run."""
        plan, path = self.round.plan, str(self._journal.path)
        for name in self._bystanders:
            self._publish("aside.stands_by", (path,), name, queue="aside")
        for job in plan.jobs:
            self._publish(job.task, (job.character, job.after, path), job.id)
        wanted = {*self.round.cases, *self._bystanders}
        eventually(
            lambda: wanted <= self._journal.by_job().keys(),
            within=_PATIENCE,
            what=f"all to run, but {sorted(wanted - self._journal.by_job().keys())[:5]}",
        )
        for lines in self._journal.by_job().values():
            self._deaths.watch(lines[0]["pid"])

    def _publish(self, task: str, args: tuple[Any, ...], task_id: str, **options: str) -> None:
        """Nothing is published while this process does not know whether a window is open: then once more."""
        job = self._stand.app.tasks[task]
        eventually(
            lambda: job.apply_async(args, task_id=task_id, **options),
            within=_PATIENCE,
            what=f"{task_id} to be sent",
        )

    def end_them(self) -> None:
        """Open the emergency, let go wrong what is to, and wait until each job's outcome is recorded."""
        now, plan = self.round, self.round.plan
        queued = {name: Queued(worker.pid) for name, worker in self._stand.workers.items()}
        queued["harness"] = Queued(os.getpid())
        self._note_lines()
        now.begun = boot()
        self._stand.guard.enable(reason="fire", by="kills", mode="emergency", grace=plan.grace, duration=600)
        now.opened = boot()
        now.window_id = self._stand.guard._parts.stores.plane.read().window_id
        for at, deed in sorted(self._faults(), key=lambda pair: pair[0]):
            let_pass(max(0.0, now.begun + at - boot()))
            deed()
        outcomes = self._stand.guard._parts.stores.outcomes
        wanted = {case.job.id for case in now.cases.values() if not case.orphaned}
        with contextlib.suppress(AssertionError):  # the judge names those without
            eventually(
                lambda: wanted <= {outcome.task_id for outcome in outcomes.of(now.window_id)},
                within=plan.grace + KILL_AFTER + _PATIENCE,
            )
        now.queued = {name: each.worst() for name, each in queued.items()}
        self._gather_records()

    def _faults(self) -> list[tuple[float, Callable[[], None]]]:
        plan = self.round.plan
        faults: list[tuple[float, Callable[[], None]]] = [
            (murder.at, lambda job=murder.job: self._murder(job))
            for murder in plan.murders  # type: ignore[misc]
        ]
        if (cut := plan.cut) is not None:
            faults += [(cut.begins, self._cut), (cut.ends, self._mend)]
        if (death := plan.death) is not None:
            faults += [
                (death.at, lambda: self._kill_worker(death.worker)),
                (death.at + death.reaped_after, lambda: self._replace(death.worker)),
            ]
        return faults

    def _murder(self, job: str) -> None:
        case = self.round.cases[job]
        if case.orphaned or self._deaths.of(case.pid) is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            case.murdered_at = boot()
            os.kill(case.pid, signal.SIGKILL)

    def _cut(self) -> None:
        self._stand.proxy.down = True
        self.round.cut = (boot(), float("inf"))

    def _mend(self) -> None:
        self._stand.proxy.down = False
        assert self.round.cut is not None
        self.round.cut = (self.round.cut[0], boot())

    def _kill_worker(self, name: str) -> None:
        killed_at = boot()
        self._stand.kill_main(name)
        for case in self.round.cases.values():
            if case.job.worker == name:
                case.orphaned_at = killed_at

    def _replace(self, name: str) -> None:
        self._stand.reap(name)
        self._stand.start_worker(name)
        self._stand.ready(name)

    def _note_lines(self) -> None:
        found = self._journal.by_job()
        for case in self.round.cases.values():
            case.lines = found.get(case.job.id, [])

    def _gather_records(self) -> None:
        """What every source says now."""
        now, stand = self.round, self._stand
        turned = boot() - time.time()
        self._note_lines()
        recorded = stand.guard._parts.stores.outcomes.of(now.window_id)
        parked = {job.task_id for job in stand.guard.parked.list(limit=10_000)}
        events = stand.events.by_job()
        for case in now.cases.values():
            case.died_at = self._deaths.of(case.pid)
            case.parked = case.job.id in parked
            case.state = stand.app.backend.get_state(case.job.id)
            case.signals = [
                (line["at"], line["signal"])
                for line in events.get(case.job.id, ())
                if line["window_id"] == now.window_id
            ]
            case.records = [
                Record(
                    outcome=one.outcome.value,
                    went=one.went.value,
                    pid=one.pid,
                    asked_at=one.asked_at + turned,
                    ended_at=one.ended_at + turned,
                )
                for one in recorded
                if one.task_id == case.job.id
            ]

    def judge_records(self) -> dict[str, list[str]]:
        """What is wrong with the records, by job."""
        found = {name: judge_record(case, self.round) for name, case in self.round.cases.items()}
        return {name: wrong for name, wrong in found.items() if wrong}

    def release(self) -> None:
        """End the window and wait until what is to run again has ended; not for what only the broker's own
        time limit brings back."""
        now, stand = self.round, self._stand
        now.released = boot()
        stand.guard.disable(by="kills")
        self._journal.path.with_suffix(".over").touch()
        eventually(lambda: not stand.guard.is_active, within=_PATIENCE, what="the window to be over")
        soon = [case for case in now.cases.values() if not case.orphaned]
        with contextlib.suppress(AssertionError):  # the judge names those that do not
            eventually(lambda: self._have_ended(soon), within=_PATIENCE)
        if now.plan.death is None:
            eventually(
                lambda: all("end" in self._events_of(name) for name in self._bystanders),
                within=_PATIENCE,
                what="the unguarded jobs to end",
            )

    def _have_ended(self, cases: list[Case]) -> bool:
        self._note_lines()
        return not any(must_run_again(case) or not case.has_settled for case in cases)

    def has_ended(self) -> bool:
        """Whether everything that is to run again has."""
        return self._have_ended(list(self.round.cases.values()))

    def look_again(self) -> dict[str, list[str]]:
        """What is wrong with the end of the round, by job."""
        now = self.round
        self._note_lines()
        found = {}
        for name, case in now.cases.items():
            case.last_state = self._stand.app.backend.get_state(name)
            found[name] = judge_end(case, now)
        if now.plan.death is None:
            for name in self._bystanders:
                if (events := self._events_of(name)) != ["start", "end"]:
                    found[name] = [f"an unguarded job was not left alone: {events}"]
            found["account"] = self._account()
        return {name: wrong for name, wrong in found.items() if wrong}

    def _account(self) -> list[str]:
        """What the window's account says otherwise than its records."""
        recorded = Counter(case.records[0].outcome for case in self.round.cases.values() if case.records)
        account = self._stand.guard.account(self.round.window_id)
        counted = {
            name: account.total(Count(name)) for name in ("completed", "interrupted", "killed", "lost")
        }
        return [
            f"{recorded[name]} recorded as {name}, {number} in the account"
            for name, number in counted.items()
            if number != recorded[name]
        ]

    def _events_of(self, name: str) -> list[str]:
        return [line["event"] for line in self._journal.by_job().get(name, [])]
