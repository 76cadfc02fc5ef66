"""All checks, causes before consequences, each with the symptom of the guide that it explains."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from guard.core import activation_checks as activation
from guard.core import blocking_checks as blocking
from guard.core import emergency_checks as emergency
from guard.core import performance_checks as performance
from guard.core import session_checks as sessions
from guard.core.diagnosis import Check, Family, Source

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["CHECKS", "SOURCES", "sources_of"]


def _sources(*rows: tuple[str, str, tuple[str, ...]]) -> dict[str, Source]:
    return {name: Source(name=name, root=root, needs=needs) for name, root, needs in rows}


SOURCES = _sources(
    # name           root check             needs
    ("settings", "settings", ()),
    ("machine", "libraries", ()),
    ("webhook", "webhook", ()),
    ("mail", "mail server", ()),
    ("durable", "durable store", ()),
    ("state", "migration", ("durable",)),
    ("longest", "visibility timeout", ("state",)),
    ("lastrun", "beat", ("state",)),
    ("redis", "control plane", ()),
    ("record", "guard state", ("redis",)),
    ("live", "guard state", ("record",)),
    ("roster", "workers", ("redis",)),
    ("broker", "broker", ()),
    ("replies", "remote control", ("roster", "broker")),
    ("unguarded", "consumers without a guard", ("roster", "broker")),
    ("jobs", "tasks", ()),
    ("parked", "parked jobs", ("roster", "broker")),
    ("beats", "beat", ("roster", "lastrun")),
    ("sessions", "session store", ()),
    ("users", "users", ()),
    ("sqllocks", "locks", ("state",)),
    ("redislocks", "locks", ("redis",)),
)
"""What is asked, which check says that it is lost, and what must have answered before."""

_START = 'Clicking "Enable Maintenance Mode" has no effect'
_INACTIVE = 'Maintenance status remains "inactive" after activation attempt'
_QUIET = "No error messages displayed to user"
_AS_BEFORE = "Operations continue to work normally"
_STILL = 'Maintenance mode shows as "active" but users can still perform blocked operations'
_NOTHING = "System appears to be in maintenance mode but doesn't block anything"
_NO_MESSAGE = "No maintenance messages displayed to users"
_NORMAL = "Operations that should be blocked return normal responses"
_RETAIN = "Non-admin users retain access during maintenance mode"
_LOG_IN = "Users can still log in during maintenance"
_CLEANUP = "Session cleanup doesn't remove user sessions"
_ADMINS = "Admin users lose access (should be preserved)"
_NO_EMERGENCY = "Emergency mode doesn't activate when triggered"
_NOT_ENDED = "Jobs don't terminate during emergency mode"
_NO_WAY_OUT = "Emergency mode can't be deactivated"
_SLOW = "Slow response times during maintenance mode"
_MEMORY = "High CPU or memory usage"
_DATABASE = "Database connection timeouts"
_REDIS = "Redis performance issues"
_STUCK = "User interface becomes unresponsive"

_ACTIVATION = (
    ("settings", _START, ("settings",), lambda facts: activation.settings_agree(facts.contradictions),
     "nobody can say what is configured", "celery -A yourapp maintenance check"),
    ("switched on", _START, ("settings",), lambda facts: activation.switched_on(facts.enabled)),
    ("durable store", _START, ("durable",), activation.durable_store,
     "windows are opened in it first, so none can be opened",
     "start the database, then: celery -A yourapp maintenance check   (an emergency works without)"),
    ("migration", _START, ("durable", "state?"), activation.tables,
     "no window can be opened", "celery -A yourapp maintenance migrate"),
    ("control plane", _INACTIVE, ("redis",), activation.control_plane,
     "no process can renew its lease: everything guarded is closed until it answers",
     "start Redis, or correct REDIS_URL; then: celery -A yourapp maintenance check"),
    ("redis commands", _INACTIVE, ("redis",), activation.commands),
    ("guard state", _INACTIVE, ("record",), activation.state_record,
     "whoever cannot read the state stays closed", "celery -A yourapp maintenance status"),
    ("broker", _QUIET, ("broker",), activation.broker,
     "nothing can be published, parked or given back",
     "start the broker, or correct broker_url; then: celery -A yourapp maintenance check"),
    ("workers", _AS_BEFORE, ("roster", "settings"),
     lambda roster, facts: blocking.workers_there(roster, facts.lease),
     "nobody can say who runs jobs", "celery -A yourapp maintenance check"),
    ("remote control", _QUIET, ("replies", "roster", "settings"),
     lambda replies, roster, facts: emergency.remote_control(replies, roster, facts.lease),
     "nobody can ask the workers", "celery -A yourapp inspect ping"),
    ("sqlite file", _INACTIVE, ("durable", "roster?"),
     lambda durable, roster: activation.file_place(durable, activation.hosts_of(roster or ()))),
    ("shared prefix", _INACTIVE, ("state", "live", "settings"),
     lambda state, live, facts: activation.shared_prefix(state, live, facts.namespace)),
    ("stores agree", _INACTIVE, ("state", "live"), activation.stores_agree),
    ("libraries", _AS_BEFORE, ("machine", "settings", "replies?"),
     lambda machine, facts, replies: activation.releases(machine, replies or (), facts.release),
     "nobody can say what this machine has", "celery -A yourapp report"),
    ("time zone", _INACTIVE, ("machine",), activation.zones),
    ("clocks", _INACTIVE, ("durable?", "redis?", "replies?"),
     lambda durable, redis, replies: activation.clocks({
        "the database": durable.ahead if durable else None, "Redis": redis.ahead if redis else None,
        **{one.node: one.ahead for one in replies or ()}})),
    ("beat", _INACTIVE, ("beats", "replies?"),
     lambda beats, replies: activation.beats(beats, replies or ()),
     "nobody can say whether planned windows begin", "celery -A yourapp maintenance routines list"),
    ("webhook", _QUIET, ("webhook",),
     lambda probe: activation.reachable("webhook", probe, "MAINTENANCE_WEBHOOK_URL"),
     "nobody hears of windows by this way", "correct MAINTENANCE_WEBHOOK_URL, or open the firewall to it"),
    ("mail server", _QUIET, ("mail",),
     lambda probe: activation.reachable("mail server", probe, "mail settings"),
     "nobody hears of windows by mail", "correct the mail settings, or open the firewall to the server"),
)  # fmt: skip
_BLOCKING = (
    ("self-test", _NORMAL, ("roster",), blocking.self_tests),
    ("consumers without a guard", _STILL, ("unguarded",), blocking.unguarded,
     "nobody can say whether somebody takes jobs whatever the guard says",
     "celery -A yourapp inspect active_queues"),
    ("worker epochs", _NORMAL, ("roster", "live", "settings"),
     lambda roster, live, facts: blocking.epochs(roster, live, facts.lease)),
    ("signing key", _NOTHING, ("settings",), lambda facts: blocking.signing_key(facts.signed)),
    ("keys alike", _NOTHING, ("replies", "settings"),
     lambda replies, facts: blocking.keys_alike(replies, facts.key)),
    ("tasks", _NO_MESSAGE, ("jobs",), blocking.unmatched,
     "nobody can say which work is guarded", "celery -A yourapp maintenance check"),
    ("queues served", _NOTHING, ("jobs", "roster", "settings"),
     lambda jobs, roster, facts: blocking.queues_served(jobs, roster, facts.lease)),
)  # fmt: skip
_SESSIONS = (
    ("session store", _CLEANUP, ("sessions",), sessions.session_store,
     "nobody can say whose sessions there are; none of a non-admin is accepted while a window bars them",
     "start that Redis, or correct GUARD_SESSION_REDIS_URL"),
    ("session layout", _CLEANUP, ("sessions",), sessions.session_layout),
    ("sign-in flag", _LOG_IN, ("sessions", "live"), sessions.sign_in_flag),
    ("users", _ADMINS, ("users", "sessions"), sessions.users_table,
     "nobody is known to be an admin", "correct GUARD_APP_DATABASE_URL"),
    ("sessions end", _RETAIN, ("settings",), lambda facts: sessions.policies(facts.normal, facts.emergency)),
)  # fmt: skip
_EMERGENCY = (
    ("jobs can be ended", _NOT_ENDED, ("roster", "settings"),
     lambda roster, facts: emergency.endable(roster, facts.lease)),
    ("workers can stop", _NOT_ENDED, ("jobs", "roster", "settings"),
     lambda jobs, roster, facts: emergency.stoppable(jobs, roster, facts.lease)),
    ("local close", _NO_WAY_OUT, ("machine", "live?"), emergency.local_close),
    ("window in time", _NO_WAY_OUT, ("live", "settings"),
     lambda live, facts: emergency.overdue(live, facts.usual, facts.moment)),
    ("parked jobs", _NO_WAY_OUT, ("parked", "live"), emergency.parked_left,
     "nobody can say what waits", "celery -A yourapp maintenance parked"),
    ("tasks of parked jobs", _NO_WAY_OUT, ("parked",), emergency.parked_known),
    ("locks", _NO_EMERGENCY, ("sqllocks", "redislocks"), lambda sql, redis: emergency.locks([*sql, *redis]),
     "nobody can say what is held", "celery -A yourapp maintenance check"),
    ("visibility timeout", _NOT_ENDED, ("jobs", "longest"), emergency.visibility,
     "nobody can say how long planned windows last", "celery -A yourapp maintenance schedule list"),
    ("late acknowledgement", _NOT_ENDED, ("jobs",), emergency.late_acks),
)  # fmt: skip
_PERFORMANCE = (
    ("eviction policy", _REDIS, ("redis", "broker?"),
     lambda redis, broker: performance.eviction(redis, broker.policy if broker else None)),
    ("redis memory", _MEMORY, ("redis",), performance.memory),
    ("answer times", _SLOW, ("redis", "durable", "settings"),
     lambda redis, durable, facts: performance.answer_times(redis, durable, facts.timeout)),
    ("result expiry", _STUCK, ("jobs", "longest"), performance.result_expiry),
    ("database connections", _DATABASE, ("durable",), performance.connections),
    ("disk", _STUCK, ("machine",), performance.disks),
)  # fmt: skip


def _checks(family: Family, rows: tuple[tuple[object, ...], ...]) -> tuple[Check, ...]:
    names = ("name", "symptom", "asks", "judge", "why", "remedy")
    return tuple(Check(family=family, **dict(zip(names, row, strict=False))) for row in rows)  # type: ignore[arg-type]


CHECKS = (
    *_checks(Family.ACTIVATION, _ACTIVATION),
    *_checks(Family.BLOCKING, _BLOCKING),
    *_checks(Family.SESSIONS, _SESSIONS),
    *_checks(Family.EMERGENCY, _EMERGENCY),
    *_checks(Family.PERFORMANCE, _PERFORMANCE),
)
"""In the order in which they are told."""


def sources_of(
    *, sessions_are_there: bool, broker_is_there: bool, users_are_there: bool, kept: Collection[str] = ()
) -> dict[str, Source]:
    """The sources of an installation: what shares a server is lost with it, and one cause is one problem.

    Args:
        sessions_are_there: whether the sessions are in the control plane's Redis.
        broker_is_there: whether the broker is that Redis.
        users_are_there: whether the application's tables are in the durable store's database.
        kept: settings that are looked for in the durable store, since the environment has none.
    """
    more = {
        "sessions": ("redis",) if sessions_are_there else (),
        "broker": ("redis",) if broker_is_there else (),
        "users": ("durable",) if users_are_there else (),
        "webhook": ("durable",) if "maintenance_webhook_url" in kept else (),
        "mail": ("durable",) if "guard_smtp_url" in kept else (),
    }
    return {name: replace(one, needs=(*one.needs, *more.get(name, ()))) for name, one in SOURCES.items()}
