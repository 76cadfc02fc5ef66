"""`python -m tests.mutants [module ...]`: mutate modules of the core, hold survivors against explanations.

Ends with 1 when a survivor is not explained, or an explanation fits no survivor.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from tests.mutants.explained import FOLDER, read_explanations, unexplained, without_mutant
from tests.mutants.judge import CORE, judged_by
from tests.mutants.making import mutants_of
from tests.mutants.table import HEADING, Row, entries
from tests.mutants.trial import Fate, fates


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument(
        "modules", nargs="*", help="in guard/core, such as lease or reports/due; all with tests if none"
    )
    there = (file.relative_to(CORE).with_suffix("").as_posix() for file in CORE.rglob("*.py"))
    asked = parser.parse_args().modules or sorted(module for module in there if judged_by(module).exists())
    print(HEADING, flush=True)
    rows = [_judged(module) for module in asked]
    if len(rows) > 1:
        print(Row.total(rows))
    return int(any(row.unexplained or row.stale for row in rows))


def _judged(module: str) -> Row:
    started = time.monotonic()
    tests = judged_by(module)
    file = CORE / f"{module}.py"
    mutants = mutants_of(file.stem, file.read_text(encoding="utf-8"))
    if mutants and not tests.exists():
        raise SystemExit(f"there is no {tests.name} to judge {module}")
    package = f"guard/core/{module}".rpartition("/")[0].replace("/", ".")
    tried = fates(package, file, mutants, tests) if mutants else []
    found = list(zip(mutants, tried, strict=True))
    survivors = [mutant for mutant, fate in found if fate is not Fate.KILLED]
    count = Counter(fate for _, fate in found)
    reasons = read_explanations(FOLDER / f"{module}.toml")
    left, stale = unexplained(survivors, reasons), without_mutant(survivors, reasons)
    row = Row(
        module=module,
        mutants=len(mutants),
        not_reached=count[Fate.NOT_REACHED],
        timed_out=count[Fate.TIMED_OUT],
        survived=count[Fate.SURVIVED],
        unexplained=len(left),
        stale=len(stale),
        seconds=time.monotonic() - started,
    )
    print(row, flush=True)
    unknown = [mutant.key for mutant in left]
    for title, keys in (("not explained", unknown), ("explained, but does not survive", stale)):
        if keys:
            print(f"\n# {module}, {title}:\n\n{entries(keys)}\n", flush=True)
    return row


if __name__ == "__main__":
    sys.exit(main())
