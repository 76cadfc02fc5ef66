"""The guard on Celery: `enable`, `disable`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.compare.contestants.celery_alone import CeleryAlone
from guard.clock import SystemClock
from guard.store.sql.store import SqlStore

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.compare.stage import Stage

__all__ = ["GuardHold", "GuardRefuse"]


class _Guarded(CeleryAlone):
    """The same app and workers as plain Celery, with `guard.install`."""

    pause_is = "guard.enable()"
    settle = 5.6  # a fleet that is younger than one lease may hide workers: its first window waits for time
    when_closed: str

    def environ(self, folder: Path) -> dict[str, str]:
        """The guard's own settings; the lease is its default."""
        return {
            "BENCH_GUARDED": "1",
            "DATABASE_URL": f"sqlite:///{folder / 'guard.db'}",
            "GUARD_LOCAL_CLOSE_FILE": str(folder / "closed"),
            "GUARD_SECRET_KEY": "comparison-secret-of-32-characters",
            "GUARD_WHEN_CLOSED": self.when_closed,
            **({"GUARD_LEASE_SECONDS": "3", "GUARD_RENEW_SECONDS": "0.75"} if self.quick else {}),
        }

    def prepare(self, stage: Stage) -> None:
        """`maintenance migrate`."""
        url = self.environ(stage.folder)["DATABASE_URL"]
        store = SqlStore(url, clock=SystemClock(), auto_migrate=True)
        store.migrate()
        store.close()


class GuardRefuse(_Guarded):
    """As installed: new jobs are refused."""

    name = "guard"
    built_for = (
        "maintenance of a fleet: nothing starts once the call has returned, callers are told, all comes back"
    )
    when_closed = "refuse"


class GuardHold(_Guarded):
    """Publishing goes on."""

    name = "guard-hold"
    pause_is = "guard.enable(), with GUARD_WHEN_CLOSED=hold"
    built_for = "the same, where callers are not to notice"
    when_closed = "hold"
