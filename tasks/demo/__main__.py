"""`python -m tasks.demo`: the maintenance guard at work on real jobs, on this machine only."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Final

from guard import GuardError
from tasks.demo.folder import Folder
from tasks.demo.interrupt import ignore_interrupts, interrupted_by, raise_when_interrupted
from tasks.demo.options import Options, read_options
from tasks.demo.processes import ProcessFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

BALANCED: Final = 0
NOT_BALANCED: Final = 1
WRONG_ARGUMENTS: Final = 2
COULD_NOT_RUN: Final = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo; returns the exit code."""
    options = read_options(argv)
    raise_when_interrupted()
    try:
        code = _run(options)
    except ModuleNotFoundError as error:
        _say(f"{error.name} is missing: run `make demo`, or pip install 'celery-maintenance-guard[demo]'")
        return COULD_NOT_RUN
    except BaseException:
        if interrupted_by() is None:
            raise
        code = COULD_NOT_RUN
    signal = interrupted_by()
    if signal is None:
        return code
    ignore_interrupts()
    _say(f"\n{signal}: every process of the demo was ended.")
    return signal.exit_code


def _run(options: Options) -> int:
    from tasks.demo.pictures import NoPictures, find_pictures
    from tasks.demo.report import print_report
    from tasks.demo.screen import Screen
    from tasks.demo.stage import run

    try:
        own = find_pictures(options.images) if options.images is not None else None
    except NoPictures as error:
        _say(str(error))
        return WRONG_ARGUMENTS
    folder = Folder.make()
    try:
        with Screen() as screen:
            account = run(options, own, folder, screen)
    except (ProcessFailed, GuardError) as error:
        _say(f"The demo cannot go on: {error}")
        if not options.keep:
            _say("With --keep the whole logs stay.")
        return COULD_NOT_RUN
    finally:
        _leave(folder, keep=options.keep)
    if options.json:
        print(json.dumps(account.to_dict(), indent=2))
    else:
        print_report(account)
    return BALANCED if account.balanced else NOT_BALANCED


def _leave(folder: Folder, *, keep: bool) -> None:
    if keep:
        folder.keep()
        _say(f"Logs and databases are kept in {folder.path}")
    else:
        folder.remove()


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
