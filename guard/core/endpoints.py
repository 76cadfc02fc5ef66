"""Which operation an HTTP request belongs to: by method and path, anchored, most specific first.

Reading a page is not changing it, so most of the guides' endpoints are guarded for writing only. What
no rule knows is `read_operations` for safe methods and `unknown`, which is guarded, for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from re import Pattern
from re import compile as compile_regex
from typing import TYPE_CHECKING

from guard.core.operations import Operation

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Endpoint", "operation_of"]

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_LONGEST_PATH = 255


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One rule. No methods means all."""

    pattern: Pattern[str]
    operation: str
    methods: frozenset[str] = frozenset()


def _route(pattern: str, operation: Operation, *methods: str) -> Endpoint:
    return Endpoint(compile_regex(pattern), operation.value, frozenset(methods))


_GUIDES: tuple[Endpoint, ...] = (
    # The way out and the way to see come first: nothing may block them (promise P8).
    _route(r"/api/maintenance(/[\w-]+)*", Operation.ADMIN_OPERATIONS),
    _route(r"/api/health(/[\w-]+)*", Operation.ADMIN_OPERATIONS),
    _route(r"/admin(/.*)?", Operation.ADMIN_OPERATIONS),
    _route(r"/(log(in|out)|auth(/.*)?)", Operation.AUTHENTICATION),
    _route(r"/start_caption_generation|/caption/start|/api/caption(/.*)?", Operation.CAPTION_GENERATION),
    _route(r"/api/jobs(/.*)?", Operation.JOB_CREATION, "POST", "PUT", "PATCH", "DELETE"),
    _route(
        r"/switch_platform(/.*)?|/test_connection(/.*)?|/platform(/.*)?|/api/platform(/.*)?",
        Operation.PLATFORM_OPERATIONS,
        "POST",
        "PUT",
        "PATCH",
        "DELETE",
    ),
    _route(r"/batch(/.*)?|/api/batch(/.*)?", Operation.BATCH_OPERATIONS, "POST", "PUT", "PATCH", "DELETE"),
    _route(
        r"/(profile|settings|user-management|caption_settings)(/.*)?",
        Operation.USER_DATA_MODIFICATION,
        "POST",
        "PUT",
        "PATCH",
        "DELETE",
    ),
    _route(r"/(api/)?images?(/.*)?", Operation.IMAGE_PROCESSING, "POST", "PUT", "PATCH", "DELETE"),
)
"""The guides' endpoints, anchored at both ends and by method: reading a page is not changing it."""


def operation_of(method: str, path: str, own: Iterable[Endpoint]) -> str:
    """The operation of a request. Rules of the application's own are asked before the guides'.

    A path that is not in its plain form (``//``, ``/../``, ``;``, a dot at its end) is never
    matched by a rule that lets through, so tricks with it end as `unknown`: guarded.
    """
    if not _is_plain(path):
        return Operation.UNKNOWN
    verb = method.upper()
    for rule in (*own, *_GUIDES):
        if (not rule.methods or verb in rule.methods) and rule.pattern.fullmatch(path):
            return rule.operation
    return Operation.READ_OPERATIONS if verb in _SAFE_METHODS else Operation.UNKNOWN


def _is_plain(path: str) -> bool:
    odd = ("//", "/.", ";", "%", "\\", "?", "#")
    return (
        path.startswith("/")
        and len(path) <= _LONGEST_PATH
        and path.isprintable()
        and not path.endswith(".")
        and not any(part in path for part in odd)
    )
