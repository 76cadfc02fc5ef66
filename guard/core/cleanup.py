"""What the weekly cleanup may touch: an allow-list of folders and of key patterns, written as text.

    /var/tmp/vedfolnir|vedfolnir_*|7, /backup|*.sql|30       folder | pattern of file names | days
    rq:progress:*|7                                          pattern of keys | days

Nothing that is not named here is a candidate. The checks below keep a slip of the pen from naming a whole
system: no root, no folder of the operating system, no pattern that fits everything.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "FolderRule",
    "KeyRule",
    "folder_rules",
    "is_protected",
    "key_rules",
    "last_touched",
    "table_names",
]

_MOST_RULES = 50
_LONGEST = 500
_MOST_DAYS = 3650
_SECONDS_PER_DAY = 86_400

_WITH_ALL_BELOW = (
    "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/sbin", "/sys", "/usr",
    "/var/lib/docker", "/var/lib/mysql", "/var/lib/postgresql", "/var/lib/rabbitmq", "/var/lib/redis",
)  # fmt: skip
"""Folders of the system and of servers: nothing in them is ever ours."""
_THEMSELVES = (
    "/", "/home", "/media", "/mnt", "/opt", "/root", "/run", "/srv", "/var", "/var/cache", "/var/lib",
    "/var/log", "/var/run", "/var/spool",
)  # fmt: skip
"""Folders of many owners: name one below."""
_IN_BRACKETS = re.compile(r"\[[^]]*\]")
_WILDCARD = re.compile(r"[*?\[\\]")
_SHORTEST_PREFIX = 3
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,63}")

_STAMPS = ("updated_at", "_last_updated", "last_activity", "started_at", "created_at")
"""Where the application's payloads say when they were last touched."""
_NEVER = ("_kombu.", "unacked", "celery", "rq:queue", "rq:job:", "rq:worker")
"""Keys of kombu, Celery and RQ: queues, what was taken and not acknowledged, results, jobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderRule:
    """Files of a folder and below whose names fit a pattern, once they were not written for some days."""

    folder: str
    pattern: str
    days: float

    @property
    def seconds(self) -> float:
        """How old a file must be."""
        return self.days * _SECONDS_PER_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRule:
    """Keys that fit a pattern, once their payload says that it was not touched for some days."""

    pattern: str
    days: float

    @property
    def seconds(self) -> float:
        """How old a payload must be."""
        return self.days * _SECONDS_PER_DAY


def folder_rules(text: str) -> tuple[FolderRule, ...]:
    """The rules of GUARD_CLEANUP_FOLDERS.

    Raises:
        InvalidRequest: with every problem at once.
    """
    problems: list[str] = []
    rules: list[FolderRule] = []
    for entry, parts in _entries(text, 3, "folder|pattern|days", problems):
        folder, pattern, days = parts
        found = [*_folder_problems(folder), *_pattern_problems(pattern)]
        number = _days(days, found)
        problems += [f"{entry!r}: {problem}" for problem in found]
        rules.append(FolderRule(folder=folder, pattern=pattern, days=number))
    if problems:
        raise InvalidRequest(*problems)
    return tuple(dict.fromkeys(rules))


def key_rules(text: str, *, namespace: str) -> tuple[KeyRule, ...]:
    """The rules of GUARD_CLEANUP_KEYS.

    Args:
        namespace: the guard's own keys begin with it.

    Raises:
        InvalidRequest: with every problem at once.
    """
    problems: list[str] = []
    rules: list[KeyRule] = []
    for entry, (pattern, days) in _entries(text, 2, "pattern|days", problems):
        found: list[str] = []
        fixed = _WILDCARD.split(pattern)[0]
        if len(fixed) < _SHORTEST_PREFIX:
            found.append(f"the pattern must begin with {_SHORTEST_PREFIX} characters that are no wildcard")
        elif is_protected(fixed, namespace=namespace, queues=()):
            found.append("such keys belong to the guard, to the broker or to its queues")
        number = _days(days, found)
        problems += [f"{entry!r}: {problem}" for problem in found]
        rules.append(KeyRule(pattern=pattern, days=number))
    if problems:
        raise InvalidRequest(*problems)
    return tuple(dict.fromkeys(rules))


def table_names(text: str) -> tuple[str, ...]:
    """The names of GUARD_OPTIMIZE_TABLES, each once.

    Raises:
        InvalidRequest: with every problem at once.
    """
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    problems = [
        f"{name[:80]!r} is no name of a table: use letters, digits, _ and $, 64 at most, not a digit first"
        for name in names
        if not _IDENTIFIER.fullmatch(name)
    ]
    if len(names) > _MOST_RULES:
        problems.append(f"{len(names)} tables are named: at most {_MOST_RULES} are allowed")
    if problems:
        raise InvalidRequest(*problems)
    return names


def is_protected(key: str, *, namespace: str, queues: Iterable[str]) -> bool:
    """Whether a key is never a candidate, whatever its payload looks like.

    Args:
        queues: names of the app's queues. kombu appends the priority to them.
    """
    if key.startswith(("{" + namespace + "}", f"{namespace}.", *_NEVER)):
        return True
    return any(key == queue or key.startswith(f"{queue}\x06\x16") for queue in queues)


def last_touched(payload: Mapping[str, Any]) -> float | None:
    """When a payload was last touched, UTC seconds: the latest of the times in it. None when it has none that
    can be read. A time without a zone is UTC, as the application writes them."""
    moments = [moment for name in _STAMPS if (moment := _moment(payload.get(name))) is not None]
    return max(moments, default=None)


def _moment(raw: object) -> float | None:
    if not isinstance(raw, str) or len(raw) > 40:
        return None
    try:
        moment = datetime.fromisoformat(raw)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except ValueError:
        return None


def _entries(text: str, count: int, form: str, problems: list[str]) -> list[tuple[str, list[str]]]:
    entries = [entry.strip() for entry in text.split(",") if entry.strip()]
    if len(entries) > _MOST_RULES:
        problems.append(f"{len(entries)} entries: at most {_MOST_RULES} are allowed")
        return []
    good: list[tuple[str, list[str]]] = []
    for entry in entries:
        parts = [part.strip() for part in entry.split("|")]
        if len(parts) != count or not entry.isprintable() or len(entry) > _LONGEST:
            problems.append(f"{entry[:80]!r} is not understood: use {form}, comma-separated")
        else:
            good.append((entry[:80], parts))
    return good


def _folder_problems(folder: str) -> list[str]:
    # posixpath.normpath keeps two leading slashes, which POSIX lets mean something else
    if not folder.startswith("/") or posixpath.normpath(folder) != folder or folder.startswith("//"):
        return ["the folder must be absolute and plain: no '.', no '..', no '//', no '/' at its end"]
    if folder in _THEMSELVES or re.fullmatch(r"/home/[^/]+", folder):
        return [f"{folder} has many owners: name a folder below it"]
    below = next((top for top in _WITH_ALL_BELOW if f"{folder}/".startswith(f"{top}/")), None)
    return [f"nothing in {below} is ever cleaned up"] if below else []


def _pattern_problems(pattern: str) -> list[str]:
    if "/" in pattern:
        return ["the pattern is one of file names: it has no '/'"]
    if not any(char.isalnum() for char in _IN_BRACKETS.sub("", pattern)):
        return ["the pattern fits too much: it needs a letter or a digit outside of brackets"]
    return []


def _days(text: str, problems: list[str]) -> float:
    try:
        days = float(text)
    except ValueError:
        days = 0.0
    # A comparison with not-a-number is false, so that one is told, too.
    if not 1 <= days <= _MOST_DAYS:
        problems.append(f"{text[:20]!r} days: give a number from 1 to {_MOST_DAYS}")
    return days
