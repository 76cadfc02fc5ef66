"""What a `Guard` has beside its windows: each area has its own questions, and is loaded when it is asked."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from guard.api.ledger import LedgerView
from guard.api.parked import Parked

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any

    from guard.api.access import Access
    from guard.api.alerts import Alerts
    from guard.api.attempts import Attempts
    from guard.api.audit import Audit
    from guard.api.bypasses import Bypasses
    from guard.api.drills import Drills
    from guard.api.evidence import EvidenceArea
    from guard.api.health import Health
    from guard.api.meter import Meter
    from guard.api.metrics import Metrics
    from guard.api.notifications import Notifications
    from guard.api.optimization import Optimization
    from guard.api.parts import Parts
    from guard.api.preview import Preview, Previewed
    from guard.api.records import Records
    from guard.api.reports import Reports
    from guard.api.requests import Requests
    from guard.api.routines import Routines
    from guard.api.secrets import Secrets
    from guard.api.sessions import Sessions
    from guard.core.diagnosis import Diagnosis
    from guard.core.named_events import EventName, NamedEvent
    from guard.core.registry import OperationRegistry
    from guard.core.roster import RosterEntry
    from guard.ports import DurableStore, WakeUp
    from guard.settings import Settings

__all__ = ["Areas"]


_HELD = ("attempts", "meter", "requests")
"""Areas that a web application's extension holds for as long as it lives."""


