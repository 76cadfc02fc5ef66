"""The guard in a Flask application: each request is asked about before its view begins.

    maintenance = MaintenanceExtension(app, guard)

Rules:

- Asked last: after every `before_request` function of the application, so that it may say who the user is
  by what those have found out. With no window open, and no session ever ended, nobody is asked.
- A session that was ended counts no more wherever it comes from: it is forgotten, and the request answered
  with 401, or 503 while nobody may sign in. While nobody knows the state it is not forgotten.
- A preflight of CORS that Flask answers by itself passes: no view runs, and a browser would otherwise hide
  the 503 from the page that asked. The application's `after_request` functions run for refusals too.
- In a storm of refusals the cheapest answer counts: `guard.web.storm`.
- The guard's own pages know their callers by themselves.
"""

from __future__ import annotations

import logging
from time import clock_gettime
from typing import TYPE_CHECKING, Any

from flask import request, session

from guard.clock import BOOT
from guard.core.decision import Outcome
from guard.core.sessions import GENERATION_FIELD, is_admin
from guard.errors import MaintenanceActive
from guard.web.ended import ended_answer, sign_in_closed
from guard.web.installed import NAME, OPERATION_ATTRIBUTE
from guard.web.mounting import OWN_BLUEPRINTS, exempt_own_pages, mount_own_pages
from guard.web.public import make_public
from guard.web.refusal import Refusals
from guard.web.storm import Storm
from guard.web.users import default_user, sign_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask, Request, Response

    from guard.api import Guard
    from guard.core.access import Actor
    from guard.core.operations import OperationKind
    from guard.core.requests import User

__all__ = ["MaintenanceExtension"]

log = logging.getLogger(__name__)

_ASKED = "guard.asked"
_REFUSED = "guard.refused"
_BYPASS = "HTTP_X_MAINTENANCE_BYPASS"
_AGELESS = (
    "a session was ended that says neither its number nor when it was made. If users who sign in again are "
    "signed out again, the application never says it: call maintenance.sign_in(role) where users sign in, "
    "and give User(generation=session.get('guard_generation')); or keep sessions: GUARD_SESSIONS_NORMAL=keep"
)


