"""What one request asks, a route, and what is answered: the words that all routes are written in."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from guard.core.access import Right
from guard.web.api.answers import PublicStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from flask import Request

    from guard.api import Guard
    from guard.api.health import Health
    from guard.core.access import Actor, Deed
    from guard.core.state import GuardState
    from guard.web.api.listeners import Listeners
    from guard.web.api.shapes import base
    from guard.web.door import Door
    from guard.web.standing import Standing

__all__ = ["Asked", "Reply", "Route", "Site"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What answers: one app's guard, the table of routes, and what is kept in this process."""

    guard: Guard
    door: Door
    standing: Standing
    health: Health
    listeners: Listeners
    routes: tuple[Route, ...]
    public: PublicStatus = field(default_factory=PublicStatus)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is answered: plain JSON, JSON as text, or pieces of text as they come."""

    body: Mapping[str, Any] | str | Iterable[str]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Route:
    """One method on one path.

    Attributes:
        name: stable, for programs made from the document.
        answer: gives the answer, once everything below was judged.
        gives: the shape of the answer.
        right: the least that every caller needs; None: it is public.
        or_right: another one that may do as well; the deed then tells.
        deed: of a change: what it is, or what tells that from the request. `admit` judges it.
        judged_below: the guard's own call admits, so nothing else does.
        body, query: what may be said.
        state_bound: whether it is decided on one epoch (`If-Match`), and tried again when that has passed.
        missing: whether there may be nothing of this name.
        slow: whether it waits for workers.
        media: the kind of its answer.
        limited: whether it counts against a rate.
    """

    method: str
    path: str
    name: str
    group: str
    summary: str
    answer: Callable[[Asked], Reply]
    gives: type[base.Answer]
    right: Right | None = Right.READ
    or_right: Right | None = None
    deed: Deed | Callable[[Asked], Deed] | None = None
    judged_below: bool = False
    body: type[base.Request] | None = None
    query: type[base.Query] | None = None
    state_bound: bool = False
    missing: bool = False
    slow: bool = False
    media: str = "application/json"
    limited: bool = True


@dataclass(kw_only=True)
class Asked:
    """One request.

    Attributes:
        actor: who asks; None: nobody whom we know, on a public route.
        values: parts of the path.
    """

    site: Site
    route: Route
    request: Request
    actor: Actor | None
    values: Mapping[str, str]
    body: Any = None
    query: Any = None
    idempotency: str = ""

    @property
    def guard(self) -> Guard:
        """The app's guard."""
        return self.site.guard

    @property
    def by(self) -> str:
        """Who asks, for the journal."""
        if self.actor is None:
            raise LookupError("a public route changes nothing")
        return self.actor.name

    @property
    def may_read(self) -> bool:
        """Whether the caller may see more than everybody."""
        return self.actor is not None and self.actor.may(Right.READ)

    @functools.cached_property
    def state(self) -> GuardState:
        """The state as the durable store has it, read once: what was decided is decided on this.

        Raises:
            StoreUnavailable: it did not answer.
        """
        return self.guard.durable.read()

    @property
    def open_mode(self) -> str | None:
        """The mode of the open window; None without one."""
        state = self.state
        return state.mode.value if state.is_active and state.mode is not None else None

    def forget_state(self) -> None:
        """Read it anew when it is asked for again."""
        self.__dict__.pop("state", None)
