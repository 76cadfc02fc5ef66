"""Find processes that tests started and did not end."""

from __future__ import annotations

import contextlib

import psutil

from tests.support.eventually import eventually

MARKER = "TEST_SESSION_MARK"
# Python's own helper for shared memory and semaphores lives as long as the process that needed it.
_PYTHONS_OWN = "multiprocessing.resource_tracker"
_GONE = (psutil.NoSuchProcess, psutil.AccessDenied)


def assert_nothing_left(mark: str, within: float = 5.0, *, descendants: bool = True) -> None:
    """Give dying processes a moment; then kill what is left and fail, naming each of them.

    Two nets: descendants of this process, and processes anywhere whose environment has the session's
    mark (a daemon that cut the tie to its parent, e.g. Erlang's epmd). `descendants=False` leaves out
    the first net.
    """
    try:
        eventually(lambda: not leftovers(mark, descendants), within=within, what="the processes to end")
    except AssertionError:
        left = leftovers(mark, descendants)
        listing = "\n".join(f"  pid {process.pid}: {_command(process)}" for process in left)
        for process in left:
            _kill(process)
        raise AssertionError(f"tests left {len(left)} processes behind (killed now):\n{listing}") from None


def leftovers(mark: str, descendants: bool = True) -> list[psutil.Process]:
    """All processes of this session except this one itself."""
    me = psutil.Process()
    found = {process.pid: process for process in me.children(recursive=True)} if descendants else {}
    found.update({process.pid: process for process in psutil.process_iter() if _marked(process, mark)})
    found.pop(me.pid, None)
    return [process for process in found.values() if _PYTHONS_OWN not in _command(process)]


def _marked(process: psutil.Process, mark: str) -> bool:
    try:
        return process.environ().get(MARKER) == mark
    except _GONE:
        return False


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline()) or process.name()
    except _GONE:
        return "(gone)"


def _kill(process: psutil.Process) -> None:
    # not waited for: that would take the exit code from whoever started it
    with contextlib.suppress(*_GONE):
        process.kill()
