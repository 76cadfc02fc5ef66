"""How values look on a page: times, lengths, counts; and "unknown" for what nobody could say."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from guard.core.drain import Basis, BlockerKind, Pace
from guard.core.durations import humanize
from guard.core.modes import Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from guard.core.drain import Blocker
    from guard.orchestrator.status import Status

__all__ = ["FILTERS", "Look", "look_of"]

_UNKNOWN = "unknown"
_LONGEST = 300
"""Characters of one detail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The state in words and as one of six tones, which also choose a sign: never colour alone.

    Attributes:
        tone: ``open``, ``closing``, ``closed``, ``emergency``, ``test`` or ``unknown``.
        word: one or two words.
        sentence: what it means.
    """

    tone: str
    word: str
    sentence: str


_PHASES: dict[Phase, tuple[str, str, str]] = {
    Phase.CLOSING: ("closing", "Closing", "The gates close; not every worker has given its word yet."),
    Phase.DRAINING: (
        "closing",
        "Draining",
        "No guarded job starts any more. Those that run are coming to their end.",
    ),
    Phase.ACTIVE: (
        "closed",
        "Closed and drained",
        "No guarded job is left in any worker. Your work can be done.",
    ),
    Phase.VERIFYING: (
        "closed",
        "Verifying",
        "Only holders of a bypass may run jobs. Ending the window lets everybody in.",
    ),
    Phase.RELEASING: (
        "closing",
        "Releasing",
        "The gates are open again, and parked jobs go back to their queues.",
    ),
}


def look_of(status: Status) -> Look:
    """What the status looks like."""
    if status.is_active is None or status.phase is None:
        return Look(
            tone="unknown",
            word="Unknown",
            sentence="No store answers. Processes that cannot know the state stay closed.",
        )
    phase = Phase(status.phase)
    if phase is Phase.INACTIVE:
        return Look(tone="open", word="Open", sentence="No window is open. All work runs.")
    tone, word, sentence = _PHASES[phase]
    if status.mode == "test" and phase is not Phase.RELEASING:
        return Look(
            tone="test", word="Rehearsal", sentence="Nothing is blocked. What a window would do is recorded."
        )
    if status.mode == "emergency" and phase is not Phase.RELEASING:
        return Look(tone="emergency", word=f"Emergency: {word.lower()}", sentence=sentence)
    return Look(tone=tone, word=word, sentence=sentence)


def known(value: object) -> str:
    """A value, or "unknown"."""
    return _UNKNOWN if value is None else str(value)


def moment(value: float | str | None) -> str:
    """UTC seconds, or ISO 8601, as a date and a time."""
    seconds = _seconds(value)
    if seconds is None:
        return _UNKNOWN
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def iso(value: float | str | None) -> str:
    """For the attribute `datetime` of an element."""
    seconds = _seconds(value)
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def ago(value: float | str | None) -> str:
    """How long before or after now."""
    seconds = _seconds(value)
    if seconds is None:
        return _UNKNOWN
    passed = time.time() - seconds
    return f"{short_time(passed)} ago" if passed >= 0 else f"in {short_time(-passed)}"


def short_time(seconds: float | None) -> str:
    """``12 ms``, ``5.6 s``, ``3 minutes``."""
    if seconds is None:
        return _UNKNOWN
    if 0 < seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 60 else humanize(seconds)


def counted(number: int | None, noun: str, nouns: str = "") -> str:
    """``1 job``, ``3 jobs``, ``unknown``."""
    if number is None:
        return _UNKNOWN
    return f"{number:,} {noun if number == 1 else nouns or f'{noun}s'}".replace(",", "\u202f")


def words(name: str) -> str:
    """A name with underscores as words."""
    return name.replace("_", " ")


def detail(values: Mapping[str, Any]) -> str:
    """The detail of a journal line or an alert on one line: nothing empty, nothing longer than 300."""
    parts = []
    for name, value in values.items():
        text = _plain(value)
        if text:
            parts.append(f"{words(name)}: {text[:_LONGEST]}{'…' if len(text) > _LONGEST else ''}")
    return "; ".join(parts)


def _plain(value: object) -> str:
    if isinstance(value, dict):
        inner = ((words(str(name)), _plain(one)) for name, one in value.items())
        return ", ".join(f"{name} {text}" for name, text in inner if text)
    if isinstance(value, (list, tuple)):
        return ", ".join(filter(None, map(_plain, value)))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def blocker_text(blocker: Blocker) -> str:
    """What one blocker is, as a sentence."""
    match blocker.kind:
        case BlockerKind.RUNNING:
            return "runs"
        case BlockerKind.SILENT:
            since = f" for {short_time(blocker.running_for)}" if blocker.running_for is not None else ""
            return f"does not answer{since}"
        case BlockerKind.UNDELIVERED:
            return "is gone, and its jobs are not back with the broker yet"
        case BlockerKind.UNCONFIRMED:
            return "does not follow this epoch yet"
        case BlockerKind.RESERVED:
            return f"gives back {counted(blocker.count, 'reserved job')}"
        case BlockerKind.ENDING:
            return f"stores the results of {counted(blocker.count, 'job')}"
        case BlockerKind.FINISHING:
            return f"the next step of a workflow is on its way, for {short_time(blocker.running_for)}"
        case _:
            return f"has lost {counted(blocker.count, 'pool child', 'pool children')}"


def ends_text(blocker: Blocker) -> str:
    """When a running job should end, and what that rests on."""
    if blocker.kind is not BlockerKind.RUNNING:
        return ""
    if blocker.pace is Pace.NEVER:
        return "never? no time limit, and longer than any past run"
    basis = "past runs" if blocker.basis is Basis.PAST_RUNS else "its time limit"
    return f"{short_time(blocker.ends_in)} by {basis}{', slow' if blocker.pace is Pace.SLOW else ''}"


def _seconds(value: float | str | None) -> float | None:
    if value is None or isinstance(value, (int, float)):
        return value
    try:
        return datetime.fromisoformat(value).timestamp()
    except ValueError:
        return None


FILTERS: dict[str, Callable[..., object]] = {
    "known": known,
    "moment": moment,
    "iso": iso,
    "ago": ago,
    "short_time": short_time,
    "counted": counted,
    "words": words,
    "detail": detail,
    "blocker_text": blocker_text,
    "ends_text": ends_text,
}
