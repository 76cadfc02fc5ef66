"""The Maintenance page inside Flower: behind Flower's own sign-in, in Flower's own look.

Rules:

- Looking and doing happen in threads (`guard.flower.look`): Flower's loop goes on meanwhile.
- A form carries Flower's XSRF token, also with basic authentication, where Flower itself asks for none: a
  browser sends the password with requests of other sites too.
- What takes longer than a browser should wait goes on, and the page says so.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import tornado.web
from flower.views import BaseHandler
from flower.views.monitor import Metrics
from tornado.web import StaticFileHandler

from guard.bootstrap import installed
from guard.errors import (
    AccessDenied,
    ApprovalRequired,
    GuardError,
    IllegalMove,
    InvalidRequest,
    StaleEpoch,
    StoreError,
    TooManyRequests,
)
from guard.flower import words
from guard.flower.acts import perform
from guard.flower.asking import visitor_of, why_read_only
from guard.flower.look import in_thread
from guard.flower.permit import enrol_command, why_no_emergency

if TYPE_CHECKING:
    from guard.api import Guard
    from guard.flower.figures import Figures
    from guard.flower.look import Look, Watch

__all__ = ["Assets", "Figured", "MaintenanceAct", "MaintenanceNow", "MaintenancePage"]

log = logging.getLogger(__name__)

_LOOK_WITHIN = 4.0
_FIGURES_WITHIN = 2.0
_ACT_WITHIN = 12.0
_FIELDS = ("reason", "duration", "mode", "epoch", "code", "approval")
_DONE = {
    "enable": "The window is open.",
    "change": "The window was changed.",
    "disable": "The window was ended.",
    "emergency": "Emergency maintenance has begun.",
    "underway": "This takes longer, and goes on in the background.",
}
_STATUS: tuple[tuple[type[GuardError], HTTPStatus], ...] = (
    (InvalidRequest, HTTPStatus.UNPROCESSABLE_ENTITY),
    (IllegalMove, HTTPStatus.CONFLICT),
    (StaleEpoch, HTTPStatus.CONFLICT),
    (AccessDenied, HTTPStatus.FORBIDDEN),
    (TooManyRequests, HTTPStatus.TOO_MANY_REQUESTS),
    (StoreError, HTTPStatus.SERVICE_UNAVAILABLE),
)
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class _Guarded(BaseHandler):  # type: ignore[misc]
    """What the routes of this page have in common."""

    def initialize(self, watch: Watch) -> None:
        self.watch = watch

    @property
    def guard(self) -> Guard:
        """The guard of the app that Flower watches."""
        guard = installed(self.capp)
        if guard is None:
            raise tornado.web.HTTPError(HTTPStatus.NOT_FOUND, "No guard is installed on this app.")
        return guard

    def set_default_headers(self) -> None:
        # Without Flower's own: they open what has no sign-in to pages of other sites.
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("X-Frame-Options", "DENY")
        self.set_header("Content-Security-Policy", _POLICY)
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Cache-Control", "no-store")

    def options(self, *_: Any, **__: Any) -> None:
        raise tornado.web.HTTPError(HTTPStatus.METHOD_NOT_ALLOWED)

    def check_xsrf_cookie(self) -> None:
        """Flower's checks of where a request comes from, and then its token in any case."""
        super().check_xsrf_cookie()
        tornado.web.RequestHandler.check_xsrf_cookie(self)

    def show(self, template: str, look: Look | None, **more: Any) -> None:
        """Render what was seen."""
        last = self.watch.last_known
        self.render(
            template,
            look=look,
            status=look.status if look is not None else None,
            last=last if look is None else None,
            words=words,
            now=time.time(),
            **more,
        )


class MaintenancePage(_Guarded):
    """The whole page."""

    @tornado.web.authenticated
    async def get(self) -> None:
        # Forms are made for an epoch: where there are any, it is the one of now.
        forms = not why_read_only(self.application.options)
        look = await self.watch.fresh(self.guard, within=_LOOK_WITHIN, new=forms)
        self.show_page(look, done=_DONE.get(self.get_query_argument("done", ""), ""))

    def show_page(
        self,
        look: Look | None,
        *,
        done: str = "",
        problems: tuple[str, ...] = (),
        act: str = "",
        form: dict[str, str] | None = None,
    ) -> None:
        """Render it, with what was typed if that was refused."""
        self.show(
            "maintenance.html",
            look,
            why_read_only=why_read_only(self.application.options),
            why_no_emergency=why_no_emergency(),
            enrol_command=enrol_command(visitor_of(self)),
            done=done,
            problems=problems,
            act=act,
            form=form or {},
        )


class MaintenanceNow(_Guarded):
    """The part that changes, for the page's script."""

    @tornado.web.authenticated
    async def get(self) -> None:
        self.show("maintenance_now.html", await self.watch.fresh(self.guard, within=_LOOK_WITHIN))


class MaintenanceAct(MaintenancePage):
    """A button."""

    async def get(self, *_: str) -> None:
        raise tornado.web.HTTPError(HTTPStatus.METHOD_NOT_ALLOWED)

    @tornado.web.authenticated
    async def post(self, act: str) -> None:
        refused = why_read_only(self.application.options)
        if refused:
            raise tornado.web.HTTPError(HTTPStatus.FORBIDDEN, refused)
        form = {name: self.get_body_argument(name, "") for name in _FIELDS}
        visitor = visitor_of(self)
        doing = in_thread(functools.partial(perform, self.guard, act, form, visitor))
        finished, _ = await asyncio.wait({doing}, timeout=_ACT_WITHIN)
        if not finished:
            doing.add_done_callback(functools.partial(_say_how_it_ended, act))
            act = "underway"
        else:
            error = doing.exception()
            if isinstance(error, GuardError):
                await self._refuse(act, form, error)
                return
            if error is not None:
                raise error
        await self.watch.fresh(self.guard, within=_LOOK_WITHIN, new=True)
        self.redirect(f"{self.reverse_url('maintenance')}?done={act}", status=HTTPStatus.SEE_OTHER)

    async def _refuse(self, act: str, form: dict[str, str], error: GuardError) -> None:
        status = next((code for kind, code in _STATUS if isinstance(error, kind)), HTTPStatus.CONFLICT)
        self.set_status(status)
        if isinstance(error, TooManyRequests):
            self.set_header("Retry-After", str(error.retry_after))
        if isinstance(error, ApprovalRequired):
            form["approval"] = error.approval_id
        form["code"] = ""
        problems = error.problems if isinstance(error, InvalidRequest) else (str(error),)
        look = await self.watch.fresh(self.guard, within=_LOOK_WITHIN, new=True)
        self.show_page(look, problems=problems, act=act, form=form)


def _say_how_it_ended(act: str, doing: asyncio.Future[None]) -> None:
    error = doing.exception()
    if error is not None:
        log.error("%s, which was begun in Flower, ended with: %s", act, error)


class Assets(StaticFileHandler):
    """Script and style of the page."""

    def set_extra_headers(self, path: str) -> None:  # noqa: ARG002 - tornado's signature
        self.set_header("X-Content-Type-Options", "nosniff")


class Figured(Metrics):  # type: ignore[misc]
    """Flower's /metrics, after a look at the fleet that is no older than a moment."""

    def initialize(self, figures: Figures) -> None:
        self.figures = figures

    async def get(self) -> None:
        guard = installed(self.capp)
        if guard is not None:
            await self.figures.refresh(guard, within=_FIGURES_WITHIN)
        await super().get()
