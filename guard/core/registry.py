"""The operation registry: which operation a task or an HTTP endpoint belongs to.

Order for a task: its own ``operation=``, else rules by name in the order they were added, else by
queue, else `job_creation`. Built-in tasks that carry another task inside (`celery.map`, …) take the
operation of that task; the worker unwraps them. For an endpoint: rules by method and path, else
`read_operations` for safe methods and `unknown` for the rest: a new write route is guarded until
somebody classifies it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import translate
from re import Pattern
from re import compile as compile_regex

from guard.core.operations import (
    ALWAYS,
    CATALOGUE,
    DEFAULT_OPERATION,
    EMERGENCY_ONLY,
    NEVER,
    Operation,
    OperationKind,
)
from guard.core.patterns import check_pattern
from guard.core.suggest import did_you_mean
from guard.errors import InvalidRequest

__all__ = ["ENDPOINTS", "OperationRegistry"]

_BLOCKED_IN = {"always": ALWAYS, "emergency": EMERGENCY_ONLY, "never": NEVER}
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: Pattern[str]
    operation: str
    methods: frozenset[str] = frozenset()


def _route(pattern: str, operation: Operation, *methods: str) -> _Rule:
    return _Rule(compile_regex(pattern), operation.value, frozenset(methods))


ENDPOINTS: tuple[_Rule, ...] = (
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


@dataclass(slots=True)
class OperationRegistry:
    """Rules that classify tasks and endpoints. Filled while the app is set up, read-only afterwards."""

    kinds: dict[str, OperationKind] = field(default_factory=lambda: dict(CATALOGUE))
    _names: dict[str, str] = field(default_factory=dict)
    _rules: list[_Rule] = field(default_factory=list)
    _queues: dict[str, str] = field(default_factory=dict)
    _endpoints: list[_Rule] = field(default_factory=list)

    def declare(
        self, name: str, *, blocked: str = "always", message: str = "", alternative: str = ""
    ) -> OperationKind:
        """Add a custom operation.

        Args:
            name: lower-case letters, digits and underscores, at most 64.
            blocked: ``always`` (normal and emergency), ``emergency`` or ``never``.
            message: sentence for the end user; one is made from the name when empty.
            alternative: what the user can do meanwhile.

        Raises:
            InvalidRequest: the name or `blocked` is wrong, or the name is one of the guides' ten.
        """
        if not (
            name.isascii() and name.replace("_", "a").isalnum() and name == name.lower() and len(name) <= 64
        ):
            raise InvalidRequest(
                f"operation name {name[:80]!r} is not valid: lower-case letters, digits and _ , at most 64"
            )
        if name in CATALOGUE:
            raise InvalidRequest(f"operation {name!r} is built in and cannot be declared again")
        if blocked not in _BLOCKED_IN:
            raise InvalidRequest(
                f"blocked={blocked!r} is unknown: use {', '.join(_BLOCKED_IN)}"
                f"{did_you_mean(blocked, _BLOCKED_IN)}"
            )
        text = (
            message or f"{name.replace('_', ' ').capitalize()} is temporarily unavailable during maintenance"
        )
        kind = OperationKind(
            name=name, blocked_by=_BLOCKED_IN[blocked], message=text, alternative=alternative
        )
        self.kinds[name] = kind
        return kind

    def add(
        self,
        operation: str,
        *,
        name: str | None = None,
        glob: str | None = None,
        regex: str | None = None,
        queue: str | None = None,
    ) -> None:
        """Add one rule for tasks: by exact name, glob, regular expression (end to end) or queue.

        Raises:
            InvalidRequest: the operation is unknown, not exactly one selector was given, or the
                expression could take more than quadratic time.
        """
        value = self.kind(operation).name
        selectors = [selector for selector in (name, glob, regex, queue) if selector is not None]
        if len(selectors) != 1:
            raise InvalidRequest("a rule needs exactly one of name=, glob=, regex= or queue=")
        if name is not None:
            self._names[name] = value
        elif queue is not None:
            self._queues[queue] = value
        elif glob is not None:
            self._rules.append(_Rule(compile_regex(translate(glob)), value))
        elif regex is not None:
            self._rules.append(_Rule(check_pattern(regex), value))

    def add_endpoint(self, operation: str, *, regex: str, methods: tuple[str, ...] = ()) -> None:
        """Add one rule for endpoints; it is asked before the guides' own. No methods means all.

        Raises:
            InvalidRequest: the operation is unknown, or the expression could take more than quadratic time.
        """
        self._endpoints.append(
            _Rule(check_pattern(regex), self.kind(operation).name, frozenset(m.upper() for m in methods))
        )

    def kind(self, operation: str) -> OperationKind:
        """The operation of this name.

        Raises:
            InvalidRequest: there is none.
        """
        try:
            return self.kinds[operation]
        except (KeyError, TypeError):
            raise InvalidRequest(
                f"operation {str(operation)[:80]!r} is unknown: use one of {', '.join(sorted(self.kinds))}"
                f"{did_you_mean(str(operation), self.kinds)}"
            ) from None

    @property
    def has_queue_rules(self) -> bool:
        """Whether any operation depends on the queue."""
        return bool(self._queues)

    def of_task(
        self, task_name: str, *, declared: str | None = None, queue: str | None = None
    ) -> OperationKind:
        """The operation of a task. A declared operation that is unknown counts as `unknown`: guarded."""
        if declared is not None:
            return self.kinds.get(declared, self.kinds[Operation.UNKNOWN])
        if task_name in self._names:
            return self.kinds[self._names[task_name]]
        if len(task_name) <= _LONGEST_NAME:
            for rule in self._rules:
                if rule.pattern.fullmatch(task_name):
                    return self.kinds[rule.operation]
        if queue is not None and queue in self._queues:
            return self.kinds[self._queues[queue]]
        return self.kinds[DEFAULT_OPERATION]

    def of_endpoint(self, method: str, path: str) -> OperationKind:
        """The operation of an HTTP request.

        A path that is not in its plain form (``//``, ``/../``, ``;``, a dot at its end) is never
        matched by a rule that lets through, so tricks with it end as `unknown`: guarded.
        """
        verb = method.upper()
        plain = _is_plain(path)
        for rule in (*self._endpoints, *ENDPOINTS):
            if (not rule.methods or verb in rule.methods) and plain and rule.pattern.fullmatch(path):
                return self.kinds[rule.operation]
        if plain and verb in _SAFE_METHODS:
            return self.kinds[Operation.READ_OPERATIONS]
        return self.kinds[Operation.UNKNOWN]


def _is_plain(path: str) -> bool:
    odd = ("//", "/.", ";", "%", "\\", "?", "#")
    return (
        path.startswith("/")
        and len(path) <= _LONGEST_NAME
        and path.isprintable()
        and not path.endswith(".")
        and not any(part in path for part in odd)
    )
