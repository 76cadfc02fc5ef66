"""``python -m benchmarks [--only NAME] [--quick] [--json FILE|-]``: measure, print, judge.

Ends with 1 unless every target was met; the table says which was missed, and for which the noise of
this run was too great to tell.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.machine import machine
from benchmarks.table import as_table
from tests.support.shortdirs import sweep_abandoned

if TYPE_CHECKING:
    from benchmarks.figures import Result

BENCHMARKS = (
    "throughput",
    "decision",
    "closing",
    "drained",
    "emergency",
    "queued",
    "revoked",
    "sessions",
    "agents",
    "worker_cost",
    "status_api",
    "web",
    "told",
)


def main() -> int:
    """Run what was asked for. With ``--json -`` the tables go to standard error."""
    options = _options()
    logging.basicConfig(level=logging.ERROR)
    sweep_abandoned()
    # What is measured is an installed package, which has its compiled files as Celery has its own.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONWARNINGS"] = "ignore"  # of the workers; they say "running as root" and the like
    to = sys.stderr if options.json == "-" else sys.stdout
    here = machine()
    print(
        "{processor}, {processors} processors, Python {python}, load {load}, {date}".format(**here),
        file=to,
    )
    results: dict[str, Any] = {}
    verdicts: Counter[str] = Counter()
    for name in options.only or BENCHMARKS:
        begun = time.monotonic()
        result: Result = import_module(f"benchmarks.{name}").measure(quick=options.quick)
        spent = time.monotonic() - begun
        load = os.getloadavg()[0]
        results[name] = {**result.to_dict(), "seconds": round(spent, 1), "load_after": load}
        verdicts.update(figure.verdict for figure in result.figures if figure.verdict)
        print(f"\n{as_table(result)}\n  ({spent:.0f} s, load then {load:.1f})", file=to, flush=True)
    report = json.dumps({"machine": here, "quick": options.quick, "benchmarks": results}, indent=1)
    if options.json == "-":
        print(report)
    elif options.json:
        Path(options.json).write_text(report + "\n", "utf-8")
    print("\ntargets:", ", ".join(f"{number} {verdict}" for verdict, number in verdicts.items()), file=to)
    return 0 if verdicts.keys() <= {"met"} else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="this one; may be repeated")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a smoke test, not a measurement")
    parser.add_argument(
        "--json", metavar="FILE", help="also write all figures and rounds there; - for stdout"
    )
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted; everything that was started is ended")