class MaintenanceExtension:
    """The guard of one Flask application.

    Args:
        app: None: call `init_app` later.
        guard: what `guard.install` gave; None: say it to `init_app`.
        user: says who makes a request, None for nobody that is signed in; called only when it matters. The
            default asks flask-login, if the application has it.
        sign_out: forgets the session of this request; the default clears Flask's and flask-login's.
        api: whether the HTTP API is mounted at ``/api``.
        admin: whether the admin page is mounted at ``/admin/maintenance``.
        status_page: whether the page for users is mounted at ``/maintenance``; its banner and style are there
            in any case.
        authenticate: says who asks the API and the admin page, for an application with an own sign-in.
    """

    def __init__(
        self,
        app: Flask | None = None,
        guard: Guard | None = None,
        *,
        user: Callable[[Request], User | None] = default_user,
        sign_out: Callable[[], None] = sign_out,
        api: bool = True,
        admin: bool = True,
        status_page: bool = True,
        authenticate: Callable[[Request], Actor | None] | None = None,
    ) -> None:
        self._guard = guard
        self._user = user
        self._sign_out = sign_out
        self._api = api
        self._admin = admin
        self._status_page = status_page
        self._authenticate = authenticate
        self._has_said_ageless = False
        if app is not None:
            self.init_app(app)

    @property
    def guard(self) -> Guard:
        """The guard that is asked.

        Raises:
            RuntimeError: nobody has said which.
        """
        if self._guard is None:
            raise RuntimeError("MaintenanceExtension has no guard: give it that of guard.install(app)")
        return self._guard

    def init_app(self, app: Flask, guard: Guard | None = None) -> None:
        """Put the guard on an application, once. Connects to nothing: the first request does.

        Raises:
            RuntimeError: nobody has said which guard, or this application has one.
        """
        if guard is not None:
            self._guard = guard
        if NAME in app.extensions:
            raise RuntimeError("this application has a MaintenanceExtension already")
        self._requests = self.guard.requests
        self._refusals = Refusals(self.guard)
        self._views = app.view_functions
        app.extensions[NAME] = self
        app.register_error_handler(MaintenanceActive, self._refused_inside)
        self._put_on(app)
        self._mount(app)

    # -- for the application ---------------------------------------------------------------------

    def sign_in(self, role: object) -> None:
        """Call it in the view that signs in, when the password was checked and before the session is
        filled; also when it was wrong, with the role None, so that the answer tells nobody which accounts
        exist. It stamps the session, or ends the request with 503 while somebody with this role may not
        sign in.

        Raises:
            MaintenanceActive: which the extension answers with 503.
        """
        number = self.guard.sessions.stamp()  # before the question, see `Sessions.stamp`
        if not self.guard.sessions.may_sign_in(role):
            raise sign_in_closed(self.guard)
        if number is not None:
            session[GENERATION_FIELD] = number

    def ask(self, operation: str) -> Response | None:
        """Ask about this request as one of this operation, if that was not done. The refusal, or None.

        Raises:
            InvalidRequest: there is no such operation.
        """
        if self._requests.nothing_to_ask or request.environ.get(_ASKED) == operation:
            return None
        asked = _this_request()
        return self._ask(self.guard.operations.kind(operation), asked)

    # -- each request ----------------------------------------------------------------------------

    def _ask_this(self) -> Response | None:
        asked = _this_request()
        if asked.blueprint in OWN_BLUEPRINTS or _is_preflight(asked):
            return None
        return self._ask(self._operation(asked.endpoint or "", asked.method, asked.path), asked)

    def _operation(self, endpoint: str, method: str, path: str) -> OperationKind:
        declared = getattr(self._views.get(endpoint), OPERATION_ATTRIBUTE, None)
        if declared is not None:
            return self.guard.operations.kind(declared)
        return self._requests.operation(method, path)

    def _operation_in_storm(self, endpoint: str, method: str, path: str) -> OperationKind | None:
        own = endpoint.partition(".")[0] in OWN_BLUEPRINTS
        return None if own else self._operation(endpoint, method, path)

    def _ask(self, kind: OperationKind, asked: Request) -> Response | None:
        environ = asked.environ
        environ[_ASKED] = kind.name
        user = self._who(asked)
        decision = self._requests.decide(kind, user=user, bypass=environ.get(_BYPASS))
        if decision.outcome is Outcome.REFUSE:
            return self._refuse(self._requests.refused(kind, user=user), user, asked)
        if decision.would is not None:
            self._requests.rehearsed(kind)
        return self._check_session(user, asked) if user is not None else None

    def _check_session(self, user: User, asked: Request) -> Response | None:
        if is_admin(user.role):
            return None
        state, sessions = self._requests.state(), self.guard.sessions
        if state is None:  # it may be accepted, and nobody knows: neither let it in nor forget it
            return self._refuse(sign_in_closed(self.guard), user, asked)
        accepted = sessions.is_accepted(user.generation, user.created_at, user.role)
        if accepted and sessions.may_sign_in(user.role):
            return None
        if user.generation is None and user.created_at is None and not self._has_said_ageless:
            self._has_said_ageless = True
            log.warning(_AGELESS)
        self._sign_out()
        if not sessions.may_sign_in(user.role):
            return self._refuse(sign_in_closed(self.guard), user, asked)
        return ended_answer()

    def _who(self, asked: Request) -> User | None:
        try:
            return self._user(asked)
        except Exception:
            if self._requests.is_open:
                raise
            # In maintenance the application's own database may be away: then nobody is known.
            log.warning("who makes this request is not known", exc_info=True)
            return None

    def _refuse(
        self, error: MaintenanceActive, user: User | None, asked: Request, *, counted: bool = False
    ) -> Response:
        name = user.name if user is not None else "anonymous"
        self.guard.attempts.note(error.operation, user=name, endpoint=asked.path, counted=counted)
        asked.environ[_REFUSED] = True  # no failure of the application
        return self._refusals.answer(error)

    def _refused_inside(self, error: MaintenanceActive) -> Response:
        """A view has published, or signed in, what is refused: the publish gate has counted that."""
        asked = _this_request()
        return self._refuse(error, self._who(asked), asked, counted=error.operation != "authentication")

    # -- putting it on ---------------------------------------------------------------------------

    def _put_on(self, app: Flask) -> None:
        """Behind all `before_request` functions, whenever they are added; a storm before everything."""
        serve, prepare = app.wsgi_app, app.preprocess_request
        attempts, requests, runtime = self.guard.attempts, self._requests, self._requests.runtime
        meter = self.guard.meter
        storm = Storm(app, self.guard, self._refusals, self._operation_in_storm)

        def wsgi_app(environ: Any, start_response: Any) -> Any:
            if attempts.is_storm:
                answer = storm.answer(environ, start_response)
                if answer is not None:
                    return answer
            if meter.wanted > 0:
                return measured(environ, start_response)
            return serve(environ, start_response)

        def measured(environ: Any, start_response: Any) -> Any:
            begun, code = clock_gettime(BOOT), "5"  # what raises past Flask has failed

            def started(status: str, *rest: Any) -> Any:
                nonlocal code
                code = status
                return start_response(status, *rest)

            try:
                return serve(environ, started)
            finally:
                failed = code[0] == "5" and _REFUSED not in environ
                meter.note(clock_gettime(BOOT) - begun, failed=failed)

        is_first = True

        def preprocess_request(*context: Any) -> Any:
            nonlocal is_first
            if is_first:
                exempt_own_pages(app)  # now: extensions may have been added after this one
                is_first = False
            answer = prepare(*context)
            # Most requests end in this line: `nothing_to_ask`, without the calls that it takes.
            if answer is not None or clock_gettime(BOOT) < runtime.belief.quiet_until:
                return answer
            return None if requests.nothing_to_ask else self._ask_this()

        app.wsgi_app = wsgi_app  # type: ignore[method-assign]
        app.preprocess_request = preprocess_request  # type: ignore[method-assign]

    def _mount(self, app: Flask) -> None:
        app.register_blueprint(make_public(self.guard, page=self._status_page), url_prefix="/maintenance")
        mount_own_pages(app, self.guard, api=self._api, admin=self._admin, authenticate=self._authenticate)


def _this_request() -> Request:
    """The request itself: each use of Flask's proxy costs."""
    found: Request = request._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - it is documented
    return found


def _is_preflight(asked: Request) -> bool:
    if asked.method != "OPTIONS" or "HTTP_ACCESS_CONTROL_REQUEST_METHOD" not in asked.environ:
        return False
    rule = asked.url_rule
    return rule is None or bool(getattr(rule, "provide_automatic_options", False))
