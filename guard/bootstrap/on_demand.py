"""What few processes need: loaded by whoever asks for it first. A worker loads none of it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, cast

from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from guard.automation.optimization import WeeklyOptimization
    from guard.bootstrap.access import AccessParts
    from guard.bootstrap.conducting import Conducting
    from guard.bootstrap.doctor import DoctorWiring
    from guard.bootstrap.evidence import EvidenceWiring
    from guard.bootstrap.notify import Notifying
    from guard.bootstrap.reports import Reporting
    from guard.bootstrap.routines import RoutineWiring
    from guard.bootstrap.schedule import Scheduling
    from guard.bootstrap.sessions import SessionParts
    from guard.bootstrap.watching import Watching
    from guard.bootstrap.wiring import Wiring

__all__ = ["OnDemand"]


class OnDemand:
    """The parts of one app that are made when somebody asks for them."""

    @property
    def _whole(self) -> Wiring:
        return cast("Wiring", self)

    @functools.cached_property
    def conducting(self) -> Conducting:
        """What opens, ends and describes windows: not loaded by a process that does none of it."""
        from guard.bootstrap.conducting import Conducting

        return Conducting(self._whole)

    @functools.cached_property
    def optimization(self) -> WeeklyOptimization:
        """The weekly optimization: loaded by who runs it, or ends what a dead run has left."""
        from guard.bootstrap.optimization import weekly_optimization

        return weekly_optimization(self._whole)

    @functools.cached_property
    def routines(self) -> RoutineWiring:
        """What runs routines: not loaded by a process that runs none."""
        from guard.bootstrap.routines import RoutineWiring

        return RoutineWiring(self._whole)

    @functools.cached_property
    def watching(self) -> Watching:
        """What watches figures and says how the parts are: not loaded by a process that is never asked."""
        from guard.bootstrap.watching import Watching

        return Watching(self._whole)

    @functools.cached_property
    def reporting(self) -> Reporting:
        """What makes reports: not loaded by a process that neither makes nor shows any."""
        from guard.bootstrap.reports import Reporting

        return Reporting(self._whole)

    @functools.cached_property
    def sessions(self) -> SessionParts:
        """The application's sessions: not loaded by a process that neither counts nor deletes any."""
        from guard.bootstrap.sessions import SessionParts

        return SessionParts(self._whole)

    @functools.cached_property
    def evidence(self) -> EvidenceWiring:
        """What collects evidence: not loaded by a process that collects none."""
        from guard.bootstrap.evidence import EvidenceWiring

        return EvidenceWiring(self._whole)

    @functools.cached_property
    def scheduling(self) -> Scheduling:
        """What brings planned windows on: not loaded by a process that does not."""
        from guard.bootstrap.schedule import Scheduling

        return Scheduling(self._whole)

    @functools.cached_property
    def notify(self) -> Notifying:
        """What tells people: not loaded by a process that tells nobody."""
        from guard.bootstrap.notify import Notifying

        return Notifying(self._whole)

    @functools.cached_property
    def doctor(self) -> DoctorWiring:
        """What finds causes: not loaded by a process that asks for none."""
        from guard.bootstrap.doctor import DoctorWiring

        return DoctorWiring(self._whole)

    @functools.cached_property
    def access(self) -> AccessParts:
        """Who may do what over HTTP: not loaded by a process that asks nobody."""
        try:
            from guard.bootstrap.access import AccessParts
        except ModuleNotFoundError as error:
            raise InvalidRequest(
                f"this needs the extra `access` ({error.name} is missing): "
                "pip install 'celery-maintenance-guard[access]'"
            ) from error

        return AccessParts(self._whole)

    def close_demanded(self) -> None:
        """Close those of them that were made and hold something."""
        for name in ("watching", "conducting", "sessions", "access"):
            if name in self.__dict__:
                self.__dict__[name].close()
