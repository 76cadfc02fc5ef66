"""Sets the stage, lets the scenario play on it, and draws up the account."""

from __future__ import annotations

import logging
import os
import random
import time
from functools import partial
from typing import TYPE_CHECKING

from tasks.demo.environment import adopt, demo_environment
from tasks.demo.pictures import find_pictures, make_pictures
from tasks.demo.servers import CONCURRENCY, WORKERS, Servers
from tasks.demo.workload import plan

if TYPE_CHECKING:
    from tasks.demo.account import DemoAccount
    from tasks.demo.folder import Folder
    from tasks.demo.options import Options
    from tasks.demo.screen import Screen


def run(options: Options, folder: Folder, screen: Screen) -> DemoAccount:
    """The whole demo, from the first server to the account.

    Raises:
        ProcessFailed: A server or worker did not start, or died.
        NoPictures: The user's folder has none.
        GuardError: The guard could not open or end the window.
    """
    started = time.monotonic()
    own = find_pictures(options.images) if options.images is not None else None
    environment = demo_environment(folder, os.environ)
    adopt(environment)
    logging.basicConfig(filename=folder.log("demo"), level=logging.INFO)  # the guard's own lines
    with Servers(folder, environment, options.pool) as servers:
        version = servers.start_valkey()
        servers.start_celery()
        # While they start, which takes seconds.
        good, broken = make_pictures(folder.images, options.seed) if own is None else (own, [])

        # Not earlier: they read the environment.
        from guard import install
        from tasks.app import app
        from tasks.demo.account import draw_up
        from tasks.demo.evidence import gather
        from tasks.demo.maintenance import compact
        from tasks.demo.scenario import Scenario
        from tasks.jobs.wiring import results

        guard = install(app)  # the one that `tasks.app` has installed
        servers.wait_for_workers(guard)
        each = "1 job" if options.pool == "solo" else f"{CONCURRENCY} jobs"
        screen.step(
            "Started",
            f"Valkey {version}, {len(WORKERS)} Celery workers ({options.pool}, {each} at a time), beat",
        )
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
