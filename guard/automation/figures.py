"""Figures for the rules, read from servers, machine and windows: what each interval looks at.

What does not answer is unknown, and why. A server that was found away is not asked again in the same look:
each question would wait for its time-out.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from celery.exceptions import SoftTimeLimitExceeded

from guard.automation.notes import in_short
from guard.core.counts import Count
from guard.core.modes import Mode, Phase
from guard.core.overdue import overdue_since
from guard.core.readings import Reading
from guard.core.state import newer
from guard.errors import StoreError, Unanswerable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from guard.automation.watch_parts import WatchParts
    from guard.core.state import GuardState
    from guard.ports import StateReader

__all__ = ["FEWEST_REQUESTS", "application_figures", "database_figures", "known_state", "system_figures"]

FEWEST_REQUESTS = 10
"""In five minutes; fewer say nothing about how fast an application answers."""
_MINUTES = 5
_DRAIN_SECONDS = 1800.0
"""A drain without a deadline is late after so long."""


def known_state(parts: WatchParts, redis_problem: str = "") -> GuardState | None:
    """The state as the stores have it; None when neither can say. With `redis_problem` only SQL is asked."""
    found = []
    stores: list[StateReader] = [parts.durable] if redis_problem else [parts.durable, parts.plane]
    for store in stores:
        try:
            found.append(store.read())
        except StoreError:
            continue
    return newer(*found) if len(found) == 2 else next(iter(found), None)


def application_figures(
    parts: WatchParts, state: GuardState | None, now: float, redis_problem: str
) -> list[Reading]:
    """Requests, and the window that is open."""
    found = list(_requests(parts, now, redis_problem))
    if state is not None:
        found += _window(parts, state, now, redis_problem)
    return found


def system_figures(parts: WatchParts, redis_problem: str) -> list[Reading]:
    """Servers, workers, this machine. `redis_problem`: why Redis does not answer; empty when it does."""
    redis = Reading(figure="redis-away", value=float(bool(redis_problem)), about=redis_problem)
    found = [
        _away("database-away", parts.durable.read),
        redis,
        _away("broker-away", parts.ask_broker),
        *_machine(parts),
    ]
    if redis.value:
        return [*found, *(Reading.unknown(name, "Redis does not answer") for name in _OF_REDIS)]
    return [*found, *_workers(parts), _asked("redis-memory", lambda: _redis_memory(parts))]


_OF_REDIS = ("workers-away", "workers-silent", "redis-memory")


def database_figures(parts: WatchParts) -> list[Reading]:
    """What the application's database says about itself."""
    return [
        _asked("connections", lambda: _connections(parts)),
        _asked(
            "slow-queries",
            lambda: Reading(figure="slow-queries", counts=(float(parts.database.slow_queries()),)),
        ),
        *_replication(parts),
    ]


def _asked(figure: str, ask: Callable[[], Reading], subject: str = "") -> Reading:
    try:
        return ask()
    except SoftTimeLimitExceeded:
        raise
    except Unanswerable as error:
        return Reading.absent(figure, in_short(error), subject)
    except Exception as error:  # noqa: BLE001 - whatever breaks in one question, the others are asked
        return Reading.unknown(figure, in_short(error), subject)


def _away(figure: str, ask: Callable[[], object]) -> Reading:
    try:
        ask()
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:  # noqa: BLE001 - each server's client has errors of its own
        return Reading(figure=figure, value=1.0, about=in_short(error))
    return Reading(figure=figure, value=0.0)


# -- application -----------------------------------------------------------------------------------


