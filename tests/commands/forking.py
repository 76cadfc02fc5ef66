"""Runs `celery …` commands fast: has everything imported once, and forks for each.

`python -m tests.commands.forking SOCKET`; `celery_client.py` is its client. A request is one message:
arguments, environment and folder as JSON, the client's three streams beside it. The fork takes them over and
calls Celery's own main function, or runs the code of `--python CODE`. The answer is two lines: the process id
at once (the client passes signals on), and the exit code when it has ended, negative for a signal.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import sys
import threading
from pathlib import Path

_USED = """
celery.bin.worker celery.bin.beat celery.apps.worker kombu.transport.redis
celery.backends.redis celery.concurrency.prefork celery.worker.consumer redis
celery.bin.celery celery.app.control celery.events celery.__main__ encodings.idna
sqlalchemy.dialects.sqlite.pysqlite alembic.command alembic.autogenerate waitress flask
jinja2 pydantic_settings psutil leather prometheus_client segno pyotp limits
cryptography.fernet zoneinfo dateutil.rrule urllib3 concurrent.futures.thread
"""


def _import_everything() -> None:
    """What a command may import: of ours no module that makes an app, and nothing that starts a thread."""
    for name in _USED.split():
        importlib.import_module(name)
    package = importlib.import_module("guard")
    for found in pkgutil.walk_packages(package.__path__, "guard."):
        if not found.name.startswith(("guard.flower", "guard.store.sql.migrations", "guard.testing")):
            with contextlib.suppress(ImportError):  # what needs an extra that is not installed
                importlib.import_module(found.name)


def _become(request: dict[str, object], streams: list[int]) -> None:
    """Take over what a process is started with."""
    signal.set_wakeup_fd(-1)
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
        os.close(stream)
    for stream, descriptor, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        setattr(sys, stream, open(descriptor, mode, encoding="utf-8", closefd=False, buffering=1))  # noqa: SIM115
        setattr(sys, f"__{stream}__", getattr(sys, stream))
    os.environ.clear()
    os.environ.update(request["environment"])  # type: ignore[call-overload]
    os.chdir(str(request["folder"]))
    sys.modules["__main__"].__package__ = None  # so that usage is that of a program, not of a module
    sys.argv = ["celery", *request["arguments"]]  # type: ignore[misc]
    folders = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:] = [*folders, *(one for one in sys.path if one not in folders)]


def _serve(path: str) -> dict[str, object] | None:
    """For ever in the server; a fork returns with its request."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(64)
    chooser = selectors.DefaultSelector()
    chooser.register(listener, selectors.EVENT_READ)
    while True:
        for ready, _ in chooser.select():
            if ready.fileobj is not listener:
                connection, pid = ready.data
                chooser.unregister(ready.fileobj)
                os.close(ready.fd)
                code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                with contextlib.suppress(OSError):
                    connection.sendall(f"{code}\n".encode())
                connection.close()
                continue
            connection, _ = listener.accept()
            try:
                message, streams, _, _ = socket.recv_fds(connection, 1 << 16, 3)
                while not message.endswith(b"\n"):
                    message += connection.recv(1 << 16)
                request = json.loads(message)
            except (OSError, ValueError):
                connection.close()
                continue
            pid = os.fork()
            if pid == 0:
                chooser.close()
                listener.close()
                connection.close()
                _become(request, streams)
                return request
            for stream in streams:
                os.close(stream)
            with contextlib.suppress(OSError):
                connection.sendall(f"{pid}\n".encode())
            chooser.register(os.pidfd_open(pid), selectors.EVENT_READ, (connection, pid))


def _run() -> int:
    from celery.__main__ import main

    try:
        if sys.argv[1:2] == ["--python"]:
            exec(sys.argv[2], {})  # noqa: S102 - what the tests themselves do beside the commands
        else:
            main()
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        sys.stderr.write(f"{ended.code}\n")
        return 1
    except BaseException:  # noqa: BLE001 - as the interpreter does
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        return 1
    return 0


def _end(code: int) -> None:
    """As the interpreter ends, but for taking its memory apart, which a fork would have to copy first."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    _import_everything()
    gc.freeze()
    listening = Path(sys.argv[1])
    _serve(str(listening))
    _end(_run())
