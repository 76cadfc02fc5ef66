"""Sets the stage, lets the scenario play on it, and draws up the account."""

from __future__ import annotations

import logging
import os
import random
import time
from functools import partial
from typing import TYPE_CHECKING

from tasks.demo.environment import adopt, demo_environment
from tasks.demo.pictures import make_pictures
from tasks.demo.servers import CONCURRENCY, WORKERS, Servers
from tasks.demo.workload import plan

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.demo.account import DemoAccount
    from tasks.demo.folder import Folder
    from tasks.demo.options import Options
    from tasks.demo.screen import Screen


def run(options: Options, own: list[Path] | None, folder: Folder, screen: Screen) -> DemoAccount:
    """The whole demo, from the first server to the account.

    Args:
        own: Images of the user's own; None: some are made.

    Raises:
        ProcessFailed: A server or worker did not start, or died.
        GuardError: The guard could not open or end the window.
    """
    started = time.monotonic()
    environment = demo_environment(folder, os.environ)
    adopt(environment)
    logging.basicConfig(filename=folder.log("demo"), level=logging.INFO)  # the guard's own lines
    each = "one job" if options.pool == "solo" else f"{CONCURRENCY} jobs"
    pool = f"{options.pool}, {each} at a time"
    screen.step("Starting", f"a Valkey server, {len(WORKERS)} Celery workers ({pool}) and beat")
    with Servers(folder, environment, options.pool) as servers:
        version = servers.start_valkey()
        servers.start_celery()
        # Not earlier: importing them reads the environment.
        from guard import install
        from tasks.app import app
        from tasks.demo.account import draw_up
        from tasks.demo.evidence import gather
        from tasks.demo.maintenance import compact
        from tasks.demo.scenario import Scenario
        from tasks.jobs.wiring import results

        guard = install(app)  # the one that `tasks.app` has installed
        guard.check("image_processing")  # makes this process known to the guard, like a web app that runs
        known = time.monotonic()
        good, broken = make_pictures(folder.images, options.seed) if own is None else (own, [])
        servers.wait_for_workers(guard)
        # For one lease after its start the guard cannot know whether it knows everybody, and closing takes
        # as long as the rest of that. A system that has been up for a while shows how fast it really is.
        servers.wait_until(known + guard.settings.lease.lease)
        screen.step("Ready", f"{_images(good, broken)} to work on; Valkey {version} and both workers answer")
        scenario = Scenario(
            app=app,
            guard=guard,
            servers=servers,
            results=results(),
            screen=screen,
            maintain=partial(compact, folder.results),
        )
        story = scenario.play(plan(good, broken, options.jobs, random.Random(options.seed)))  # noqa: S311
        evidence = gather(story, guard, results(), servers.worker_logs)
    return draw_up(story, evidence, time.monotonic() - started)


def _images(good: list[Path], broken: list[Path]) -> str:
    return f"{len(good) + len(broken)} images" + (f", {len(broken)} of them broken," if broken else "")
