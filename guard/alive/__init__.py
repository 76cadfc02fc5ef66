"""Whether a process of this machine is alive: asked often, so it costs nearly nothing.

A worker's agent and beat's loop each renew a *mark*, a small file in GUARD_ALIVE_FOLDER. `python -m
guard.alive` looks at it, without Celery and without any server: that a server is away must not have workers
restarted.
"""

from guard.alive.mark import Mark

__all__ = ["Mark"]
