"""The guard in Flower: a Maintenance page, figures in /metrics, states of jobs.

Found by `guard.bootstrap.faces` when ``celery -A yourapp flower`` loads an app on which `guard.install` ran.
No other process imports it, and Flower's own modules are imported by nothing else of ours.
"""

from __future__ import annotations

__all__ = ["come_up"]


def come_up() -> None:
    """Put pages, figures and states into the Flower that is about to start in this process. Once is enough.

    Raises:
        FlowerUnknown: this release of Flower is built in another way. It was left as it is.
    """
    from guard.flower.inside import join

    join()
