"""The operation registry: which operation a task or an HTTP endpoint belongs to.

Order for a task: its own ``operation=``, else rules by name in the order they were added, else by
queue, else `job_creation`. Built-in tasks that carry another task inside (`celery.map`, …) take the
operation of that task; the worker unwraps them. For an endpoint: the most specific rule by method and path
(`guard.core.endpoints`), in whatever order they were added, else `read_operations` for safe methods and
`unknown` for the rest: a new write route is guarded until somebody classifies it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from fnmatch import translate
from re import Pattern
from re import compile as compile_regex
from typing import TYPE_CHECKING, Any

from guard.core.operations import (
    ALWAYS,
    CATALOGUE,
    DEFAULT_OPERATION,
    EMERGENCY_ONLY,
    NEVER,
    Operation,
    OperationKind,
)
from guard.core.suggest import did_you_mean
from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guard.core.endpoints import Endpoint

__all__ = ["OperationRegistry"]

_BLOCKED_IN = {"always": ALWAYS, "emergency": EMERGENCY_ONLY, "never": NEVER}
_LONGEST_NAME = 255


@dataclass(slots=True)
class OperationRegistry:
    """Rules that classify tasks and endpoints. Filled while the app is set up, read-only afterwards."""

    kinds: dict[str, OperationKind] = field(default_factory=lambda: dict(CATALOGUE))
    _names: dict[str, str] = field(default_factory=dict)
    _rules: list[tuple[Pattern[str], str]] = field(default_factory=list)
    _queues: dict[str, str] = field(default_factory=dict)
    _endpoints: tuple[Endpoint, ...] | None = None
    """Rules for endpoints, ranked; None until somebody asks: most workers never do."""

    def declare(
        self,
        name: str,
        *,
        blocked: str = "always",
        message: str = "",
        alternative: str = "",
        makes_jobs: bool = True,
    ) -> OperationKind:
        """Add a custom operation.

        Args:
            name: lower-case letters, digits and underscores, at most 64.
            blocked: ``always`` (normal and emergency), ``emergency`` or ``never``.
            message: sentence for the end user; one is made from the name when empty.
            alternative: what the user can do meanwhile.
            makes_jobs: whether its requests start background work; an admin's requests pass a normal window
                only where they do not.

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
            name=name,
            blocked_by=_BLOCKED_IN[blocked],
            message=text,
            alternative=alternative,
            makes_jobs=makes_jobs,
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
        from guard.core.patterns import check_pattern

        value = self.kind(operation).name
        selectors = [selector for selector in (name, glob, regex, queue) if selector is not None]
        if len(selectors) != 1:
            raise InvalidRequest("a rule needs exactly one of name=, glob=, regex= or queue=")
        if name is not None:
            self._names[name] = value
        elif queue is not None:
            self._queues[queue] = value
        elif glob is not None:
            self._rules.append((compile_regex(translate(glob)), value))
        elif regex is not None:
            self._rules.append((check_pattern(regex), value))

    def unknown_among(self, names: Iterable[str]) -> list[str]:
        """A problem for each of these operations that does not exist."""
        problems: list[str] = []
        for name in names:
            try:
                self.kind(name)
            except InvalidRequest as error:
                problems += error.problems
        return problems

    def add_endpoint(
        self, operation: str | Enum, *, regex: str, methods: Iterable[str] | str | None = None
    ) -> None:
        """Add one rule for endpoints. Among the rules that fit a request the most specific counts: the one
        that demands the most literal characters, of equals your own before the guides'. No rule takes over
        what must stay reachable: the guard's API and status page, and health.

        Args:
            operation: name of an operation, or a member of an enumeration whose value is one.
            regex: fits the whole path; see `guard.core.patterns` for what it may contain.
            methods: such as ``("POST", "PUT")``; all when None. With ``GET`` comes ``HEAD``: the same view
                runs.

        Raises:
            InvalidRequest: the operation is unknown, no method is named, or the expression could take more
                than quadratic time.
        """
        from guard.core.endpoints import GUIDES, Endpoint, ranked
        from guard.core.patterns import check_pattern

        named = (methods,) if isinstance(methods, str) else methods
        verbs = frozenset(method.strip().upper() for method in named) if named is not None else frozenset()
        if named is not None and not all(verbs):
            raise InvalidRequest("an endpoint rule has an empty method: leave methods out for all")
        kind = self.kind(operation)
        rule = Endpoint(pattern=check_pattern(regex), operation=kind.name, methods=verbs, own=True)
        self._endpoints = ranked((*(self._endpoints or GUIDES), rule), self.kinds)

    def kind(self, operation: str | Enum) -> OperationKind:
        """The operation of this name, or of an enumeration's member whose value is one.

        Raises:
            InvalidRequest: there is none.
        """
        name: Any = operation.value if isinstance(operation, Enum) else operation
        try:
            return self.kinds[name]
        except (KeyError, TypeError):
            raise InvalidRequest(
                f"operation {str(name)[:80]!r} is unknown: use one of {', '.join(sorted(self.kinds))}"
                f"{did_you_mean(str(name), self.kinds)}"
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
            for pattern, operation in self._rules:
                if pattern.fullmatch(task_name):
                    return self.kinds[operation]
        if queue is not None and queue in self._queues:
            return self.kinds[self._queues[queue]]
        return self.kinds[DEFAULT_OPERATION]

    def knows_task(self, task_name: str, *, declared: str | None = None, queue: str | None = None) -> bool:
        """Whether a declaration or a rule says the operation of such a task; else it counts as
        `job_creation`."""
        if declared is not None:
            return declared in self.kinds
        fits = len(task_name) <= _LONGEST_NAME and any(one.fullmatch(task_name) for one, _ in self._rules)
        return task_name in self._names or fits or (queue is not None and queue in self._queues)

    def of_endpoint(self, method: str, path: str) -> OperationKind:
        """The operation of an HTTP request.

        A path that is not in its plain form (``//``, ``/../``, ``;``, a dot at its end) is never
        matched by a rule that lets through, so tricks with it end as `unknown`: guarded.
        """
        from guard.core.endpoints import operation_of

        return self.kinds[operation_of(method, path, self.endpoints)]

    def knows_endpoint(self, method: str, path: str) -> bool:
        """Whether a rule says the operation of such a request, yours or one of the guides'."""
        from guard.core.endpoints import rule_of

        return rule_of(method, path, self.endpoints) is not None

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The rules for endpoints, most specific first: another object after each change."""
        if self._endpoints is None:
            from guard.core.endpoints import GUIDES, ranked

            self._endpoints = ranked(GUIDES, self.kinds)
        return self._endpoints

    def endpoints_of(self, operation: str) -> tuple[str, ...]:
        """The rules for endpoints that lead to an operation, for people: methods and expression."""
        from guard.core.endpoints import patterns_of

        return patterns_of(operation, self.endpoints)