def _requests(parts: WatchParts, now: float, redis_problem: str) -> Iterator[Reading]:
    minute = int(now // 60)
    names = ("response", "errors")
    if redis_problem:
        yield from (Reading.unknown(name, redis_problem) for name in names)
        return
    try:
        count, failed, seconds = parts.watched.requests(range(minute - _MINUTES + 1, minute + 1))
    except StoreError as error:
        yield from (Reading.unknown(name, in_short(error)) for name in names)
        return
    if count < FEWEST_REQUESTS:
        why = f"fewer than {FEWEST_REQUESTS} requests in {_MINUTES} minutes"
        yield from (Reading.absent(name, why) for name in names)
        return
    about = f"{count} requests"
    yield Reading(figure="response", value=seconds / count, about=about)
    yield Reading(figure="errors", value=100 * failed / count, about=f"{failed} of {about}")


def _window(parts: WatchParts, state: GuardState, now: float, redis_problem: str) -> Iterator[Reading]:
    if not state.is_active or state.mode is Mode.TEST:
        return
    window = state.window_id
    figure = "emergency" if state.mode is Mode.EMERGENCY else "maintenance"
    about = f"{state.reason[:120]}; by {state.by[:60]}"
    yield Reading(figure=figure, value=1.0, subject=window, about=about)
    since = overdue_since(state, default_seconds=parts.settings.maintenance_default_timeout, now=now)
    late = (now - since) / 60 if since is not None else 0.0
    yield Reading(
        figure="overrun",
        value=late,
        subject=window,
        about="`maintenance disable` ends it, `maintenance change --duration` gives it more time",
    )
    yield Reading(
        figure="drain", value=_drain_minutes(state, now), subject=window, about="`maintenance drain` says why"
    )
    if redis_problem:
        yield Reading.unknown("blocked", redis_problem, window)
    else:
        yield _asked("blocked", lambda: _blocked(parts, window), window)


def _drain_minutes(state: GuardState, now: float) -> float:
    if state.phase not in {Phase.CLOSING, Phase.DRAINING} or state.started_at is None:
        return 0.0
    deadline = state.drain_deadline
    return max(0.0, now - (deadline if deadline is not None else state.started_at + _DRAIN_SECONDS)) / 60


def _blocked(parts: WatchParts, window: str) -> Reading:
    account = parts.tally.account(window)
    return Reading(figure="blocked", subject=window, counts=(float(account.total(Count.REFUSED)),))


# -- system ----------------------------------------------------------------------------------------


def _machine(parts: WatchParts) -> Iterator[Reading]:
    machine, host = parts.machine, socket.gethostname()[:60]
    yield _asked(
        "cpu",
        lambda: Reading(figure="cpu", subject=host, about=host, counts=machine.cpu_times()),
        host,
    )
    yield _asked(
        "memory",
        lambda: Reading(figure="memory", subject=host, about=host, value=machine.memory_percent()),
        host,
    )
    for folder in ("/", *parts.settings.backup_folders):
        where = f"{host}:{folder}"[:100]
        try:
            percent = machine.disk(folder).percent
        except Exception as error:  # noqa: BLE001 - a folder that is not there is no full one
            yield Reading.unknown("disk", in_short(error), where)
        else:
            yield Reading(figure="disk", value=percent, subject=where, about=where)


def _workers(parts: WatchParts) -> Iterator[Reading]:
    names = ("workers-away", "workers-silent")
    try:
        workers = [one for one in parts.plane.roster() if one.card.role == "worker"]
    except StoreError as error:
        yield from (Reading.unknown(name, in_short(error)) for name in names)
        return
    if not workers:
        yield from (Reading.absent(name, "no worker is registered") for name in names)
        return
    lease = parts.settings.guard_lease_seconds
    silent = sorted(one.card.node for one in workers if one.seen_seconds_ago > lease)
    all_are = len(silent) == len(workers)
    yield Reading(figure="workers-away", value=float(all_are), about=f"{len(workers)} are registered")
    yield Reading(
        figure="workers-silent",
        value=0.0 if all_are else float(len(silent)),
        about=", ".join(silent)[:200],
    )


def _redis_memory(parts: WatchParts) -> Reading:
    memory = parts.redis.memory()
    if not memory.limit:
        return Reading.absent("redis-memory", "Redis has no maxmemory")
    return Reading(figure="redis-memory", value=100 * memory.used / memory.limit)


# -- database --------------------------------------------------------------------------------------


def _connections(parts: WatchParts) -> Reading:
    used, allowed = parts.database.connections()
    if not allowed:
        return Reading.absent("connections", "the server has no limit of connections")
    return Reading(figure="connections", value=100 * used / allowed, about=f"{used} of {allowed}")


def _replication(parts: WatchParts) -> Iterator[Reading]:
    names = ("replication", "replication-stopped")
    try:
        lag = parts.database.replication_lag()
    except SoftTimeLimitExceeded:
        raise
    except Unanswerable as error:
        yield from (Reading.absent(name, in_short(error)) for name in names)
        return
    except Exception as error:  # noqa: BLE001 - whatever it was, nobody knows
        yield from (Reading.unknown(name, in_short(error)) for name in names)
        return
    yield Reading(figure="replication-stopped", value=float(lag is None))
    if lag is None:
        yield Reading.unknown("replication", "replication has stopped: its lag grows")
    else:
        yield Reading(figure="replication", value=lag)
