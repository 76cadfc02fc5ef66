"""Search the models to their end: `make model`, or `python docs/model/check.py [PART OF A NAME…] [--json]`.

Each case is a model with some rules left out or some misfortunes put in. What must hold must hold in every
run there is; of each rule that is left out spin must find a run that breaks a promise, or the rule would be
for nothing, or the model could not fail.

Exit codes: 0 all as expected, 1 a surprise, 2 spin or gcc is missing.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = ["CASES", "Case", "Found", "search"]

HERE = Path(__file__).parent
_MEGABYTES = 6000
_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Case:
    """One search.

    Attributes:
        name: what is assumed, or left out.
        model: its file.
        flags: what the preprocessor defines.
        breaks: whether a promise must break.
    """

    name: str
    model: str
    flags: tuple[str, ...] = ()
    breaks: bool = False


def _barrier(name: str, *flags: str, breaks: bool = False) -> Case:
    return Case(name, "barrier.pml", flags, breaks)


def _release(name: str, *flags: str) -> Case:
    return Case(name, "release.pml", flags)


def _mistake(name: str, *flags: str) -> Case:
    return Case(name, "release.pml", ("KILLS=1", "ONE_RELEASER", *flags), breaks=True)


CASES: tuple[Case, ...] = (
    _barrier("the barrier"),
    _barrier("the page is written as two stores", "BREAK_PAGE_TWO_STORES", breaks=True),
    _barrier("the page is read as two loads", "BREAK_PAGE_TWO_LOADS", breaks=True),
    _barrier("a child does not say that it looks", "BREAK_NO_ENTERING", breaks=True),
    _barrier("a child does not look at the deadline", "BREAK_NO_DEADLINE", breaks=True),
    _barrier("a worker acknowledges while a child looks", "BREAK_NO_QUIET", breaks=True),
    _barrier("trust is counted from the reply", "BREAK_TRUST_FROM_REPLY", breaks=True),
    _barrier("the waiter does not wait for a lease", "BREAK_NO_TIME", breaks=True),
    _barrier("joined in two steps, SQL not asked", "BREAK_JOIN_TWO_STEPS", "BREAK_REDIS_ALONE", breaks=True),
    _barrier("stores that are seen late, and the fence", "BUFFERED"),
    _barrier("stores that are seen late, no fence", "BUFFERED", "BREAK_NO_FENCE", breaks=True),
    _barrier("the fence begins before the write", "BUFFERED", "BREAK_FENCE_BEFORE_WRITE", breaks=True),
    _barrier("this machine closed by its operator", "LOCAL_CLOSE"),
    _barrier("a renewal that forgets it", "LOCAL_CLOSE", "BREAK_LOCAL_CLOSE", breaks=True),
    _barrier("a server that is emptied, twice", "EMPTIED"),
    _barrier("emptied, who repairs it believes it", "EMPTIED", "BREAK_BELIEVES_OWN_REPAIR", breaks=True),
    _barrier("a failover that loses the last writes", "FAILOVER"),
    _barrier("a failover to a server that holds nothing", "FAILOVER", "EMPTY"),
    _barrier("a failover, and the old server emptied", "FAILOVER", "EMPTIED"),
    _barrier("failover, SQL is not asked", "FAILOVER", "BREAK_REDIS_ALONE", breaks=True),
    _barrier("failover, SQL was asked too early", "FAILOVER", "BREAK_CERTIFIED_FROM_SEND", breaks=True),
    _barrier("failover, a young registry is trusted", "FAILOVER", "BREAK_YOUNG_REGISTRY", breaks=True),
    _barrier("split brain, the old primary refuses", "FAILOVER", "SPLIT", "OLD_PRIMARY_REFUSES"),
    _barrier("split brain, the old primary goes on", "FAILOVER", "SPLIT", breaks=True),
    _release("parking and releasing, two of each, no kill", "KILLS=0"),
    _release("parking and releasing, two workers, one kill", "KILLS=1", "ONE_RELEASER"),
    _release("parking and releasing, one of each, two kills", "KILLS=2", "ONE_RELEASER", "ONE_WORKER"),
    _release("the marks are lost too", "KILLS=1", "ONE_RELEASER", "ONE_WORKER", "MARKS_LOST"),
    _mistake("acknowledged before the copy is published", "BREAK_ACK_FIRST"),
    _mistake("released by acknowledging before publishing", "BREAK_RELEASE_ACK_FIRST"),
    _mistake("copies are not claimed", "BREAK_NO_CLAIM"),
    _mistake("deliveries are not marked", "BREAK_NO_MARK"),
    _release("connections to the broker are lost", "KILLS=1", "ONE_RELEASER", "CONNECTIONS_LOST"),
    Case(
        "a delivery of a lost connection wins against its copy",
        "release.pml",
        ("KILLS=2", "ONE_RELEASER", "CONNECTIONS_LOST", "BREAK_ORIGINAL_WINS"),
        breaks=True,
    ),
    _mistake("the one that is to run is taken for a copy", "BREAK_DROP_THE_ONE", "BREAK_ORIGINAL_WINS"),
)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found. `states` is a number of states; `problem` says why it did not come to its end."""

    broken: bool
    states: int
    seconds: float
    problem: str = ""


