"""Judgements of the family "maintenance mode won't activate"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.diagnosis import Verdict, broken, not_known, ok, warn
from guard.core.durations import humanize

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from guard.core.doctor_facts import (
        BeatFacts,
        BrokerFacts,
        DurableFacts,
        MachineFacts,
        PlaneFacts,
        Reachability,
        RedisFacts,
        Reply,
    )
    from guard.core.roster import RosterEntry
    from guard.core.state import GuardState

__all__ = [
    "beats",
    "broker",
    "clocks",
    "commands",
    "control_plane",
    "durable_store",
    "file_place",
    "hosts_of",
    "reachable",
    "releases",
    "settings_agree",
    "shared_prefix",
    "state_record",
    "stores_agree",
    "switched_on",
    "tables",
    "zones",
]

_NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "fuse.sshfs", "fuse.glusterfs"}
)
_MEMORY = frozenset({"tmpfs", "ramfs"})
_SKEW_WARNS, _SKEW_BREAKS = 2.0, 30.0
_TICKS = 3


def switched_on(enabled: bool) -> Verdict:  # noqa: FBT001 - the one fact
    """Whether the whole feature is on."""
    if enabled:
        return ok("the guard is switched on")
    return broken(
        "MAINTENANCE_MODE_ENABLED is false",
        "nothing is ever refused, held or parked",
        "set MAINTENANCE_MODE_ENABLED=true and restart every process",
    )


def broker(facts: BrokerFacts) -> Verdict:
    """It answers."""
    return ok("the broker answers" + (" (Redis)" if facts.redis else ""))


def settings_agree(contradictions: Sequence[str]) -> Verdict:
    """Settings of which each is right, and which do not fit together."""
    if not contradictions:
        return ok("the settings do not contradict each other")
    return warn(
        "; ".join(contradictions),
        "one of two settings does not do what it says",
        "change one of each pair and restart every process; `celery -A yourapp maintenance check` reads "
        "them again",
    )


def durable_store(facts: DurableFacts) -> Verdict:
    """It answers."""
    return ok(f"{facts.kind} answers in {facts.seconds * 1000:.0f} ms")


def tables(facts: DurableFacts, state: GuardState | None) -> Verdict:
    """Whether the guard's tables are as this release needs them, and the state can be read."""
    if facts.tables == "ready" and state is None:
        return broken(
            "the guard's tables are ready, and the state in them cannot be read",
            "no window can be opened",
            "celery -A yourapp maintenance check",
        )
    if facts.tables == "ready":
        return ok("the guard's tables are ready")
    if facts.tables == "missing" and facts.kind == "sqlite":
        return ok("the guard's tables are made at first use")
    if facts.tables.startswith("newer"):
        return broken(
            "the guard's tables are newer than this release",
            "this process cannot read the state, so it stays closed",
            "install the release that migrated them: pip install -U celery-maintenance-guard",
        )
    return broken(
        f"the guard's tables are {facts.tables}: a migration is pending",
        "no window can be opened, and nobody knows the history",
        "celery -A yourapp maintenance migrate",
    )


def file_place(facts: DurableFacts, hosts: Sequence[str]) -> Verdict:
    """Whether a SQLite file lies where it can be trusted. `hosts`: of the registered workers."""
    file = facts.file
    if file is None:
        return ok(f"{facts.kind} is no file")
    remedy = "set DATABASE_URL to a file on a local disk, or to a server, on every machine"
    if file.filesystem in _NETWORK:
        return broken(
            f"the SQLite file {file.path} lies on a network file system ({file.filesystem})",
            "its locks do not hold there: two processes may open two windows, and the file may be damaged",
            remedy,
        )
    if len(hosts) > 1:
        return broken(
            f"DATABASE_URL is a file, and workers run on {len(hosts)} machines: {', '.join(hosts[:5])}",
            "each machine has a durable store of its own",
            "set DATABASE_URL to a server that all machines reach",
        )
    if file.temporary or file.filesystem in _MEMORY:
        return warn(
            f"the SQLite file {file.path} lies in a temporary place",
            "a restart or a cleaner takes history, journal and state away",
            remedy,
        )
    return ok(f"{file.path} lies on a local file system ({file.filesystem or 'unknown'})")


def control_plane(facts: RedisFacts) -> Verdict:
    """Whether it answers, and is a primary."""
    if facts.role not in {"master", ""}:
        return broken(
            f"REDIS_URL leads to a {facts.role}",
            "nothing can be written there, or it is gone with the next failover",
            "set REDIS_URL to the primary",
        )
    return ok(f"Redis answers in {facts.seconds * 1000:.0f} ms")


def state_record(facts: PlaneFacts) -> Verdict:
    """Whether it holds a state that can be believed."""
    if facts.record == "missing":
        return not_known(
            "Redis holds no guard state; everything is closed until a worker or a change writes it",
            "celery -A yourapp worker",
        )
    if facts.record != "ok" or facts.state is None:
        return broken(
            f"the guard state in Redis cannot be believed: {facts.record}",
            "whoever cannot read the state stays closed",
            "give every process the same GUARD_SECRET_KEY, and each installation a GUARD_NAMESPACE of "
            "its own",
        )
    return ok(f"epoch {facts.state.epoch}, {facts.state.phase.value}")