class Areas:
    """The areas of one app's guard."""

    def __init__(self, parts: Parts) -> None:
        self._at_close: list[Callable[[], object]] = []
        self._take(parts)

    def _take(self, parts: Parts) -> None:
        """Be made from these parts, and forget what was asked of others."""
        mine = self.__dict__
        kept = {name: mine[name] for name in ("_at_close", *_HELD) if name in mine}
        mine.clear()
        mine.update(kept)
        for name in kept.keys() & set(_HELD):
            kept[name].use(parts)
        self._parts = parts
        self.parked = Parked(parts)
        """The parked jobs: listed, released or discarded one by one."""
        self.ledger = LedgerView(parts)
        """The jobs that were accepted and have not ended, where the ledger is switched on."""

    def at_close(self, end: Callable[[], object]) -> None:
        """Have something ended with this guard, before all else: what would go on asking it."""
        self._at_close.append(end)

    def close(self) -> None:
        """Leave the registry, stop the agent of this process and close all connections.

        For tests and for processes that stop publishing. The next publish starts it again.
        """
        while self._at_close:
            self._at_close.pop()()
        if "sessions" in self.__dict__:
            self.sessions.close()
        if "metrics" in self.__dict__:
            self.metrics.close()
        if "notifications" in self.__dict__:
            self.notifications.close()
        if "attempts" in self.__dict__:
            self.attempts.close()
        if "meter" in self.__dict__:
            self.meter.close()
        self._parts.close()

    def subscribe(self, function: Callable[[NamedEvent], None], *names: EventName) -> None:
        """Have a function called with each named event of this process (docs/events.md), at once, in the
        thread in which something was decided or done: it must be quick and wait for nothing.

        Args:
            names: only with these; none: with all.
        """
        self._parts.announcer.subscribe(function, names or None)

    @functools.cached_property
    def requests(self) -> Requests:
        """What a web application asks of its requests; `check` and `check_request` are the short form."""
        from guard.api.requests import Requests

        return Requests(self._parts)

    @functools.cached_property
    def attempts(self) -> Attempts:
        """The requests that a window refused: counted, and what was counted."""
        from guard.api.attempts import Attempts

        return Attempts(self._parts)

    @functools.cached_property
    def sessions(self) -> Sessions:
        """The application's sessions: which are accepted, who may sign in, and what is to be deleted."""
        from guard.api.sessions import Sessions

        return Sessions(self._parts)

    @functools.cached_property
    def access(self) -> Access:
        """Who may do what over HTTP: tokens, sign-ins, second factors, approvals. Extra `access`."""
        from guard.api.access import Access

        return Access(self._parts)

    @functools.cached_property
    def bypasses(self) -> Bypasses:
        """The bypass tokens: listed, revoked, and asked for by a web app. `Guard.bypass` makes one."""
        from guard.api.bypasses import Bypasses

        return Bypasses(self._parts)

    @functools.cached_property
    def optimization(self) -> Optimization:
        """The weekly optimization: run it, or ask what the last run did."""
        from guard.api.optimization import Optimization

        return Optimization(self._parts)

    @functools.cached_property
    def evidence(self) -> EvidenceArea:
        """What an emergency leaves, copied into a folder with checksums."""
        from guard.api.evidence import EvidenceArea

        return EvidenceArea(self._parts)

    @functools.cached_property
    def drills(self) -> Drills:
        """The training scenarios as rehearsals: played, acknowledged, and their scores."""
        from guard.api.drills import Drills

        return Drills(self._parts, self)  # type: ignore[arg-type]  # a `Guard` is more than these areas

    @functools.cached_property
    def routines(self) -> Routines:
        """What beat runs by the timetable: health checks, reviews, sweeps; also by hand."""
        from guard.api.routines import Routines

        return Routines(self._parts)

    @functools.cached_property
    def metrics(self) -> Metrics:
        """What Prometheus is told. As text it needs the extra `metrics`."""
        from guard.api.metrics import Metrics

        return Metrics(self._parts)

    @functools.cached_property
    def alerts(self) -> Alerts:
        """What a person should know: listed, acknowledged, resolved; and the rules that raise it."""
        from guard.api.alerts import Alerts

        return Alerts(self._parts)

    @functools.cached_property
    def health(self) -> Health:
        """How the parts are: database, Redis, broker, workers, beat, disk, clock."""
        from guard.api.health import Health

        return Health(self._parts)

    @functools.cached_property
    def meter(self) -> Meter:
        """Where a web application says how its requests went."""
        from guard.api.meter import Meter

        return Meter(self._parts)

    @functools.cached_property
    def notifications(self) -> Notifications:
        """What was told to whom, and what waits to be sent."""
        from guard.api.notifications import Notifications

        return Notifications(self._parts)

    @functools.cached_property
    def reports(self) -> Reports:
        """Reports: weekly, monthly, of security audits, of windows and incidents; made, kept, handed on."""
        from guard.api.reports import Reports

        return Reports(self._parts)

    @functools.cached_property
    def audit(self) -> Audit:
        """The journal as evidence: proven, and written to files that prove themselves."""
        from guard.api.audit import Audit

        return Audit(self._parts)

    @functools.cached_property
    def secrets(self) -> Secrets:
        """Secrets that are kept encrypted in the database. Extra `access`."""
        from guard.api.secrets import Secrets

        return Secrets(self._parts)

    @functools.cached_property
    def records(self) -> Records:
        """What is kept: windows, the journal, alerts."""
        from guard.api.records import Records

        return Records(self._parts)

    def workers(self) -> list[RosterEntry] | None:
        """The registered agents, workers and publishing processes; None when the registry does not
        answer."""
        return self._parts.conducting.roster()

    def state_is_known(self) -> bool:
        """Whether a store can say the state now: the question that costs least while both are away."""
        from guard.errors import StoreError

        for store in (self._parts.stores.plane, self._parts.stores.durable):
            try:
                store.read()
            except StoreError:
                continue
            return True
        return False

    def listen(self, name: str) -> WakeUp:
        """A subscription to changes of the state, with this name at the server. Close it when done."""
        return self._parts.stores.listen(name)

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._parts.settings

    @property
    def operations(self) -> OperationRegistry:
        """The registry: declare operations and add rules while the app is set up."""
        return self._parts.registry

    @property
    def durable(self) -> DurableStore:
        """The durable store: state, history, journal."""
        return self._parts.stores.durable

    def preview(
        self: Previewed,
        *,
        mode: str = "normal",
        duration: float | None = None,
        sessions: str | None = None,
        scope: Mapping[str, Any] | None = None,
    ) -> Preview:
        """What a window would meet if it were opened now: jobs that run and wait, sessions, what it would
        block. Changes nothing; takes up to about 3 seconds, since workers are asked. Never raises for a
        server that is away: what it would have said is None.

        Args:
            mode, duration, sessions, scope: as `Guard.enable` takes them.

        Raises:
            InvalidRequest: the mode or the scope is wrong.
        """
        from guard.api.preview import make_preview

        return make_preview(self._parts, self, mode=mode, duration=duration, sessions=sessions, scope=scope)

    def diagnose(
        self, *, only: Collection[str] = (), seen: Callable[[int, int], None] | None = None
    ) -> Diagnosis:
        """Look for the causes of what the troubleshooting guide describes: about forty checks, each with
        what was seen, why it matters, and the remedy. Changes nothing, takes 2 to 15 seconds, and never
        raises for a server that is away.

        Args:
            only: families: ``activation``, ``blocking``, ``sessions``, ``emergency``, ``performance``; all
                when empty.
            seen: told how many sources have answered and how many there are, for a progress bar.

        Raises:
            InvalidRequest: there is no such family.
        """
        return self._parts.doctor.diagnose(only, seen)
