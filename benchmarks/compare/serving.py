"""How a contestant's tool is asked, from the side of the tool: a line of JSON in, a line of JSON out.

Standard library only: it runs in the environment of the tools. Calls are timed here, beside the call, so that
the talk with the harness is no part of them.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any, Protocol

from benchmarks.compare.job import note

__all__ = ["Tool", "serve"]


class Tool(Protocol):
    """What a tool must be able to do."""

    def publish(self, job_id: str) -> bool:
        """Publish one job. False: it was refused."""

    def pause(self) -> object:
        """What its documentation calls the pause."""

    def resume(self) -> object:
        """And its end."""

    def held(self) -> dict[str, int]:
        """How many jobs the broker keeps, by place."""

    def running(self) -> list[str] | None:
        """Ids of the running jobs as the tool knows them; None: it has no way to say."""


def serve(tool: Tool) -> None:
    """Answer requests until the input ends."""
    publishing = _Publishing(tool)
    for line in sys.stdin:
        asked = json.loads(line)
        begun = time.monotonic()
        try:
            value: Any = _do(tool, publishing, asked)
            answer = {"begun": begun, "returned": time.monotonic(), "value": value}
        except Exception as error:  # noqa: BLE001 - the harness names it and ends the run
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


def _do(tool: Tool, publishing: _Publishing, asked: dict[str, Any]) -> Any:
    match asked["do"]:
        case "publish":
            for number in range(asked["number"]):
                publishing.one(f"{asked['name']}-{number}")
        case "go_on":
            publishing.start(asked["name"], asked["per_second"])
        case "stop":
            publishing.stop()
        case "pause":
            tool.pause()
        case "resume":
            tool.resume()
        case "held":
            return tool.held()
        case "running":
            return tool.running()
    return None


class _Publishing:
    """A producer that goes on publishing in a thread of its own, and enters each answer in the journal."""

    def __init__(self, tool: Tool) -> None:
        self._tool = tool
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def one(self, job_id: str) -> None:
        note("accepted" if self._tool.publish(job_id) else "refused", job_id)

    def start(self, name: str, per_second: float) -> None:
        self._stopped.clear()
        self._thread = threading.Thread(target=self._run, args=(name, per_second), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, name: str, per_second: float) -> None:
        number = 0
        while not self._stopped.wait(1 / per_second):
            self.one(f"{name}-{number}")
            number += 1
