"""What the API is made from: the parts of one app, as `guard.bootstrap` wires them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from celery import Celery

    from guard.access.admission import Admission
    from guard.access.journal import AccessJournal
    from guard.access.limits import Limits
    from guard.access.pages import Pages
    from guard.access.step_up import StepUp
    from guard.access.tokens import Tokens
    from guard.api.attempts import AttemptBooks
    from guard.api.records import JournalReader
    from guard.automation.house import House
    from guard.automation.optimization import WeeklyOptimization
    from guard.automation.routines import Runner
    from guard.automation.schedule import Due, Windows
    from guard.automation.watch import Watch
    from guard.core.audit_chain import ChainKeys
    from guard.core.counts import Count
    from guard.core.deliveries import Delivery
    from guard.core.diagnosis import Diagnosis
    from guard.core.notifications import Message, Receivers
    from guard.core.operations import OperationKind
    from guard.core.registry import OperationRegistry
    from guard.core.roster import RosterEntry
    from guard.core.session_sweep import SessionStats
    from guard.core.state import GuardState
    from guard.core.timetable import Entry
    from guard.evidence.parts import Part
    from guard.fleet.broker import Broker
    from guard.fleet.queues import Queues
    from guard.gates.publish import PublishGate
    from guard.gates.runtime import Runtime
    from guard.notify.sender import SentReport
    from guard.observe.announcer import Announcer
    from guard.orchestrator.advancing import Advancing
    from guard.orchestrator.conductor import Conductor
    from guard.orchestrator.draining import Draining
    from guard.orchestrator.rollback import Rollback
    from guard.orchestrator.session_cleaning import SessionCleaning
    from guard.ports import (
        Clock,
        ControlPlane,
        DurableStore,
        FigureBooks,
        LedgerBooks,
        Outcomes,
        ParkedIndex,
        Schedules,
        Tally,
        WakeUp,
    )
    from guard.reports.making import Making
    from guard.session_ports import SessionMarks
    from guard.settings import Settings
    from guard.store.head_apart import HeadApart
    from guard.store.redis.bypasses import RedisBypasses
    from guard.store.redis.watched import RedisWatched
    from guard.store.sealing import Sealer
    from guard.store.sql.alerts import SqlAlerts
    from guard.store.sql.audit_chain import SqlAuditChain
    from guard.store.sql.bypasses import SqlBypasses
    from guard.store.sql.drills import SqlDrills
    from guard.store.sql.outbox import SqlOutbox
    from guard.store.sql.reports import SqlReports
    from guard.store.sql.routines import SqlRoutines
    from guard.store.sql.secrets import SqlSecrets

__all__ = [
    "AccessParts",
    "ConductingParts",
    "DoctorParts",
    "EvidenceParts",
    "NotifyParts",
    "Parts",
    "ReportingParts",
    "RoutineParts",
    "SchedulingParts",
    "SessionParts",
    "StoreParts",
    "WatchingParts",
]


class StoreParts(Protocol):
    """The stores of an app."""

    @property
    def durable(self) -> DurableStore: ...
    @property
    def alerts(self) -> SqlAlerts: ...
    @property
    def schedules(self) -> Schedules: ...
    @property
    def plane(self) -> ControlPlane: ...
    @property
    def index(self) -> ParkedIndex: ...
    @property
    def tally(self) -> Tally: ...
    @property
    def figures(self) -> FigureBooks: ...
    @property
    def session_marks(self) -> SessionMarks: ...
    @property
    def attempts(self) -> AttemptBooks: ...
    @property
    def outcomes(self) -> Outcomes: ...
    @property
    def ledger(self) -> LedgerBooks: ...
    @property
    def bypasses(self) -> SqlBypasses: ...
    @property
    def drills(self) -> SqlDrills: ...
    @property
    def bypass_marks(self) -> RedisBypasses: ...
    @property
    def journal(self) -> JournalReader: ...
    @property
    def audit_chain(self) -> SqlAuditChain: ...
    @property
    def chain_keys(self) -> ChainKeys: ...
    @property
    def head_apart(self) -> HeadApart: ...
    @property
    def sealer(self) -> Sealer: ...
    @property
    def secrets(self) -> SqlSecrets: ...
    def secrets_changed(self) -> None: ...
    def listen(self, name: str) -> WakeUp: ...


class ConductingParts(Protocol):
    """What opens, ends and describes windows."""

    @property
    def conductor(self) -> Conductor: ...
    @property
    def advancing(self) -> Advancing: ...
    @property
    def draining(self) -> Draining: ...
    @property
    def rollback(self) -> Rollback: ...
    @property
    def queues(self) -> Queues: ...
    def roster(self) -> list[RosterEntry] | None: ...
    def parked_count(self) -> int | None: ...
    def warnings(self, state: GuardState) -> tuple[str, ...]: ...
    def carries(self, queues: list[str]) -> Mapping[str, Collection[OperationKind]]: ...


class RoutineParts(Protocol):
    """What runs routines."""

    @property
    def names(self) -> Sequence[str]: ...
    @property
    def timetable(self) -> Sequence[Entry]: ...
    @property
    def runner(self) -> Runner: ...
    @property
    def store(self) -> SqlRoutines: ...


class WatchingParts(Protocol):
    """What watches figures, and says how the parts are."""

    @property
    def watch(self) -> Watch: ...
    @property
    def watched(self) -> RedisWatched: ...
    @property
    def house(self) -> House: ...


class ReportingParts(Protocol):
    """What makes and keeps reports."""

    @property
    def kept(self) -> SqlReports: ...
    @property
    def making(self) -> Making: ...


class SessionParts(Protocol):
    """What counts and deletes the application's sessions."""

    @property
    def cleaning(self) -> SessionCleaning: ...
    def size(self) -> int | None: ...
    def stats(
        self,
        state: GuardState | None,
        *,
        problems: tuple[str, ...] = (),
        seen: Callable[[int], None] | None = None,
    ) -> SessionStats: ...


