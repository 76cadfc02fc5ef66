"""Which operation an HTTP request belongs to: by method and path, anchored, most specific first.

Rules:

- A rule fits the whole path. Of those that fit, the one counts that demands the most literal characters,
  then the most others; then one for some methods before one for all, the application's own before the
  guides', and the stricter. The order in which they were added never counts.
- What must stay reachable is asked first and cannot be taken over (promise P8): the guard's API and status
  page, and health. Sign-in and administration are never blocked either, but an application may classify
  parts of them otherwise.
- Reading a page is not changing it, so most rules are for writing. Where the original application changes
  something by GET, its rule is for all methods.
- What no rule knows is `read_operations` for safe methods and `unknown`, which is guarded, for the rest.

The second half of the table is the URL map of the application that the guides are about, as it really is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from re import Pattern
from re import compile as compile_regex
from typing import TYPE_CHECKING

from guard.core.operations import Operation
from guard.core.patterns import beginning, specificity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from guard.core.operations import OperationKind

__all__ = ["GUIDES", "Endpoint", "operation_of", "patterns_of", "ranked", "rule_of"]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_LONGEST_PATH = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One rule.

    Attributes:
        pattern: fits whole paths.
        operation: name of an operation.
        methods: upper case; empty: all. One for GET is for HEAD too: the same view runs.
        own: it is the application's, not the guides'.
    """

    pattern: Pattern[str]
    operation: str
    methods: frozenset[str] = frozenset()
    own: bool = False
    begins: str = field(init=False)
    """What every path that fits begins with."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "begins", beginning(self.pattern))

    def fits(self, verb: str, path: str) -> bool:
        """Whether it is about such a request."""
        return (
            path.startswith(self.begins)
            and (not self.methods or verb in self.methods or (verb == "HEAD" and "GET" in self.methods))
            and self.pattern.fullmatch(path) is not None
        )


def _rules(operation: Operation, methods: str, *patterns: str) -> tuple[Endpoint, ...]:
    """Rules for one operation; `methods` by their names, empty for all."""
    verbs = frozenset(methods.split())
    return tuple(
        Endpoint(pattern=compile_regex(pattern), operation=operation.value, methods=verbs)
        for pattern in patterns
    )


_READING = "GET HEAD OPTIONS"
_WRITING = "POST PUT PATCH DELETE"

_WAY_OUT: tuple[Endpoint, ...] = (
    *_rules(Operation.ADMIN_OPERATIONS, "", r"/api/maintenance(/[\w.-]+)*", r"/api/health(/[\w-]+)*"),
    *_rules(Operation.ADMIN_OPERATIONS, _READING, r"/maintenance(/[\w.-]+)*/?", r"/health(/[\w-]+)*"),
)
"""The way out and the way to see: asked before every other rule."""

GUIDES: tuple[Endpoint, ...] = (
    *_rules(Operation.ADMIN_OPERATIONS, "", r"/admin(/.*)?"),
    # No page works without these; robots.txt must never be a 503.
    *_rules(
        Operation.ADMIN_OPERATIONS, _READING, r"/static/.*", r"/favicon\.ico", r"/robots\.txt", r"/metrics"
    ),
    *_rules(Operation.AUTHENTICATION, "", r"/log(in|out)/?", r"/logout_all", r"/auth(/.*)?"),
    *_rules(Operation.CAPTION_GENERATION, "", r"/start_caption_generation", r"/api/caption(/.*)?"),
    *_rules(Operation.JOB_CREATION, _WRITING, r"/api/jobs(/.*)?"),
    *_rules(
        Operation.PLATFORM_OPERATIONS,
        _WRITING,
        r"/test_connection(/.*)?",
        r"/platform(/.*)?",
        r"/api/platform(/.*)?",
    ),
    # It switches by GET too.
    *_rules(Operation.PLATFORM_OPERATIONS, "", r"/switch_platform(/.*)?"),
    *_rules(Operation.BATCH_OPERATIONS, _WRITING, r"/batch(/.*)?", r"/api/batch(/.*)?"),
    *_rules(
        Operation.USER_DATA_MODIFICATION,
        _WRITING,
        r"/profile(/.*)?",
        r"/settings(/.*)?",
        r"/user-management(/.*)?",
        r"/caption_settings(/.*)?",
    ),
    *_rules(Operation.IMAGE_PROCESSING, _WRITING, r"/(api/)?images?(/.*)?"),
    # -- the original application ----------------------------------------------------------------
    *_rules(Operation.AUTHENTICATION, "", r"/user-management/log(in|out)"),
    *_rules(Operation.CAPTION_GENERATION, _WRITING, r"/caption(/.*)?", r"/api/regenerate_caption(/.*)?"),
    *_rules(
        Operation.PLATFORM_OPERATIONS,
        _WRITING,
        r"/api/(add|switch|test|edit|delete)_platform(/.*)?",
        # It posts to another server.
        r"/api/approve_and_post(/.*)?",
    ),
    *_rules(Operation.BATCH_OPERATIONS, _WRITING, r"/review/(review_)?batch(es)?(/.*)?", r"/review_batches"),
    *_rules(
        Operation.USER_DATA_MODIFICATION,
        _WRITING,
        r"/gdpr(/.*)?",
        r"/review(/.*)?",
        r"/caption/settings",
        r"/save_caption_settings",
        r"/api/update_caption(/.*)?",
    ),
    # It marks the address as verified.
    *_rules(Operation.USER_DATA_MODIFICATION, "", r"/user-management/verify-email/.*"),
)
"""The guides' endpoints and the original's."""


def ranked(rules: Iterable[Endpoint], kinds: Mapping[str, OperationKind]) -> tuple[Endpoint, ...]:
    """The rules, most specific first."""

    def rank(rule: Endpoint) -> tuple[object, ...]:
        return (
            specificity(rule.pattern),
            bool(rule.methods),
            rule.own,
            len(kinds[rule.operation].blocked_by),
            # Only so that no two are equal.
            rule.operation,
            rule.pattern.pattern,
            sorted(rule.methods),
        )

    return tuple(sorted(rules, key=rank, reverse=True))


def rule_of(method: str, path: str, rules: Iterable[Endpoint]) -> Endpoint | None:
    """The rule that says the operation of such a request; None when none does.

    Args:
        rules: as `ranked` gives them.
    """
    if not _is_plain(path):
        return None
    verb = method.upper()
    for some in (_WAY_OUT, rules):
        for rule in some:
            if rule.fits(verb, path):
                return rule
    return None


def operation_of(method: str, path: str, rules: Iterable[Endpoint]) -> str:
    """The operation of a request.

    A path that is not in its plain form (``//``, ``/../``, ``;``, a dot at its end) is never
    matched by a rule that lets through, so tricks with it end as `unknown`: guarded.

    Args:
        rules: as `ranked` gives them.
    """
    if not _is_plain(path):
        return Operation.UNKNOWN
    rule = rule_of(method, path, rules)
    if rule is not None:
        return rule.operation
    return Operation.READ_OPERATIONS if method.upper() in SAFE_METHODS else Operation.UNKNOWN


def patterns_of(operation: str, rules: Iterable[Endpoint]) -> tuple[str, ...]:
    """The rules that lead to an operation, each as its methods and its expression: for people."""
    return tuple(
        f"{','.join(sorted(rule.methods)) or '*'} {rule.pattern.pattern}"
        for rule in rules
        if rule.operation == operation
    )


def _is_plain(path: str) -> bool:
    odd = ("//", "/.", ";", "%", "\\", "?", "#")
    return (
        path.startswith("/")
        and len(path) <= _LONGEST_PATH
        and path.isprintable()
        and not path.endswith(".")
        and not any(part in path for part in odd)
    )
