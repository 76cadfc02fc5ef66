"""`python -m tests.fuzz`: every target, by both engines, and what became of the inputs."""

from __future__ import annotations

import argparse
import logging
import random
import sys
import time
import warnings

from tests.fuzz.coverage_guided import by_atheris, is_there
from tests.fuzz.keeping import keep
from tests.fuzz.running import Outcomes, by_hypothesis
from tests.fuzz.target import Place
from tests.fuzz.targets import NAMES, load

REQUIREMENTS = "tests/fuzz/requirements.txt"


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", help=f"of {', '.join(NAMES)}; all when none is given"
    )
    parser.add_argument("-n", type=int, default=100_000, metavar="N", help="inputs for each target (100000)")
    parser.add_argument("--seed", type=int, help="of an earlier run; another one each time when left out")
    parser.add_argument("--words", type=int, default=8, metavar="W", help="outcomes shown of each target (8)")
    parser.add_argument(
        "--engine",
        choices=["hypothesis", "atheris", "both"],
        default="both",
        help="what makes the inputs (both)",
    )
    asked = parser.parse_args()
    unknown = set(asked.targets) - set(NAMES)
    if unknown:
        parser.error(f"there is no target {', '.join(sorted(unknown))}")
    return asked


def _show(outcomes: Outcomes, words: int) -> None:
    print(
        f"{outcomes.target:22} {outcomes.engine:11} {outcomes.inputs:8,} inputs {outcomes.seconds:7.1f} s "
        f"{len(outcomes.words):4} outcomes {len(outcomes.findings):3} findings",
        flush=True,
    )
    for word, count in outcomes.words.most_common(words):
        print(f"    {count:8,}  {ascii(word)[1:-1]}")
    for finding in outcomes.findings:
        path = keep(outcomes.target, finding.case, finding.said)
        print(
            f"    FOUND  {ascii(finding.said)[1:-1]}\n           kept in {path.parent.name}/{path.name}",
            flush=True,
        )


def main() -> int:
    """0: nothing was found; 1: something was; 2: wrong usage; 3: nothing was, and an engine is missing."""
    asked = _asked()
    logging.disable()  # the guard says of each forgery that it is one
    warnings.simplefilter("error")  # as in the tests
    first = asked.seed if asked.seed is not None else random.SystemRandom().randrange(2**32)
    print(f"seed {first}, {asked.n:,} inputs for each target and engine", flush=True)
    begun = time.monotonic()
    found = 0
    for name in asked.targets or NAMES:
        target = load(name)
        if asked.engine != "atheris":
            with Place() as place, target.ready(place) as check:
                outcomes = by_hypothesis(target, check, asked.n, first)
            _show(outcomes, asked.words)
            found += len(outcomes.findings)
        if asked.engine != "hypothesis" and is_there():
            outcomes = by_atheris(name, asked.n, first)
            _show(outcomes, asked.words)
            found += len(outcomes.findings)
    missing = asked.engine != "hypothesis" and not is_there()
    if missing:
        print(f"atheris is not here, so half of it was not done: pip install -r {REQUIREMENTS}", flush=True)
    print(f"{found} findings in {time.monotonic() - begun:.0f} s", flush=True)
    return 1 if found else 3 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
