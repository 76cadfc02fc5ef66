"""The roll of a window: every worker that was ever seen in it, so that none is forgotten.

The registry of live agents may lose a worker: it was silent for long, or Redis was. A drain must not
take a worker that it no longer sees for one that runs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Fate", "RollEntry"]


class Fate(StrEnum):
    """What is known of a worker that does not answer."""

    UNKNOWN = ""
    LEFT = "left"
    """It stopped in order: its jobs had ended."""
    GONE = "gone"
    """Its main process is gone from its machine, no pool child that it left behind is in a job, and its jobs
    are back with the broker."""
    VOUCHED = "vouched"
    """An operator said so; the journal says who."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollEntry:
    """One worker of a window.

    Attributes:
        agent_id: its agent.
        node: Celery's node name.
        host, pid: where its main process ran.
        machine, page: see `AgentCard`.
        fate: what became of it; UNKNOWN while it is expected to answer.
    """

    agent_id: str
    node: str
    host: str
    pid: int
    machine: str = ""
    page: str = ""
    fate: Fate = Fate.UNKNOWN
