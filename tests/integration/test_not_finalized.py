"""An app that nobody has finalized: its tasks have their gates nevertheless."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from celery import Celery

import guard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.valkey import Valkey


@pytest.fixture
def app(valkey: Valkey, tmp_path: Path) -> Iterator[Celery]:
    """One of which nothing was used yet, in a window that another one has opened."""
    settings = guard.load_settings(
        {
            "DATABASE_URL": f"sqlite:///{tmp_path / 'guard.db'}",
            "GUARD_LOCAL_CLOSE_FILE": str(tmp_path / "closed"),
            "GUARD_LEASE_SECONDS": "2",
            "GUARD_RENEW_SECONDS": "0.4",
            "GUARD_TIMEOUT_SECONDS": "0.3",
        }
    )
    broker = valkey.broker_url(valkey.fresh_db())
    opener, made = (Celery(name, broker=broker, set_as_current=False) for name in ("opener", "unfinished"))
    opens, blocks = guard.install(opener, settings), guard.install(made, settings)
    opens.enable(reason="test", by="tests")
    yield made
    opens.disable(by="tests")
    for one in (opens, blocks, opener, made):
        one.close()


def test_a_direct_or_eager_call_is_refused(app: Celery) -> None:
    @app.task(shared=False)
    def work() -> str:
        return "ran"

    assert not app.finalized
    with pytest.raises(guard.MaintenanceActive):
        work()
    with pytest.raises(guard.MaintenanceActive):
        work.apply()
    app.conf.task_always_eager = True
    with pytest.raises(guard.MaintenanceActive):
        work.delay()
