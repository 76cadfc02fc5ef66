"""Runs beside the web side, as an application would: publishes jobs, and says what became of them.

A line of standard input is `[verb, word…]`; a line of standard output is the answer to it, as JSON.

- `publish FOLDER KIND…`: `{published: {id: kind}, refused: [message]}`. A kind is image, caption or batch;
  with `+hold` it waits instead of being refused, with `+park` too, in the queue that a window leaves open.
- `results ID…`: `{id: state}`, of what a batch has dispatched too.
- `nodes ID…`: `{id: the worker that runs it}`; those that no worker runs are not in it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import guard
from tasks.app import app
from tasks.demo.images import make_images
from tasks.names import GENERATE_CAPTION, OPTIMIZE_IMAGE, PROCESS_BATCH

_IMAGES = 6
_SEED = 7


def publish(folder: Path, kinds: list[str]) -> dict[str, Any]:
    """Publish a job for each kind."""
    files = sorted(map(str, folder.iterdir())) if folder.is_dir() else []
    files = files or [str(path) for path in make_images(folder, _IMAGES, _SEED)]
    published: dict[str, str] = {}
    refused: list[str] = []
    for number, asked in enumerate(kinds):
        kind, _, how = asked.partition("+")
        name, args = _order(kind, files, number)
        options: dict[str, Any] = {"when_closed": "hold"} if how else {}
        if how == "park":
            options["queue"] = "maintenance"
        try:
            published[app.tasks[name].apply_async(args, **options).id] = asked
        except guard.MaintenanceActive as closed:
            refused.append(closed.message)
    return {"published": published, "refused": refused}


def results(ids: list[str]) -> dict[str, Any]:
    """The state of each, of what a batch has dispatched too."""
    found: dict[str, Any] = {}
    waiting = list(ids)
    while waiting:
        outcome = app.AsyncResult(job := waiting.pop())
        value = outcome.result if outcome.state == "SUCCESS" else None
        found[job] = outcome.state
        if isinstance(value, dict) and "task_ids" in value:
            waiting += [one for one in (*value["task_ids"], value["summary_id"]) if one and one not in found]
    return found


def nodes(ids: list[str]) -> dict[str, str]:
    """Which worker runs each."""
    active = app.control.inspect(timeout=1.0).active() or {}
    return {job["id"]: node for node, jobs in active.items() for job in jobs if job["id"] in ids}


def _order(kind: str, files: list[str], number: int) -> tuple[str, tuple[Any, ...]]:
    if kind == "batch":
        return PROCESS_BATCH, (files[:2], "chord")
    file = files[number % len(files)]
    return (OPTIMIZE_IMAGE if kind == "image" else GENERATE_CAPTION), (file,)


def main() -> None:
    """Answer until the input ends."""
    for line in sys.stdin:
        verb, *words = json.loads(line)
        if verb == "publish":
            answer = publish(Path(words[0]), words[1:])
        else:
            answer = {"results": results, "nodes": nodes}[verb](words)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
