"""The doctor, wired. Loaded only by a process that asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.bootstrap.places import local_close_file
from guard.core.doctor_facts import Reachability
from guard.core.mail_server import Security, mail_server
from guard.doctor.examination import examine, families_of
from guard.doctor.probes import smtp_reachable, webhook_reachable
from guard.doctor.world import World
from guard.observe.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from guard.bootstrap.wiring import Wiring
    from guard.core.diagnosis import Diagnosis
    from guard.settings import Settings

__all__ = ["DoctorWiring"]

_TLS = {Security.NONE: "none", Security.STARTTLS: "starttls", Security.TLS: "tls"}


class DoctorWiring:
    """The doctor of one app."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    def webhook(self) -> Reachability | None:
        """Whether the webhook that counts is there; None: there is none."""
        url = str(self._current().maintenance_webhook_url)
        return webhook_reachable(url) if url else None

    def mail(self) -> Reachability | None:
        """Whether the mail server that counts is there; None: there is none, and nobody to write to."""
        settings = self._current()
        if settings.guard_smtp_url:
            server = mail_server(str(settings.guard_smtp_url))
            return smtp_reachable(server.host, server.port, _TLS[server.security])
        named = (settings.guard_mail_users, settings.guard_mail_operators, settings.guard_mail_emergency_team)
        if not any(named) or not settings.maintenance_notifications_enabled:
            return None
        why = "addresses are named, and no mail server that counts, in the environment or in the database"
        return Reachability(reachable=False, note=why)

    def _current(self) -> Settings:
        return self._wiring.stores.addressing.current()

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
