"""The entrance: who may come in, and the checks that every form goes through.

A person signs in with an access token, never with a password: tokens expire, are made by the command line,
and say what their holder may do. The cookie of the page session is new with each sign-in and with each second
factor, so one that somebody planted before is worth nothing.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

from flask import g, make_response, redirect, request

from guard.core.access import Deed
from guard.errors import AccessDenied, NotKnown, StoreError, TooManyRequests
from guard.web.admin.headers import secured
from guard.web.admin.provenance import is_own
from guard.web.admin.visitor import Visitor

if TYPE_CHECKING:
    from flask import Response
    from flask.typing import ResponseReturnValue

    from guard.core.access import Actor
    from guard.web.admin.desk import Desk

__all__ = ["Entrance"]

_FORM_COOKIE = "guard-form"
"""Ties a form to a browser where no page session does: before signing in, and for people whom the
application knows."""
LIVE_HEADER = "X-Guard-Live"
"""Sent by our script when it looks again: such a look keeps no session alive."""
_PUBLIC = frozenset({"sign_in", "static"})


class Entrance:
    """Lets people in, and out."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add(self) -> None:
        """Put the checks and the pages for signing in and out on the blueprint."""
        blueprint = self._desk.blueprint
        blueprint.before_request(self._check)
        blueprint.after_request(self._secure)
        blueprint.add_url_rule("/sign-in", "sign_in", self._sign_in, methods=["GET", "POST"])
        blueprint.add_url_rule("/sign-out", "sign_out", self._sign_out, methods=["POST"])

    # -- every request ---------------------------------------------------------------------------

    def _check(self) -> ResponseReturnValue | None:
        page = (request.endpoint or "").rpartition(".")[2]
        if page == "static":
            return None
        changes = request.method not in {"GET", "HEAD", "OPTIONS"}
        if changes and not self._comes_from_us():
            self._note("other site")
            return self._refuse("This form was sent by another site. Nothing was changed.", 403)
        if page in _PUBLIC:
            return None
        try:
            actor = self._actor()
            access = self._desk.guard.access
            access.admit(actor, Deed.LOOK)
            access.limit("change" if changes else "read", actor.credential or actor.name)
        except NotKnown:
            return self._ask_to_sign_in(changes=changes)
        except TooManyRequests as error:
            return self._wait(error)
        except AccessDenied as error:
            return self._refuse(str(error), 403)
        except StoreError:
            return self._refuse(
                "Nobody can be recognised now: the durable store does not answer. The command line on a "
                "machine of the application works all the same: `celery -A yourapp maintenance status`.",
                503,
            )
        g.guard_visitor = self._visitor(actor)
        if changes and not self._is_ours(actor):
            self._note("csrf", actor)
            return self._refuse(
                "This form is too old, or was not made by this page. Nothing was changed: go back, load the "
                "page again and repeat it.",
                403,
            )
        return None

    def _actor(self) -> Actor:
        """Who asks. A page that looks again by itself is no sign of a person."""
        return self._desk.door.actor(request, touch=LIVE_HEADER not in request.headers)

    def _note(self, kind: str, actor: Actor | None = None) -> None:
        address = self._desk.door.address(request)
        self._desk.guard.access.note_refused(
            kind, actor=actor, address=address, detail={"path": request.path[:200]}
        )

    def _comes_from_us(self) -> bool:
        site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
        return is_own(site=site, origin=origin, host=request.host)

    def _secure(self, response: Response) -> Response:
        if "guard_new_cookie" in g:
            self._set_cookie(response, g.guard_new_cookie)
        if "guard_form_cookie" in g:
            response.set_cookie(
                _FORM_COOKIE,
                g.guard_form_cookie,
                path=self._desk.home,
                httponly=True,
                secure=request.is_secure,
                samesite="Strict",
            )
        page = (request.endpoint or "").rpartition(".")[2]
        return secured(response, keep=page == "static" and response.status_code in {200, 304})

    def _visitor(self, actor: Actor) -> Visitor:
        return Visitor(
            actor=actor,
            csrf=self._desk.guard.access.csrf_of(self._tie(actor)),
            page_session=actor.via == "page",
            stepped_up=actor.stepped_up(time.time()),
        )

    def _is_ours(self, actor: Actor) -> bool:
        tie = self._cookie_of(actor)
        return bool(tie) and self._desk.guard.access.check_csrf(tie, request.form.get("csrf", ""))

    def _cookie_of(self, actor: Actor | None) -> str:
        if actor is not None and actor.via == "page":
            return request.cookies.get(self._desk.door.cookie_name(request), "")
        return request.cookies.get(_FORM_COOKIE, "")

    def _tie(self, actor: Actor | None) -> str:
        """What a form is tied to; a cookie is set where there is none yet."""
        tie = self._cookie_of(actor)
        if not tie:
            tie = g.guard_form_cookie = secrets.token_urlsafe(32)
        return tie

    # -- signing in and out ----------------------------------------------------------------------

    def _sign_in(self) -> ResponseReturnValue:
        typed = self._desk.typed()
        target = self._desk.back_to(request.values.get("next", ""))
        status = 200
        if request.method == "POST":
            done = self._try(typed.text("token").strip(), target)
            if not isinstance(done, tuple):
                return done
            status, problem = done
            typed.say(problem, "token")
        csrf = self._desk.guard.access.csrf_of(self._tie(None))
        return self._desk.bare_page("sign_in.html", status=status, typed=typed, target=target, csrf=csrf)

    def _try(self, token: str, target: str) -> Response | tuple[int, str]:
        """Sign in: where to go then; or the HTTP status and what is wrong."""
        desk = self._desk
        tie = self._cookie_of(None)
        if not tie or not desk.guard.access.check_csrf(tie, request.form.get("csrf", "")):
            return 403, "This page was open for too long, or your browser keeps no cookies. Try again."
        if not token:
            return 422, "Paste your access token."
        try:
            signed_in = desk.guard.access.sign_in(token, address=desk.door.address(request))
        except NotKnown:
            return 403, "This token does not count: it is wrong, expired or revoked."
        except TooManyRequests as error:
            return 429, f"Too many tries. Wait {error.retry_after} seconds."
        except StoreError:
            return 503, "Tokens cannot be checked now: the durable store does not answer."
        response = make_response(redirect(target, code=303))
        self._set_cookie(response, signed_in.cookie)
        response.delete_cookie(_FORM_COOKIE, path=desk.home)
        return response

    def _set_cookie(self, response: Response, text: str) -> None:
        name = self._desk.door.cookie_name(request)
        secure = name.startswith("__Host-")
        response.set_cookie(name, text, path="/", httponly=True, secure=secure, samesite="Lax")

    def _sign_out(self) -> ResponseReturnValue:
        name = self._desk.door.cookie_name(request)
        self._desk.guard.access.sign_out(
            request.cookies.get(name, ""), address=self._desk.door.address(request)
        )
        response = make_response(redirect(self._desk.url("sign_in"), code=303))
        secure = name.startswith("__Host-")
        response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="Lax")
        response.headers["Clear-Site-Data"] = '"cache"'
        return response

    # -- what is said to those who stay outside --------------------------------------------------

    def _ask_to_sign_in(self, *, changes: bool) -> ResponseReturnValue:
        here = request.script_root + request.full_path.rstrip("?")
        target = here if request.method == "GET" else self._desk.url("now")
        if changes or request.headers.get("Sec-Fetch-Mode") in {"cors", "no-cors"}:
            return self._refuse(
                "You are not signed in any more. Nothing was changed.", 401, link=self._desk.url("sign_in")
            )
        return redirect(self._desk.url("sign_in", next=target), code=303)

    def _refuse(self, problem: str, status: int, link: str = "") -> Response:
        return self._desk.bare_page("refused.html", status=status, problem=problem, link=link)

    def _wait(self, error: TooManyRequests) -> Response:
        response = self._refuse(f"Too many tries. Wait {error.retry_after} seconds.", 429)
        response.headers["Retry-After"] = str(error.retry_after)
        return response
