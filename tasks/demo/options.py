"""What the user asked for on the command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

POOLS: Final = ("prefork", "threads", "solo")
FEWEST_JOBS: Final = 20
"""With fewer, not every kind of job meets the window."""
DEFAULT_JOBS: Final = 160
MOST_JOBS: Final = 10_000

_ABOUT: Final = """\
Shows the maintenance guard at work on real jobs: starts a Valkey server, two Celery workers and beat on this
machine, submits image, caption and batch jobs, opens a maintenance window while they run, closes it, and
accounts for every single job. Needs no server, no network, and leaves nothing behind.
"""
_CODES: Final = """\
exit codes: 0 the books balance; 1 they do not; 2 wrong arguments; 3 a server or worker could not be
started or died; 130 interrupted
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The command line, checked."""

    images: Path | None
    """A folder with images of the user's own; None: images are made."""
    json: bool
    jobs: int
    """How many jobs to submit; batches add their own."""
    keep: bool
    """Leave the private folder, with logs and databases, for inspection."""
    pool: str
    seed: int


def read_options(argv: Sequence[str] | None = None) -> Options:
    """Read the arguments; on a wrong one, say so and exit with 2."""
    parser = argparse.ArgumentParser(
        prog="python -m tasks.demo",
        description=_ABOUT,
        epilog=_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--images", type=_folder, metavar="DIR", help="work on the images in DIR, which is only read"
    )
    parser.add_argument("--json", action="store_true", help="print the account as one JSON document")
    parser.add_argument(
        "--jobs", type=_job_count, default=DEFAULT_JOBS, metavar="N", help="how many to submit (%(default)s)"
    )
    parser.add_argument("--keep", action="store_true", help="keep logs and databases, and say where")
    parser.add_argument("--pool", choices=POOLS, default="prefork", help="of the workers (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of all chance (%(default)s)")
    return Options(**vars(parser.parse_args(argv)))


def _folder(text: str) -> Path:
    path = Path(text).expanduser().resolve()
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is not a folder")
    return path


def _job_count(text: str) -> int:
    if not text.isdecimal() or not FEWEST_JOBS <= int(text) <= MOST_JOBS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from {FEWEST_JOBS} to {MOST_JOBS}")
    return int(text)
