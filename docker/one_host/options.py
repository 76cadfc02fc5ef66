"""The command line of `python docker/one_host`."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_ABOUT = """\
Start the processes of docker/compose.yaml on this host, without a container engine: the same commands, the
same environment, the same order by the same health commands. Each service has an address of its own in
127.0.0.0/8. Ctrl-C or SIGTERM stops them in reverse order, with the compose file's signals and grace
periods."""
_CODES = """\
exit codes: 0 all stopped in order (with --smoke: and all steps passed), 1 a step of the smoke test failed,
2 wrong usage, 3 a service did not get well or this host lacks something, 130 and 143 by signal"""


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    compose: Path
    folder: Path | None
    smoke: bool
    json: bool
    keep: bool


def read_options(argv: Sequence[str] | None) -> Options:
    """Read it; a wrong one ends the program with 2."""
    parser = argparse.ArgumentParser(
        prog="docker/one_host",
        description=_ABOUT,
        epilog=_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    compose = Path(__file__).resolve().parent.parent / "compose.yaml"
    parser.add_argument("--compose", type=Path, default=compose, metavar="FILE", help="another compose file")
    parser.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help="where data, logs and secrets are, and stay; default: temporary",
    )
    parser.add_argument(
        "--smoke", action="store_true", help="run the smoke test through a whole window, then stop"
    )
    parser.add_argument(
        "--json", action="store_true", help="print addresses, or the smoke test's result, as JSON"
    )
    parser.add_argument("--keep", action="store_true", help="leave the temporary folder where it is")
    found = parser.parse_args(argv)
    if not found.compose.is_file():
        parser.error(f"{found.compose} is not there")
    return Options(found.compose, found.folder, found.smoke, found.json, found.keep)
