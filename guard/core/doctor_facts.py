"""What the doctor's sources answer, as plain values. None: nobody could say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.core.parked import ParkedJob
    from guard.core.state import GuardState

__all__ = [
    "BeatFacts",
    "BrokerFacts",
    "DurableFacts",
    "FilePlace",
    "HeldLock",
    "JobFacts",
    "MachineFacts",
    "ParkedFacts",
    "PlaneFacts",
    "Reachability",
    "RedisFacts",
    "Reply",
    "SessionFacts",
    "SettingFacts",
    "TaskFacts",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingFacts:
    """What the settings say. Seconds; no secrets: `key` is a fingerprint.

    Attributes:
        moment: UTC seconds, when the doctor looked.
        normal, emergency: whether a window of this mode ends sessions.
    """

    enabled: bool
    contradictions: tuple[str, ...]
    namespace: str
    signed: bool
    key: str
    release: str
    lease: float
    timeout: float
    usual: float
    moment: float
    normal: bool
    emergency: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePlace:
    """Where a file lies. `filesystem`: its type as the kernel names it; `temporary`: below a folder that
    is emptied."""

    path: str
    filesystem: str | None
    temporary: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DurableFacts:
    """The durable store. `seconds`: one round trip; `ahead`: seconds by which its clock is ahead of ours."""

    kind: str
    tables: str
    seconds: float
    ahead: float | None = None
    file: FilePlace | None = None
    connections: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisFacts:
    """The server of the control plane. `missing`: commands that it does not have; `seconds`, `ahead` as
    above."""

    role: str
    seconds: float
    ahead: float | None = None
    policy: str | None = None
    used: int | None = None
    limit: int | None = None
    missing: tuple[str, ...] | None = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaneFacts:
    """What it holds: `record` is ``ok``, ``missing``, or why it is invalid; `state` only when it is ok."""

    record: str = "ok"
    state: GuardState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a guarded worker said over remote control; None: its release does not say.

    Attributes:
        agent_id: its agent; empty for a worker without a guard.
        ahead: seconds by which its clock is ahead of ours, as far as the time of the question allows to say.
        key: a fingerprint of its GUARD_SECRET_KEY, empty without one.
        beat: whether it carries a beat inside.
    """

    node: str
    agent_id: str
    ahead: float | None = None
    key: str | None = None
    release: str | None = None
    beat: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerFacts:
    """The broker. `policy`: what it does when its memory is full, where it is Redis."""

    redis: bool
    policy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """A task of the app. `limit`: its hard time limit in seconds; `queue`: where its calls go; None: its
    routes need arguments."""

    name: str
    matched: bool
    queue: str | None
    late: bool
    limit: float | None
    by_choice: bool = False
    """Whether it acknowledges early although the others do not: somebody has decided that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFacts:
    """How the app treats jobs. Seconds.

    Attributes:
        redis: whether the broker is Redis.
        visibility: after which the broker delivers an unacknowledged job again; None where it does not.
        result_expires: None: never.
        rejects_lost: `task_reject_on_worker_lost`.
        restores_prefetch: whether Celery tells an AMQP broker, after a lost connection and when the jobs of
            before have ended, to send as much ahead as it did (`worker_enable_prefetch_count_reduction`).
    """

    redis: bool
    visibility: float | None
    result_expires: float | None
    rejects_lost: bool
    restores_prefetch: bool = False
    tasks: tuple[TaskFacts, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BeatFacts:
    """Who sends what is due. `ticked`: seconds since a routine by interval last ran, and its interval."""

    wanted: bool
    registered: tuple[str, ...]
    ticked: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedFacts:
    """The parking queue, its index, and which tasks live workers know."""

    waiting: int | None
    jobs: tuple[ParkedJob, ...]
    known_tasks: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFacts:
    """A sample of the sessions. `flags`: keys that bar people from signing in, with their seconds to live
    (None: for
    good)."""

    seen: int
    unreadable: int
    foreign: int
    whole: bool
    flags: Mapping[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLock:
    """A lock. `alive`: whether its holder runs; None: it is of another machine. `left`: seconds; None:
    for good."""

    name: str
    holder: str
    alive: bool | None
    left: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFacts:
    """This machine. `disks`: folder -> share that is in use, 0 to 1; `closed_by`: the local-close file,
    if it is there."""

    disks: Mapping[str, float]
    closed_by: str
    unknown_zones: tuple[str, ...]
    versions: tuple[str, ...]
    """Packages outside of the supported range, one sentence each."""
    unchecked: str = ""
    """Why nobody can say which versions are supported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reachability:
    """Whether something can be reached. `note` says what was seen; it holds no secret."""

    reachable: bool
    note: str
