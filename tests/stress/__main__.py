"""`python -m tests.stress`: runs of faults against a real fleet; exit code 0 only if the books balance.

    python -m tests.stress --minutes 2 --broker redis --seed 7 --json found.json

With `--broker both` two fleets are there at once, each in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

from tests.stress.faults import kinds
from tests.stress.fleet import Fleet
from tests.stress.judge import Judge
from tests.stress.mistakes import MISTAKES
from tests.stress.plan import SCRIPTS, Deck, make_plan
from tests.stress.report import Report
from tests.stress.run import Ran, finish, run
from tests.stress.servers import may_mount
from tests.support.leftovers import MARKER, assert_nothing_left

MOST_VIOLATIONS = 200
"""Then the session ends: one reason more does not help."""


def main() -> int:
    """Run a session, or one for each broker."""
    options = _options()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(2**32)
    print(f"seed {seed}", flush=True)
    if options.broker == "both":
        return _both(options, seed)
    mark = os.environ[MARKER] = uuid.uuid4().hex  # our own: a test that calls us has processes, too
    report = session(options, seed)
    print(report.text(), flush=True)
    _save(report, options.json)
    assert_nothing_left(mark)
    return 0 if report.balanced else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.stress", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0, help="begin no run after this time")
    parser.add_argument("--runs", type=int, help="this many runs, however long they take")
    parser.add_argument(
        "--within",
        type=float,
        metavar="SECONDS",
        help="one run, and as many more as will be over in this time, start and end of the fleet included",
    )
    parser.add_argument("--at-most", type=float, metavar="SECONDS", help="end then, whatever is going on")
    parser.add_argument("--seed", type=int, help="draws the same plans again")
    parser.add_argument("--broker", choices=["redis", "rabbitmq", "both"], default="both")
    parser.add_argument("--json", type=Path, help="write the report there, too")
    parser.add_argument(
        "--no-ledger", action="store_true", help="on Redis: do not keep one, and do not wait for what it says"
    )
    parser.add_argument("--calm", action="store_true", help="windows only, no faults")
    parser.add_argument("--mistake", choices=sorted(MISTAKES), default="", help="break the guard on purpose")
    parser.add_argument("--keep", action="store_true", help="keep journals and logs")
    return parser.parse_args()


def _both(options: argparse.Namespace, seed: int) -> int:
    """One process for each broker; half of the runs each."""
    arguments = ["--seed", str(seed)]
    arguments += (
        ["--runs", str(-(-options.runs // 2))] if options.runs else ["--minutes", str(options.minutes)]
    )
    arguments += ["--calm"] * options.calm + ["--keep"] * options.keep + ["--no-ledger"] * options.no_ledger
    arguments += ["--mistake", options.mistake] if options.mistake else []
    started = []
    for broker in ("redis", "rabbitmq"):
        found = ["--json", f"{options.json}.{broker}"] if options.json else []
        argv = [sys.executable, "-m", "tests.stress", "--broker", broker, *arguments, *found]
        started.append(subprocess.Popen(argv))
    return max(process.wait() for process in started)


def session(options: argparse.Namespace, seed: int) -> Report:
    """Runs until the time is over or their number is reached."""
    mount = may_mount()
    redis = options.broker == "redis"
    ledger = redis and not options.no_ledger  # RabbitMQ loses nothing that it would have to tell
    fleet = Fleet(options.broker, seed=seed, mount=mount, ledger=ledger, mistake=options.mistake)
    report = Report(options.broker, seed)
    chance = random.Random(f"{seed} {options.broker}")
    began, finished = time.monotonic(), False
    longest = 0.0
    try:
        _end_after(options.at_most)
        fleet.start()
        ready = time.monotonic()
        known = kinds(options.broker, disk=fleet.servers.disk is not None)
        if fleet.servers.disk is None:
            report.notes.append("NOT TESTED: disk full (this process may not mount a small disk)")
        judge = Judge(fleet.folder, redis=redis, ledger=ledger)
        windows = Deck(sorted(SCRIPTS), chance)
        faults = None if options.calm else Deck(sorted(known), chance)
        number = 0
        while _goes_on(options, number, (began, ready), longest, report):
            number += 1
            since = time.monotonic()
            plan = make_plan(windows, faults, chance)
            ran = run(fleet, plan, known, chance, judge)
            report.add(ran, judge.verdict(), judge, number)
            report.seconds = time.monotonic() - began
            report.never = [] if options.calm else sorted(set(known) - set(report.fired))
            longest = max(longest, time.monotonic() - since)
            _tell(number, ran, report)
            _save(report, options.json)
        finish(fleet, judge)
        report.judged(judge.verdict(last=True), number)
        finished = True
    except _TimeIsOver:
        report.notes.append("TIME IS OVER: what came after the last run that is told of here was not judged")
    finally:
        _end_after(None)
        report.seconds = time.monotonic() - began
        if options.keep or not (report.balanced and finished):
            print(f"journals and logs: {fleet.keep()}", flush=True)
        fleet.close()
    return report


class _TimeIsOver(BaseException):
    """No Exception: whoever waits for something goes on at those."""


def _end_after(seconds: float | None) -> None:
    """Raise in so many seconds, wherever this process is then; not at all when None."""

    def raise_it(*_: object) -> None:
        raise _TimeIsOver

    signal.signal(signal.SIGALRM, raise_it)
    signal.setitimer(signal.ITIMER_REAL, seconds or 0)


def _goes_on(
    options: argparse.Namespace, number: int, since: tuple[float, float], longest: float, report: Report
) -> bool:
    """Whether there is another run. `since`: when the session began, and when its fleet was ready."""
    if len(report.violations) >= MOST_VIOLATIONS:
        return False
    began, ready = (time.monotonic() - moment for moment in since)
    if options.within is not None:
        return number == 0 or began + longest < options.within
    return number < options.runs if options.runs else ready < options.minutes * 60


def _save(report: Report, path: Path | None) -> None:
    """After each run: a session that is ended early has told what it found."""
    if path is not None:
        path.write_text(json.dumps(report.to_dict(), indent=1) + "\n")


def _tell(number: int, ran: Ran, report: Report) -> None:
    counts = report.counts
    jobs = ", ".join(
        f"{name} {counts[name]}" for name in ("accepted", "ended", "lost, reported", "unaccounted")
    )
    print(
        f"{time.strftime('%H:%M:%S')} {report.broker} run {number}: {ran.seconds:.1f} s, {ran.script}; "
        f"{', '.join(sorted(ran.fired)) or 'no fault'}; {jobs}; violations {len(report.violations)}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
