"""`python -m guard.alive [NAME…]` or `… --url URL`: exit code 0 alive, 1 not, 2 wrong usage.

It is no command of `celery maintenance`, since starting that loads Celery and the application: far
more work than the answer, every few seconds, for each process of a machine.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from guard.alive.look import problems_of_marks, problems_of_url


def main(arguments: list[str] | None = None) -> int:
    """Look, say what is wrong on standard error, and give the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m guard.alive",
        description="Say whether processes of this machine are alive. Asks no server. "
        "Exit code 0: all are. 1: one is not, and why is on standard error.",
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="a worker (jobs@worker-1, or jobs) or beat; none: all marks"
    )
    parser.add_argument("--url", help="ask this address instead: what serves pages leaves no mark")
    parser.add_argument(
        "--folder",
        type=Path,
        default=os.environ.get("GUARD_ALIVE_FOLDER") or None,
        help="where the marks are  [default: GUARD_ALIVE_FOLDER]",
    )
    given = parser.parse_args(arguments)
    if given.url and given.names:
        parser.error("give names or an address, not both")
    if not given.url and given.folder is None:
        parser.error("name a folder by --folder or GUARD_ALIVE_FOLDER, or an address by --url")
    problems = problems_of_url(given.url) if given.url else problems_of_marks(given.folder, given.names)
    for problem in problems:
        print(problem, file=sys.stderr)  # noqa: T201 - this is a command
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
