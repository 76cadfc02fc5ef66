"""An installation whose faults are really made: an app with a guard, a Valkey and a database of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from celery import Celery

import guard
from guard.core.diagnosis import Diagnosis, Family, Finding, Status
from guard.doctor.examination import examine
from guard.settings.masking import Secret
from tests.support.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "a secret for the doctor's tests"


class Clinic:
    """One installation. `check(name)` examines the family of a check and gives its finding."""

    def __init__(self, server: Valkey, folder: Path, **settings: Any) -> None:
        self.server = server
        number = server.fresh_db()
        self.number = number
        values = {
            "redis_url": server.url(number),
            "database_url": f"sqlite:///{folder / 'guard.db'}",
            "guard_secret_key": Secret(SECRET),
            "guard_local_close_file": str(folder / "closed"),
            **settings,
        }
        self.app = Celery("clinic", broker=server.broker_url(server.fresh_db()), set_as_current=False)
        self.app.conf.update(task_acks_late=True, task_reject_on_worker_lost=True)
        self.settings = guard.Settings(**values)
        self.guard = guard.install(self.app, self.settings)
        self.parts: Any = self.guard._parts

    def begin(self) -> None:
        """Make the tables, and have the control plane hold a state, as the first worker would."""
        self.parts.stores.durable.migrate()
        self.parts.stores.plane.overwrite(self.parts.stores.durable.read())

    def examine(self, *families: Family, **changed: Any) -> Diagnosis:
        """With neighbours that a test changes."""
        return examine(replace(self.parts.doctor.world(), **changed), families=families)

    def check(self, name: str, **changed: Any) -> Finding:
        """The finding of one check, by an examination of its family."""
        from guard.doctor.catalogue import CHECKS

        (family,) = {one.family for one in CHECKS if one.name == name}
        return self.examine(family, **changed).of(name)

    def is_well(self, name: str, **changed: Any) -> None:
        """Nothing is wrong with it."""
        found = self.check(name, **changed)
        assert found.status is Status.OK, found

    def suffers(self, name: str, status: Status, remedy: str, **changed: Any) -> Finding:
        """It is seen, and the remedy holds these words."""
        found = self.check(name, **changed)
        assert found.status is status, found
        assert remedy in found.remedy, found
        assert found.why
        return found

    def close(self) -> None:
        self.guard.close()
        if "durable" in self.parts.stores.__dict__:
            self.parts.stores.durable.engine.dispose()
        self.app.close()


@pytest.fixture(scope="module")
def own_server() -> Iterator[Valkey]:
    """A Valkey that may be maltreated; whoever does so mends it."""
    with Valkey(tcp=True) as server:
        yield server


@pytest.fixture
def clinic(own_server: Valkey, tmp_path: Path) -> Iterator[Clinic]:
    """A new installation on it, in good health."""
    made = Clinic(own_server, tmp_path)
    made.begin()
    try:
        yield made
    finally:
        made.close()
