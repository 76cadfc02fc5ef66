"""The doctor, wired. Loaded only by a process that asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.bootstrap.addressing import judged, with_kept
from guard.bootstrap.places import local_close_file
from guard.core.doctor_facts import Reachability
from guard.core.mail_server import Security, mail_server
from guard.doctor.examination import examine, families_of
from guard.doctor.probes import smtp_reachable, webhook_reachable
from guard.doctor.servers import DurableSide
from guard.doctor.world import World
from guard.observe.machine import Machine
from guard.settings.notifications import wanted_secrets
from guard.store.sql.secrets import SqlSecrets

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
        """Whether the webhook that counts is there; None: there is none. Raises StoreUnavailable."""
        settings, problems = self._current("maintenance_webhook_url")
        url = str(settings.maintenance_webhook_url)
        return webhook_reachable(url) if url else _left_out("maintenance_webhook_url", problems)

    def mail(self) -> Reachability | None:
        """Whether the mail server that counts is there; None: there is none, and nobody to write to. Raises
        StoreUnavailable."""
        settings, problems = self._current("guard_smtp_url")
        if settings.guard_smtp_url:
            server = mail_server(str(settings.guard_smtp_url))
            return smtp_reachable(server.host, server.port, _TLS[server.security])
        named = (settings.guard_mail_users, settings.guard_mail_operators, settings.guard_mail_emergency_team)
        if any(named) and settings.maintenance_notifications_enabled:
            problems |= {"addresses are named, and no mail server: guard_smtp_url is not kept either"}
        return _left_out("guard_smtp_url", problems)

    def _current(self, name: str) -> tuple[Settings, set[str]]:
        """The settings with this one as it counts, and why it does not where it is kept. By connections of
        the doctor's own: it makes no tables."""
        given = self._wiring.settings
        if name not in wanted_secrets(given):
            return given, set()
        known, problems = judged(given, self._kept([name]))
        return with_kept(given, known), problems

    def _kept(self, names: Collection[str]) -> dict[str, str | None]:
        # It has the engine of the examination, which others use at this moment: that closes it in the end.
        side = DurableSide(self.world())
        facts = side.look()
        if side.state(facts) is None:  # nobody has begun
            return {}
        return SqlSecrets(side, self._wiring.stores.sealer).texts(names)  # type: ignore[arg-type]

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


def _left_out(name: str, problems: set[str]) -> Reachability | None:
    why = "; ".join(sorted(problem for problem in problems if name in problem))
    return Reachability(reachable=False, note=why) if why else None
