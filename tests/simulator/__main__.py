"""`python -m tests.simulator N`: run N schedules of the guard in simulated time, and judge each.

Exit codes: 0 no promise was broken and every misfortune came; 1 a promise was broken; 2 the batch was too
small or too lucky: a misfortune did not come; 64 wrong arguments.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any, NoReturn

from tests.simulator.batch import Result, digest, run_in_parallel, run_one
from tests.simulator.stand_ins import simulated

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 5


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        print(f"simulator: {message}", file=sys.stderr)
        raise SystemExit(64)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m tests.simulator", description="Run the guard in simulated time.")
    parser.add_argument("schedules", nargs="?", type=int, default=10_000, metavar="N", help="default 10000")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="the first seed (default 0)")
    parser.add_argument("--jobs", type=int, default=1, metavar="K", help="processes (default 1)")
    parser.add_argument("--json", action="store_true", help="the result as JSON")
    parser.add_argument("--trace", type=int, metavar="SEED", help="print one run, event by event")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, and give the exit code."""
    parser = _parser()
    wanted = parser.parse_args(arguments)
    if wanted.trace is not None:
        return trace(wanted.trace)
    if wanted.schedules < 1 or wanted.jobs < 1:
        parser.error("N and K are at least 1")
    begun = time.monotonic()
    bar = _Bar(wanted.schedules)
    result = run_in_parallel(wanted.seed, wanted.schedules, jobs=wanted.jobs, seen=bar.show)
    bar.end()
    took = time.monotonic() - begun
    if wanted.json:
        print(json.dumps(_as_dict(result, wanted.seed, took), indent=1))
    else:
        _print(result, wanted.seed, took)
    for seed in sorted({seed for seed, _ in result.violations})[:1]:
        trace(seed, to=sys.stderr)
    return 1 if result.violations else 2 if result.missing else 0


def trace(seed: int, to: Any = None) -> int:
    """Print one schedule: its log, its digest, and the verdict. 1 when it broke a promise."""
    to = to or sys.stdout
    with simulated():
        world, verdict = run_one(seed)
    for at, kind, *what in world.events:
        print(f"{at:10.4f}  {kind:<16} {'  '.join(map(str, what))}", file=to)
    print(f"seed {seed}, {len(world.events)} events, digest {digest(world.events)}", file=to)
    for violation in verdict.violations:
        print(f"BROKEN {violation}", file=to)
    return 1 if verdict.violations else 0


class _Bar:
    """Progress on stderr, on a terminal only."""

    def __init__(self, whole: int) -> None:
        self._whole = whole
        self._shows = sys.stderr.isatty()
        self._bold = ("", "") if "NO_COLOR" in os.environ else ("\033[1m", "\033[0m")

    def show(self, result: Result) -> None:
        if self._shows:
            done = result.schedules * 30 // self._whole
            before, after = self._bold
            print(
                f"\r{before}{'#' * done}{'.' * (30 - done)}{after} {result.schedules} schedules, "
                f"{len(result.violations)} violations ",
                end="",
                file=sys.stderr,
                flush=True,
            )

    def end(self) -> None:
        if self._shows:
            print(file=sys.stderr)


def _as_dict(result: Result, seed: int, took: float) -> dict[str, Any]:
    return {
        "seeds": [seed, seed + result.schedules - 1],
        "schedules": result.schedules,
        "events": result.events,
        "turns": result.turns,
        "seconds": round(took, 1),
        "cpu_seconds": round(result.cpu_seconds, 1),
        "judged": dict(sorted(result.seen.items())),
        "fired": dict(sorted(result.fired.items())),
        "missing": result.missing,
        "violations": [{"seed": seed, "what": what} for seed, what in result.violations],
    }


def _print(result: Result, seed: int, took: float) -> None:
    print(f"schedules   {result.schedules} (seeds {seed} to {seed + result.schedules - 1})")
    print(f"events      {result.events} in {result.turns} turns")
    rate = result.schedules / took
    print(f"took        {took:.1f} s, {result.cpu_seconds:.1f} s of CPU, {rate:.0f} schedules per second")
    for name, number in sorted(result.seen.items()):
        print(f"judged      {number:>9}  {name}")
    for name, number in sorted(result.fired.items()):
        print(f"fired       {number:>9}  {name}")
    for what in result.missing:
        print(f"MISSING     did not happen: {what}")
    print(f"violations  {len(result.violations)}")
    for broken, what in result.violations[:_SHOWN]:
        print(f"  seed {broken}: {what}")
        print(f"    replay: python -m tests.simulator --trace {broken}")


if __name__ == "__main__":
    raise SystemExit(main())
