"""Judgements of the family "performance issues during maintenance"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.diagnosis import Verdict, broken, not_known, ok, warn
from guard.core.durations import humanize

if TYPE_CHECKING:
    from guard.core.doctor_facts import DurableFacts, JobFacts, MachineFacts, RedisFacts

__all__ = ["answer_times", "connections", "disks", "eviction", "memory", "result_expiry"]

_FULL, _NEARLY = 0.97, 0.9
_SHARE_OF_TIMEOUT = 0.5
_SLOW_SQL = 0.5


def eviction(plane: RedisFacts, broker: str | None) -> Verdict:
    """Whether Redis may throw guard keys or queues away. `broker`: the policy of the broker's, where that
    is Redis."""
    told = {"control plane": plane.policy, "broker": broker}
    unsafe = {where: policy for where, policy in told.items() if policy and policy.startswith("allkeys-")}
    if unsafe:
        words = ", ".join(f"{policy} ({where})" for where, policy in unsafe.items())
        return broken(
            f"maxmemory-policy is {words}",
            "a full Redis throws away queues and guard keys: jobs are lost (the guide's `allkeys-lru` is "
            "wrong here)",
            "redis-cli CONFIG SET maxmemory-policy noeviction   (and the same in redis.conf)",
        )
    if plane.policy is None:
        return not_known("Redis does not say its maxmemory-policy")
    return ok(f"maxmemory-policy is {plane.policy}")


def memory(plane: RedisFacts) -> Verdict:
    """How full Redis is."""
    if plane.used is None:
        return not_known("Redis does not say how much memory it uses")
    if not plane.limit:
        return ok(f"Redis uses {plane.used // 2**20} MiB, without a limit of its own")
    share = plane.used / plane.limit
    if share < _NEARLY:
        return ok(f"Redis uses {share:.0%} of its memory")
    return (broken if share >= _FULL else warn)(
        f"Redis uses {share:.0%} of its memory",
        "when it is full it refuses to write: leases end and everything closes",
        "redis-cli CONFIG SET maxmemory 1gb, or take away what is large: redis-cli --bigkeys",
    )


def answer_times(plane: RedisFacts, durable: DurableFacts, timeout: float) -> Verdict:
    """Whether stores answer fast enough. `timeout`: seconds that a renewal may take."""
    if plane.seconds >= timeout * _SHARE_OF_TIMEOUT:
        return warn(
            f"Redis takes {plane.seconds * 1000:.0f} ms for an answer; a renewal may take "
            f"{timeout * 1000:.0f} ms",
            "renewals fail, leases end, and gates close without a window",
            "redis-cli SLOWLOG GET 10, or raise GUARD_TIMEOUT_SECONDS with GUARD_RENEW_SECONDS and "
            "GUARD_LEASE_SECONDS",
        )
    if durable.seconds >= _SLOW_SQL:
        return warn(
            f"the durable store takes {durable.seconds * 1000:.0f} ms for an answer",
            "commands and pages of the guard are slow",
            "look at the server: SHOW PROCESSLIST",
        )
    return ok(f"Redis {plane.seconds * 1000:.0f} ms, SQL {durable.seconds * 1000:.0f} ms")


def result_expiry(jobs: JobFacts, longest_window: float) -> Verdict:
    """Whether results and chords outlive a window of so many seconds."""
    if not jobs.result_expires or longest_window <= jobs.result_expires / 2:
        return ok("results and chords outlive the longest planned window")
    return warn(
        f"results and chords expire after {humanize(jobs.result_expires)}, and a window may last "
        f"{humanize(longest_window)}",
        "a chord that waits through the window may lose its counter, and its body never runs",
        f"result_expires = {round(longest_window * 4)}",
    )


def connections(durable: DurableFacts) -> Verdict:
    """Whether the database runs out of connections."""
    if durable.connections is None:
        return ok(f"{durable.kind} has no connections to count")
    used, allowed = durable.connections
    if not allowed or used <= allowed * _NEARLY:
        return ok(f"{used} of {allowed} connections are in use")
    return warn(
        f"{used} of {allowed} connections of the database are in use",
        "who comes next is refused: the guard, too",
        "SHOW PROCESSLIST, then SET GLOBAL max_connections = …, or fewer pools in the application",
    )


def disks(machine: MachineFacts) -> Verdict:
    """How full the disks are on which the guard's files lie."""
    if not machine.disks:
        return not_known("no file system could be asked")
    folder, share = max(machine.disks.items(), key=lambda pair: pair[1])
    if share < _NEARLY:
        return ok(f"the fullest file system is {share:.0%} full ({folder})")
    return (broken if share >= _FULL else warn)(
        f"the file system of {folder} is {share:.0%} full",
        "when it is full SQLite cannot write: no window can be opened or ended",
        f"du -xh {folder} | sort -h | tail -20",
    )