def commands(facts: RedisFacts) -> Verdict:
    """Whether commands that the guard needs were renamed or taken away."""
    if facts.missing is None:
        return not_known("COMMAND is not there, so nobody can say which others are")
    if facts.missing:
        names = ", ".join(facts.missing)
        lines = " ".join(f'"{name}"' for name in facts.missing)
        return broken(
            f"Redis does not have {names}: renamed or taken away",
            "no process can renew its lease, so everything stays closed",
            f"remove `rename-command` of {lines} from redis.conf and restart it",
        )
    return ok("every command that the guard uses is there")


def shared_prefix(durable: GuardState | None, state: GuardState, namespace: str) -> Verdict:
    """Whether the control plane is another installation's."""
    if durable is None or not state.store_id or state.store_id == durable.store_id:
        return ok(f"the keys {{{namespace}}}:* are this installation's")
    return broken(
        f"the keys {{{namespace}}}:* in Redis are another installation's",
        "each of the two closes and opens the other's gates",
        "give one of them a prefix of its own, for example GUARD_NAMESPACE=shop2, in every process",
    )


def stores_agree(durable: GuardState | None, state: GuardState) -> Verdict:
    """Whether both stores are at one epoch. `durable`: None where the tables are not made yet."""
    if durable is None:
        return ok("the durable store is made at first use")
    if state.store_id != durable.store_id or state.epoch == durable.epoch:
        return ok(f"durable store and control plane are at epoch {durable.epoch}")
    ahead = "the control plane" if state.epoch > durable.epoch else "the durable store"
    return warn(
        f"{ahead} is ahead: epoch {durable.epoch} in SQL, {state.epoch} in Redis",
        "a change has reached one store only; workers bring the other up to date within seconds",
        "celery -A yourapp maintenance status; if it stays so, start a worker: its housekeeping repairs this",
    )


def releases(machine: MachineFacts, replies: Sequence[Reply], ours: str) -> Verdict:
    """Whether libraries are in the supported range, and workers of one release."""
    if machine.versions:
        return broken(
            "; ".join(machine.versions),
            "the guard reaches into Celery's worker and was tested with these ranges only",
            "pip install -U celery-maintenance-guard",
        )
    others = sorted(f"{one.node} ({one.release})" for one in replies if one.release not in {None, "", ours})
    if others:
        return warn(
            f"workers of another release than {ours}: {', '.join(others[:5])}",
            "a rolling update is under way, or was forgotten half-way",
            "install one release everywhere and restart these workers",
        )
    if machine.unchecked:
        return not_known(machine.unchecked)
    return ok("every library is in the supported range")


def zones(machine: MachineFacts) -> Verdict:
    """Whether time zones are known on this machine."""
    if not machine.unknown_zones:
        return ok("the time zones are known")
    return broken(
        f"this machine does not know the time zone {', '.join(machine.unknown_zones)}",
        "planned windows and routines cannot be brought on",
        "pip install tzdata, or correct GUARD_TIME_ZONE and Celery's `timezone`",
    )


def clocks(ahead: Mapping[str, float | None]) -> Verdict:
    """How far other clocks are from ours, in seconds, by who has them."""
    known = {name: seconds for name, seconds in ahead.items() if seconds is not None}
    if not known:
        return not_known("no other clock could be read")
    off = {name: seconds for name, seconds in known.items() if abs(seconds) >= _SKEW_WARNS}
    if not off:
        clocks = ", ".join(list(known)[:5])
        return ok(f"these clocks are within {_SKEW_WARNS:g} s of this machine's: {clocks}")
    words = [
        f"{name} is {humanize(abs(seconds))} {'ahead of' if seconds > 0 else 'behind'} this machine"
        for name, seconds in sorted(off.items(), key=lambda pair: -abs(pair[1]))
    ]
    judge = broken if max(map(abs, off.values())) >= _SKEW_BREAKS else warn
    return judge(
        "; ".join(words[:5]),
        "planned windows begin and end at wrong times, and ETA and expiry of jobs are wrong; gates are not",
        "timedatectl set-ntp true   (on the machine that is wrong)",
    )


def beats(facts: BeatFacts, replies: Sequence[Reply]) -> Verdict:
    """Whether exactly one beat runs."""
    found = sorted((*facts.registered, *(f"inside {one.node}" for one in replies if one.beat)))
    if len(found) > 1:
        return broken(
            f"{len(found)} beats run: {', '.join(found)}",
            "every entry of your own is sent twice (the guard's routines run once all the same)",
            "stop all but one: systemctl stop celery-beat   (on the other machines)",
        )
    if found:
        return ok(f"one beat runs: {found[0]}")
    if not facts.wanted:
        return ok("the app has no beat schedule")
    if facts.ticked is not None and facts.ticked[0] <= _TICKS * facts.ticked[1]:
        return ok(f"what beat sends ran {humanize(facts.ticked[0])} ago")
    return broken(
        "the app has a beat schedule, and no beat runs",
        "planned windows do not begin, and windows past their end stay open",
        "celery -A yourapp beat",
    )


def reachable(what: str, probe: Reachability | None, setting: str) -> Verdict:
    """Whether somebody hears of windows by this way."""
    if probe is None:
        return ok(f"no {what} is set ({setting})")
    if probe.reachable:
        return ok(probe.note)
    return broken(
        probe.note,
        "nobody hears that a window begins, ends, or needs somebody",
        f"correct {setting}, or let this machine through the firewall to it",
    )


def hosts_of(roster: Iterable[RosterEntry]) -> list[str]:
    """The machines of the registered workers."""
    return sorted({entry.card.host for entry in roster if entry.card.role == "worker"})