def search(case: Case) -> Found:
    """Build the search and run it, in a folder of its own.

    Raises:
        FileNotFoundError: spin or gcc is missing.
    """
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="guard-model") as folder:
        flags = [f"-D{flag}" for flag in case.flags]
        built = _run(folder, "spin", *flags, "-a", str(HERE / case.model))
        if built.returncode or "Error" in built.stdout:
            return Found(broken=False, states=0, seconds=0.0, problem=f"spin: {built.stdout.strip()}")
        limits = ("-DSAFETY", "-DCOLLAPSE", "-DVECTORSZ=2048", f"-DMEMLIM={_MEGABYTES}")
        compiled = _run(folder, "gcc", "-O2", "-w", *limits, "-o", "pan", "pan.c")
        if compiled.returncode:
            return Found(broken=False, states=0, seconds=0.0, problem=f"gcc: {compiled.stderr[-300:]}")
        # -E: where somebody waits for ever is no fault of these models; -m: the deepest run, in steps
        said = _run(folder, "./pan", "-E", "-m2000000", "-w24").stdout
    states = re.search(r"([\d.e+]+) states, stored", said)
    problem = "" if states else "it did not come to its end"
    for limit in ("max search depth too small", "out of memory", "-DMEMLIM"):
        problem = limit if limit in said else problem
    return Found(
        broken="assertion violated" in said,
        states=int(float(states[1])) if states else 0,
        seconds=time.monotonic() - begun,
        problem=problem,
    )


def _run(folder: str, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False, timeout=_SECONDS)


def is_as_expected(case: Case, found: Found) -> bool:
    """Whether it broke if it had to, and came to its end if it had to hold."""
    return found.broken if case.breaks else not found.broken and not found.problem


def main(wanted: list[str]) -> int:
    """Search, and print a line for each case. The exit code."""
    as_json = "--json" in wanted
    parts = [part for part in wanted if part != "--json"]
    if missing := [name for name in ("spin", "gcc") if shutil.which(name) is None]:
        print(f"{' and '.join(missing)} missing: apt-get install spin gcc libc6-dev", file=sys.stderr)
        return 2
    cases = [case for case in CASES if not parts or any(part in case.name for part in parts)]
    rows = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        for case, found in zip(cases, pool.map(search, cases), strict=True):
            good = is_as_expected(case, found)
            rows.append({**asdict(case), **asdict(found), "as_expected": good})
            if not as_json:
                print(_line(case, found, good=good), flush=True)
    surprises = sum(not row["as_expected"] for row in rows)
    if as_json:
        print(json.dumps(rows, indent=1))
    else:
        print(f"{len(rows)} cases, {surprises} surprises")
    return 1 if surprises or not rows else 0


def _line(case: Case, found: Found, *, good: bool) -> str:
    expected = "breaks" if case.breaks else "holds"
    was = found.problem or ("breaks" if found.broken else "holds")
    mark = "ok" if good else "SURPRISE"
    return f"{mark:8} {case.name:50} {expected:6} {was:6} {found.states:>12,} states {found.seconds:6.1f} s"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
