"""The desk: what every page works with. Shows pages, knows who looks, and has deeds admitted and done."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from flask import current_app, g, make_response, redirect, request, url_for
from jinja2 import Environment, PackageLoader, StrictUndefined

from guard.core.access import DEEDS, Deed
from guard.errors import (
    AccessDenied,
    ApprovalRequired,
    GuardError,
    IllegalMove,
    InvalidRequest,
    NoSuchAlert,
    NotParked,
    NotPlanned,
    StaleEpoch,
    StepUpRequired,
    StoreError,
    TooManyRequests,
)
from guard.web.admin.fields import Typed
from guard.web.admin.notices import COOKIE, Notices
from guard.web.admin.shown import FILTERS, look_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Blueprint, Response

    from guard.api import Guard
    from guard.core.access import Actor
    from guard.web.admin.visitor import Visitor
    from guard.web.door import Door
    from guard.web.standing import Standing

__all__ = ["Desk", "Done"]

T = TypeVar("T")

_EVENTS = "guard_api.events"
_CODES: tuple[tuple[type[GuardError], int], ...] = (
    (InvalidRequest, 422),
    (StepUpRequired, 403),
    (ApprovalRequired, 202),
    (AccessDenied, 403),
    (TooManyRequests, 429),
    (NotParked, 404),
    (NoSuchAlert, 404),
    (NotPlanned, 404),
    (IllegalMove, 409),
    (StaleEpoch, 409),
    (StoreError, 503),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of a deed. `value` is what it gave when `error` is None."""

    value: Any = None
    error: GuardError | None = None

    @property
    def status(self) -> int:
        """The HTTP status of a page that shows the form again."""
        return next((code for kind, code in _CODES if isinstance(self.error, kind)), 500)


@dataclass(kw_only=True)
class Desk:
    """What all pages share.

    Attributes:
        guard: the guard of the app.
        door: knows who asks.
        standing: the status from memory, with its age.
        blueprint: where pages put their routes.
    """

    guard: Guard
    door: Door
    standing: Standing
    blueprint: Blueprint
    notices: Notices = field(init=False)

    def __post_init__(self) -> None:
        self.notices = Notices(self.guard.settings.secret)

    @cached_property
    def templates(self) -> Environment:
        """Our own, so that nothing of the application's changes how values are escaped."""
        made = Environment(
            loader=PackageLoader("guard.web.admin"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        made.filters.update(FILTERS)
        made.globals.update(url=self.url, asset=self.asset, events_url=_events_url, Deed=Deed, now=time.time)
        return made

    @property
    def visitor(self) -> Visitor:
        """Who looks at this page; only after the entrance has let them in."""
        visitor: Visitor = g.guard_visitor
        return visitor

    @property
    def home(self) -> str:
        """The path that all pages are below, without a slash at its end."""
        return self.url("now").rstrip("/")

    def url(self, endpoint: str, **values: Any) -> str:
        """The address of a page of ours."""
        return url_for(f"{self.blueprint.name}.{endpoint}", **values)

    def asset(self, name: str) -> str:
        """The address of a script or style, which changes with what it holds: browsers may keep it."""
        return self.url("static", filename=name, v=self._digests.get(name, ""))

    @cached_property
    def _digests(self) -> Mapping[str, str]:
        folder = resources.files("guard.web.admin") / "static"
        return {
            item.name: hashlib.sha256(item.read_bytes()).hexdigest()[:12]
            for item in folder.iterdir()
            if item.is_file()
        }

    # -- pages -----------------------------------------------------------------------------------

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """A page for somebody who is signed in."""
        seen = self.standing.now()
        said = self.notices.read(request)
        values.setdefault("typed", Typed())
        html = self.templates.get_template(template).render(
            visitor=self.visitor,
            seen=seen,
            status=seen.status,
            look=look_of(seen.status),
            said=said,
            here=(request.endpoint or "").rpartition(".")[2],
            **values,
        )
        response = make_response(html, status)
        if said or COOKIE in request.cookies:
            self.notices.forget(response, path=self.home)
        return response

    def bare_page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """A page that tells nothing of the guard: for those who are not signed in."""
        values.setdefault("typed", Typed())
        return make_response(self.templates.get_template(template).render(**values), status)

    def go(self, endpoint: str, *sentences: str, **values: Any) -> Response:
        """To another page, which says these sentences once."""
        response = make_response(redirect(self.url(endpoint, **values), code=303))
        if sentences:
            self.notices.say(response, *sentences, path=self.home, secure=request.is_secure)
        return response

    def typed(self) -> Typed:
        """The fields of the form that was sent."""
        return Typed(request.form.to_dict(flat=False))

    def back_to(self, raw: str) -> str:
        """A path of ours that somebody may be sent to after signing in; anything else is our first page."""
        parts = urlsplit(raw)
        fits = not parts.scheme and not parts.netloc and "\\" not in raw and raw.isprintable()
        inside = parts.path == f"{self.home}/" or parts.path.startswith(f"{self.home}/")
        return raw if fits and inside and "/../" not in parts.path else self.url("now")

    # -- deeds -----------------------------------------------------------------------------------

    def do(self, deed: Deed, asked_for: Mapping[str, Any], typed: Typed, act: Callable[[str], T]) -> Done:
        """Have a deed admitted, then do it. What goes wrong is kept in `typed`, for the form to show.

        Args:
            deed: what it is; it says which right, second factor and second person it takes.
            asked_for: exactly what would be done, in plain JSON types: what a second person approves.
            typed: the form; its fields `code` and `approval_id` are used.
            act: does it, given who asks.
        """
        approval_id = typed.text("approval_id") or None

        def admitted(actor: Actor) -> T:
            self.guard.access.admit(actor, deed, asked_for, approval_id=approval_id)
            return act(actor.name)

        return self.attempt(typed, admitted, step_up=DEEDS[deed].step_up)

    def attempt(self, typed: Typed, act: Callable[[Actor], T], *, step_up: bool) -> Done:
        """Do something that judges by itself who may. What goes wrong is kept in `typed`.

        Args:
            step_up: whether a second factor in the field `code` is looked at.
        """
        try:
            return Done(value=act(self._actor(typed.text("code").strip() if step_up else "")))
        except InvalidRequest as error:
            typed.blame(error)
            return Done(error=error)
        except StepUpRequired as error:
            typed.say(str(error), "code")
            return Done(error=error)
        except ApprovalRequired as error:
            typed.put("approval_id", error.approval_id)
            return Done(error=error)
        except GuardError as error:
            typed.say(_told(error))
            return Done(error=error)

    def _actor(self, code: str) -> Actor:
        """Who asks; stepped up, if they showed a code. A page session then has a new cookie."""
        visitor = self.visitor
        if not code:
            return visitor.actor
        access = self.guard.access
        if not visitor.page_session:
            return access.show_code(visitor.actor, code)
        signed_in = access.step_up(visitor.actor, code)
        g.guard_new_cookie = signed_in.cookie
        g.guard_visitor = replace(
            visitor, actor=signed_in.actor, csrf=access.csrf_of(signed_in.cookie), stepped_up=True
        )
        return signed_in.actor


def _events_url() -> str:
    """Where a page hears of changes; empty where the application does not mount the API."""
    return url_for(_EVENTS) if _EVENTS in current_app.view_functions else ""


def _told(error: GuardError) -> str:
    text = str(error)
    if isinstance(error, StaleEpoch):
        return "Somebody else changed the window first. This page shows how it is now; decide again."
    if isinstance(error, TooManyRequests):
        return f"{text} Try again in {error.retry_after} seconds."
    return text[:1].upper() + text[1:]