class NotifyParts(Protocol):
    """What tells people."""

    @property
    def settings(self) -> Settings: ...
    @property
    def receivers(self) -> Receivers: ...
    @property
    def outbox(self) -> SqlOutbox: ...
    def send(self, message: Message) -> Sequence[Delivery]: ...
    def look_for_overrun(self) -> None: ...
    def run(self) -> SentReport | None: ...
    def run_quickly(self) -> SentReport: ...


class SchedulingParts(Protocol):
    """What brings planned windows on."""

    def due(self, windows: Windows) -> Due: ...


class DoctorParts(Protocol):
    """What finds causes."""

    def diagnose(
        self, only: Collection[str] = (), seen: Callable[[int, int], None] | None = None
    ) -> Diagnosis: ...


class EvidenceParts(Protocol):
    """What collects evidence."""

    def parts(self, logs: Sequence[str]) -> list[Part]: ...


class AccessParts(Protocol):
    """What lets callers over HTTP in, or not."""

    @property
    def tokens(self) -> Tokens: ...
    @property
    def pages(self) -> Pages: ...
    @property
    def step_up(self) -> StepUp: ...
    @property
    def admission(self) -> Admission: ...
    @property
    def limits(self) -> Limits: ...
    @property
    def journal(self) -> AccessJournal: ...
    def close(self) -> None: ...


class Parts(Protocol):
    """What `Guard` works with; bootstrap wires it, and loads what conducts only when it is asked for."""

    app: Celery
    settings: Settings
    registry: OperationRegistry
    runtime: Runtime
    broker: Broker

    @property
    def clock(self) -> Clock: ...
    @property
    def stores(self) -> StoreParts: ...
    @property
    def conducting(self) -> ConductingParts: ...
    @property
    def routines(self) -> RoutineParts: ...
    @property
    def watching(self) -> WatchingParts: ...
    @property
    def reporting(self) -> ReportingParts: ...
    @property
    def sessions(self) -> SessionParts: ...
    @property
    def scheduling(self) -> SchedulingParts: ...
    @property
    def notify(self) -> NotifyParts: ...
    @property
    def evidence(self) -> EvidenceParts: ...
    @property
    def access(self) -> AccessParts: ...
    @property
    def doctor(self) -> DoctorParts: ...
    @property
    def gate(self) -> PublishGate: ...
    @property
    def optimization(self) -> WeeklyOptimization: ...
    @property
    def announcer(self) -> Announcer: ...
    def count_now(self, window_id: str, kind: Count, operation: str) -> None: ...
    def close(self) -> None: ...
