"""One examination: asks what the wanted checks need, judges, and closes what it opened."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from guard.core.diagnosis import Diagnosis, Family, diagnose, needed_for
from guard.core.doctor_facts import SettingFacts
from guard.core.generation import SessionPolicy
from guard.core.key_fingerprint import fingerprint
from guard.core.modes import Mode
from guard.core.suggest import did_you_mean
from guard.doctor.asking import Asked, ask_all
from guard.doctor.catalogue import CHECKS, SOURCES, sources_of
from guard.doctor.fleet import FleetSide
from guard.doctor.local import contradictions, look_at_machine
from guard.doctor.servers import DurableSide, RedisSide
from guard.doctor.sessions import SessionSide
from guard.errors import InvalidRequest
from guard.observe.release import release
from guard.settings.notifications import wanted_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from guard.core.appointments import Every
    from guard.core.diagnosis import Source
    from guard.doctor.world import World

__all__ = ["examine", "families_of"]

_CLOSE_SECONDS = 1.0


def families_of(names: Collection[str]) -> frozenset[Family]:
    """Families by their names. Raises InvalidRequest with every one that is not there."""
    known = [family.value for family in Family]
    wrong = [name for name in names if name not in known]
    if wrong:
        raise InvalidRequest(
            *(
                f"there is no family {name[:40]!r}: use {', '.join(known)}{did_you_mean(name, known)}"
                for name in wrong
            )
        )
    return frozenset(Family(name) for name in names)


def examine(
    world: World,
    *,
    families: Collection[Family] = (),
    seen: Callable[[int, int], None] | None = None,
) -> Diagnosis:
    """Ask and judge. Changes nothing, never raises for a server that is away, and ends within 15 seconds.

    Args:
        families: only these, and what keeps their checks from being looked at; all when empty.
        seen: told how many sources have answered, and of how many.
    """
    began = world.clock.boot()
    sources = _sources(world)
    wanted = needed_for([one for one in CHECKS if not families or one.family in families], sources)
    # The roots say why a source is lost, so what they ask is asked too.
    roots = {sources[name].root for name in wanted}
    checks = [one for one in CHECKS if not families or one.family in families or one.name in roots]
    needed = needed_for(checks, sources)
    sides = _Sides(world)
    try:
        asked = [
            Asked(source=sources[name], ask=ask, given=len(SOURCES[name].needs))
            for name, ask in sides.asks().items()
            if name in needed
        ]
        answers = ask_all(asked, seen=seen)
    finally:
        sides.close()
    findings = diagnose(checks, sources, answers, families=families)
    return Diagnosis(findings=findings, seconds=world.clock.boot() - began)


def _sources(world: World) -> dict[str, Source]:
    settings, conf = world.settings, world.app.conf
    return sources_of(
        sessions_are_there=not settings.guard_session_redis_url,
        broker_is_there=world.redis_url == str(conf.broker_write_url or conf.broker_url or ""),
        users_are_there=not settings.has_foreign_database,
        kept=wanted_secrets(settings),
    )


class _Sides:
    """Everything that is asked, made for one examination."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._durable = DurableSide(world)
        self._redis = RedisSide(world)
        self._fleet = FleetSide(world, lambda: self._redis.client)
        self._sessions = SessionSide(world)

    def asks(self) -> dict[str, Callable[..., Any]]:
        """How each source is asked."""
        world, durable, redis, fleet = self._world, self._durable, self._redis, self._fleet
        return {
            "settings": lambda: _settings(world),
            "machine": lambda: look_at_machine(world),
            "webhook": lambda: world.webhook() if world.webhook is not None else None,
            "mail": lambda: world.mail() if world.mail is not None else None,
            "durable": durable.look,
            "state": durable.state,
            "longest": durable.longest_plan,
            "lastrun": self._last_run,
            "redis": redis.look,
            "record": redis.record,
            "live": redis.live,
            "roster": redis.roster,
            "broker": fleet.broker,
            "replies": fleet.replies,
            "unguarded": fleet.unguarded,
            "jobs": fleet.jobs,
            "parked": fleet.parked,
            "beats": fleet.beats,
            "sessions": self._sessions.look,
            "users": self._sessions.has_users,
            "sqllocks": durable.locks,
            "redislocks": lambda _server: redis.locks(),
        }

    def _last_run(self, state: Any) -> tuple[float, float] | None:
        """Seconds since a routine by interval last ran, and the shortest interval of one."""
        frequent: dict[str, Every] = {
            entry.name: entry.when  # type: ignore[misc]
            for entry in self._world.timetable()
            if entry.is_frequent and entry.recorded
        }
        last = self._durable.last_run(state, frequent.keys())
        if last is None:
            return None
        return self._world.clock.wall() - last, min(one.seconds for one in frequent.values())

    def close(self) -> None:
        """Close connections. Beside, since one that hangs would hang here too."""
        thread = threading.Thread(target=self._close, name="guard-doctor-close", daemon=True)
        thread.start()
        thread.join(_CLOSE_SECONDS)

    def _close(self) -> None:
        self._fleet.close()
        self._redis.close()
        self._sessions.close()
        self._durable.close()


def _settings(world: World) -> SettingFacts:
    settings = world.settings
    ends = {
        mode: settings.sessions_policy(mode.value) is SessionPolicy.INVALIDATE
        for mode in (Mode.NORMAL, Mode.EMERGENCY)
    }
    return SettingFacts(
        enabled=settings.maintenance_mode_enabled,
        contradictions=tuple(contradictions(world)),
        namespace=settings.guard_namespace,
        signed=settings.secret is not None,
        key=fingerprint(settings.secret),
        release=release(),
        lease=settings.guard_lease_seconds,
        timeout=settings.guard_timeout_seconds,
        usual=float(settings.maintenance_default_timeout),
        moment=world.clock.wall(),
        normal=ends[Mode.NORMAL],
        emergency=ends[Mode.EMERGENCY],
    )

