"""What the doctor may ask, in one value. `guard.bootstrap` fills it; a test fills it with what it breaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from celery import Celery

    from guard.core.doctor_facts import Reachability
    from guard.core.timetable import Entry
    from guard.gates.classify import Classifier
    from guard.observe.machine import Machine
    from guard.ports import Clock
    from guard.settings import Settings
    from guard.store.redis.keys import Keys

__all__ = ["World"]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The neighbours of the doctor.

    Attributes:
        redis_url: of the control plane.
        local_close: the file that closes this machine.
        timetable: what beat is to send, as far as the app says.
        webhook, mail: ask whether these ways to people work; None, or what they give: none is set.
    """

    app: Celery
    settings: Settings
    classifier: Classifier
    keys: Keys
    redis_url: str
    clock: Clock
    machine: Machine
    local_close: Path
    timetable: Callable[[], Sequence[Entry]]
    webhook: Callable[[], Reachability | None] | None
    mail: Callable[[], Reachability | None] | None
