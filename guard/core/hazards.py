"""What may bite during a window: limits of the broker and the result backend, unsafe settings."""

from __future__ import annotations

from dataclasses import dataclass

from guard.core.durations import humanize

__all__ = ["Facts", "hazards"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is configured. None: not known, or does not apply.

    Attributes:
        duration: planned seconds of the window.
        visibility_timeout: seconds after which the broker delivers an unacknowledged job again.
        result_expires: seconds for which results and chord counters are kept.
        eviction_policy: Redis' ``maxmemory_policy``.
        signed: whether guard records are signed.
    """

    duration: int | None
    visibility_timeout: float | None
    result_expires: float | None
    eviction_policy: str | None
    signed: bool


def hazards(facts: Facts) -> tuple[str, ...]:
    """Warnings, most dangerous first; each says what to do."""
    found = []
    if facts.eviction_policy is not None and facts.eviction_policy.startswith("allkeys-"):
        found.append(
            "unsafe: Redis may evict queues and guard keys "
            f"(maxmemory-policy {facts.eviction_policy}): use noeviction"
        )
    if facts.duration is not None:
        if facts.visibility_timeout is not None and facts.duration > facts.visibility_timeout:
            found.append(
                "the window is longer than the broker's visibility timeout "
                f"({humanize(facts.visibility_timeout)}): "
                "a job that runs or waits for its ETA in a worker for longer than that is delivered twice"
            )
        if facts.result_expires is not None and facts.duration > facts.result_expires / 2:
            found.append(
                f"results and chords expire after {humanize(facts.result_expires)}: "
                "one that waits through this window may lose its counter; raise result_expires"
            )
    if not facts.signed:
        found.append(
            "guard records are not signed: whoever can write to Redis can open the gate; set GUARD_SECRET_KEY"
        )
    return tuple(found)
