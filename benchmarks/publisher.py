"""The publishing process of one arm: reads "<number> <task>" from its input, publishes that many jobs, says
how long it took. A process of its own, so that the arm without the guard has no trace of it."""

from __future__ import annotations

import json
import os
import sys
import time

from benchmarks.noop import SHELF, build


def main() -> None:
    """Serve rounds until the input ends."""
    app, _ = build(os.environ)
    mark = app.tasks["noop.mark"]
    for line in sys.stdin:
        number, name = line.split()
        task = app.tasks[name]
        mark.apply_async(("first",), queue=SHELF)  # outside of the measured time: connects, starts the agent
        wall, used = time.perf_counter(), time.process_time()
        for _ in range(int(number)):
            task.apply_async(queue=SHELF)
        wall, used = time.perf_counter() - wall, time.process_time() - used
        mark.apply_async(("last",), queue=SHELF)
        print(json.dumps([wall, used]), flush=True)


if __name__ == "__main__":
    main()
