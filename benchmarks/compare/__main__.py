"""``python -m benchmarks.compare [--only NAME…] [--json FILE] [--quick] [--write]``: the same work on each.

Ends with 1 when a round could not be played, or when the guard did not hold: a job that started after
`enable()` had returned, was lost, or started twice, in a round in which no worker was killed at work.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.compare.contestants import CONTESTANTS
from benchmarks.compare.pages import write
from benchmarks.compare.rounds import QUICK, ROUNDS, Size, play
from benchmarks.compare.tables import GUARD, tables
from benchmarks.compare.tools import versions, why_not
from benchmarks.machine import machine
from tests.support.shortdirs import sweep_abandoned

if TYPE_CHECKING:
    from collections.abc import Iterator

_OFTEN, _SELDOM = 5, 2
"""Rounds of each kind: where times are measured, and where jobs are counted."""


def main() -> int:
    """Play, show, judge."""
    options = _options()
    logging.basicConfig(level=logging.ERROR)
    report = joined(options.read) if options.read else _measure(options)
    for table in tables(report):
        print(f"\n{table.as_text()}")
    if options.write:
        write(report, CONTESTANTS)
    problems = [*report["failed"], *broken(report)]
    print("\n" + ("\n".join(problems) or "every round was played; the guard held"))
    return 1 if problems else 0


def joined(files: list[str]) -> dict[str, Any]:
    """One report of what several runs have kept. They must have measured the same."""
    first, *others = (json.loads(Path(file).read_text("utf-8")) for file in files)
    for other in others:
        if (other["size"], other["versions"]) != (first["size"], first["versions"]):
            raise SystemExit("these runs are of different sizes or versions")
        first["contestants"] = first["contestants"] | other["contestants"]
        for what in ("rounds", "failed"):
            first[what] += other[what]
    return dict(first)


def broken(report: dict[str, Any]) -> Iterator[str]:
    """What the guard must not do, and did."""
    for each in report["rounds"]:
        if each["contestant"].startswith(GUARD) and each["round"] != "crashed":
            for what in ("after", "after_disturbance", "lost", "twice"):
                if each["figures"][what]:
                    yield f"{each['contestant']}, {each['round']}: {what} {each['figures'][what]}"


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    sweep_abandoned()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONWARNINGS"] = "ignore"  # of the workers; they say "running as root" and the like
    size = QUICK if options.quick else Size(backlog=options.jobs)
    often, seldom = (1, 1) if options.quick else (options.repeat, min(_SELDOM, options.repeat))
    repeats = {kind: often if kind == "calm" else seldom for kind in options.rounds or ROUNDS}
    found = versions()
    report: dict[str, Any] = {
        "machine": machine(),
        "versions": found,
        "size": asdict(size),
        "seed": options.seed,
        "repeats": repeats,
        "contestants": {
            name: {"why_not": why_not(kind, found), "drops": kind.drops}
            for name, kind in CONTESTANTS.items()
            if name in (options.only or CONTESTANTS)
        },
        "rounds": [],
        "failed": [],
    }
    print("{processor}, {processors} processors, load {load}, {date}".format(**report["machine"]))
    told = ", ".join(f"{name} {version}" for name, version in found.items())
    print(f"seed {options.seed}; {told}", flush=True)
    chance = random.Random(options.seed)
    here = [name for name, about in report["contestants"].items() if not about["why_not"]]
    for kind, name in _in_turn(repeats, here):
        if kind == "killed" and not CONTESTANTS[name].has_workers_while_paused:
            continue  # nobody is there to be killed
        try:
            played = play(CONTESTANTS[name](quick=options.quick), kind, size, chance)
        except (AssertionError, SystemExit) as error:
            report["failed"].append(f"{name}, {kind}: {str(error).splitlines()[0]}")
            print(f"  {name}, {kind}: FAILED: {error}", file=sys.stderr, flush=True)
        else:
            report["rounds"].append(played.to_dict())
            print(f"  {name}, {kind}: {played.seconds:.0f} s", file=sys.stderr, flush=True)
        report["load_after"] = round(os.getloadavg()[0], 1)
        if options.json:
            Path(options.json).write_text(json.dumps(report) + "\n", "utf-8")
    return report


def _in_turn(repeats: dict[str, int], names: list[str]) -> Iterator[tuple[str, str]]:
    """Contestants take turns, so that a machine that grows slower is no contestant's fault."""
    for number in range(max(repeats.values())):
        for kind, times in repeats.items():
            if number < times:
                for name in names:
                    yield kind, name


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=CONTESTANTS, help="these contestants")
    parser.add_argument("--rounds", nargs="+", choices=ROUNDS, help="these kinds of rounds")
    parser.add_argument("--jobs", type=int, default=2000, help="backlog of the calm and unpaused rounds")
    parser.add_argument("--repeat", type=int, default=_OFTEN, help="calm rounds of each")
    parser.add_argument("--seed", type=int, default=1, help="of the moments at which it is paused")
    parser.add_argument("--quick", action="store_true", help="a smoke test, not a measurement")
    parser.add_argument("--json", metavar="FILE", help="keep all rounds there, after each")
    parser.add_argument("--from", dest="read", nargs="+", metavar="FILE", help="show again what --json kept")
    parser.add_argument("--write", action="store_true", help="write tables and drawing into docs/compared.md")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted; everything that was started is ended")
