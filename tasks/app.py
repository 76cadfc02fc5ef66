"""The Celery app of the project: configuration, guard, jobs. `celery -A tasks worker`.

The jobs import `app` from here, so their modules are imported last. Each registers itself; none is used here.
"""

from __future__ import annotations

from importlib import import_module

from celery import Celery

import guard
from beat_schedule import TIMETABLE, beat_schedule
from tasks.names import JOB_MODULES

app = Celery("tasks", task_cls="guard:GuardedTask")
app.config_from_object("tasks.config")
maintenance = guard.install(app)
app.conf.guard_timetable = TIMETABLE
app.conf.guard_drill_demo = "tasks.demo.drill"
app.conf.beat_schedule = beat_schedule(maintenance.settings)

# Now, not at the worker's start as `include` would: a process that only publishes must know each job's
# operation too.
for _module in JOB_MODULES:
    import_module(_module)
