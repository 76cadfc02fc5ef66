"""The doctor, wired. Loaded only by a process that asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.bootstrap.places import local_close_file
from guard.doctor.examination import examine, families_of
from guard.doctor.probes import webhook_reachable
from guard.doctor.world import World
from guard.observe.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from guard.bootstrap.wiring import Wiring
    from guard.core.diagnosis import Diagnosis
    from guard.core.doctor_facts import Reachability

__all__ = ["DoctorWiring"]


class DoctorWiring:
    """The doctor of one app. `webhook` and `mail` are the ways to people; None: none is set."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        url = str(wiring.settings.maintenance_webhook_url)
        self.webhook: Callable[[], Reachability] | None = (lambda: webhook_reachable(url)) if url else None
        self.mail: Callable[[], Reachability] | None = None

    def diagnose(
        self, only: Collection[str] = (), seen: Callable[[int, int], None] | None = None
    ) -> Diagnosis:
        """As `Guard.diagnose`."""
        return examine(self.world(), families=families_of(only), seen=seen)

    def world(self) -> World:
        """What the doctor may ask."""
        wiring = self._wiring
        return World(
            app=wiring.app,
            settings=wiring.settings,
            classifier=wiring.classifier,
            keys=wiring.stores.keys,
            redis_url=wiring.stores.redis_url,
            clock=wiring.clock,
            machine=Machine(),
            local_close=local_close_file(wiring.settings),
            timetable=lambda: wiring.routines.timetable,
            webhook=self.webhook,
            mail=self.mail,
        )
