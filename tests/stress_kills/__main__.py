"""`python -m tests.stress_kills N`: end N jobs in emergencies and compare.

Exit codes: 0 nothing was wrong, 1 something was, 2 the command was not understood, 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import secrets
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.stress_kills.mistakes import MISTAKES
from tests.stress_kills.screen import Bar, render
from tests.stress_kills.session import ROUNDS_PER_STAND, Session, run

if TYPE_CHECKING:
    from tests.stress_kills.tally import Tally

__all__ = ["main"]

_ROUNDS_WITH_A_MISTAKE = 6
_NO_LIMIT = 1_000_000


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.stress_kills", description=__doc__)
    parser.add_argument("kills", type=int, metavar="N", help="how many jobs are to be killed")
    parser.add_argument("--seed", type=int, default=None, help="of the draws; timing is never the same")
    parser.add_argument("--children", type=int, default=24, help="jobs on each of the two workers (24)")
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS_PER_STAND, help="rounds before all is started anew"
    )
    parser.add_argument("--calm", action="store_true", help="kill no worker, cut no Redis")
    parser.add_argument(
        "--keep", action="store_true", help="leave logs and journals where something was wrong"
    )
    parser.add_argument(
        "--mistake", choices=sorted(MISTAKES), default="", help="put a mistake into the guard"
    )
    parser.add_argument("--json", type=Path, default=None, metavar="FILE", help="write the report there, too")
    options = parser.parse_args(arguments)
    seed = options.seed if options.seed is not None else secrets.randbits(32)
    print(f"seed {seed}", flush=True)
    session = Session(
        kills=options.kills,
        seed=seed,
        children=options.children,
        rounds_per_stand=options.rounds,
        most_rounds=_ROUNDS_WITH_A_MISTAKE if options.mistake else _NO_LIMIT,
        mistake=options.mistake,
        calm=options.calm,
        keep=options.keep,
    )
    for number in (signal.SIGINT, signal.SIGTERM):  # in a background, too: nothing is left behind
        signal.signal(number, signal.default_int_handler)
    bar = Bar(options.kills)
    begun = time.monotonic()

    def report(tally: Tally, *, done: bool) -> dict[str, Any]:
        found = {"seed": seed, "seconds": round(time.monotonic() - begun), "done": done, **tally.to_dict()}
        if options.json is not None:
            options.json.write_text(json.dumps(found, indent=1) + "\n")
        return found

    def told(tally: Tally) -> None:
        bar.show(tally)
        report(tally, done=False)

    try:
        tally = run(session, progress=told)
    except KeyboardInterrupt:
        bar.end()
        return 130
    bar.end()
    print(render(report(tally, done=True)))
    return 1 if tally.wrong or tally.kills < options.kills else 0


if __name__ == "__main__":
    sys.exit(main())
