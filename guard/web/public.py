"""What everybody may see, at ``/maintenance``: the status page, its data, the banner. Changes nothing.

It answers from what this process believes and reaches for no server: it works in an emergency, and while
Redis and the database are away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Blueprint, jsonify, make_response, url_for
from markupsafe import Markup

from guard.core.decision import Outcome
from guard.core.operations import Operation
from guard.core.requests import decide_request
from guard.orchestrator.status import build_status
from guard.web.refusal import PAGE_HEADERS, rendered
from guard.web.words import MODE_NAMES, label_of, until

if TYPE_CHECKING:
    from flask import Response

    from guard.api import Guard
    from guard.core.operations import OperationKind

__all__ = ["PublicView", "make_public", "public_view"]

_NOT_FOR_USERS = frozenset({Operation.ADMIN_OPERATIONS, Operation.AUTHENTICATION, Operation.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicView:
    """What the public is told.

    Attributes:
        standing: ``open``, ``normal``, ``emergency``, ``test`` or ``unknown``.
        fields: the guides' status, flat; None where it is not known.
        blocked, working: operations.
        sign_in: whether somebody who is no admin may sign in.
        narrowed: whether only some jobs are affected, which no operation tells.
    """

    standing: str
    headline: str
    until: str
    fields: dict[str, Any]
    blocked: tuple[OperationKind, ...]
    working: tuple[OperationKind, ...]
    sign_in: bool
    narrowed: bool


def public_view(guard: Guard) -> PublicView:
    """What this process believes, as the public is told. Reaches for no server while its lease is fresh."""
    requests = guard.requests
    view, state, now = requests.view(), requests.state(), requests.now()
    known = state is not None and view.gate.name != "UNKNOWN"
    kinds = tuple(guard.operations.kinds.values())
    blocked = tuple(
        kind
        for kind in kinds
        if decide_request(kind, view, admin=False, bypass=False, now=now).outcome is Outcome.REFUSE
    )
    status = build_status(
        state=state if known else None,
        roster=None,
        kinds=guard.operations.kinds,
        held=None,
        parked=None,
        refused=None,
        warnings=(),
        now=now,
    )
    standing = view.gate.name.lower() if known else "unknown"
    scope = view.scope
    narrowed = standing in {"normal", "emergency"} and bool(scope.queues or scope.tenants or scope.crossing)
    return PublicView(
        standing=standing,
        headline=_headline(standing),
        until=until(state.planned_end, now) if known and state is not None and standing != "open" else "",
        fields={
            "is_active": status.is_active,
            "mode": status.mode,
            "reason": status.reason,
            "estimated_duration": status.estimated_duration,
            "started_at": status.started_at,
            "estimated_completion": status.estimated_completion,
            "blocked_operations": [kind.name for kind in blocked],
            "active_jobs_count": None,
            "message": status.message,
            "epoch": status.epoch,
            "standing": standing,
        },
        blocked=blocked,
        working=tuple(kind for kind in kinds if kind not in blocked and kind.name not in _NOT_FOR_USERS),
        sign_in=known and guard.sessions.may_sign_in(None),
        narrowed=narrowed,
    )


def make_public(guard: Guard, *, page: bool = True) -> Blueprint:
    """The blueprint, to be registered at ``/maintenance``. Templates may use ``maintenance_banner()``.

    Args:
        page: whether the status page is among it.
    """
    public = Blueprint(
        "guard_public",
        __name__,
        template_folder="templates",
        static_folder="static",
        static_url_path="/assets",
    )

    if page:

        @public.get("", strict_slashes=False)
        def status_page() -> Response:
            """The status page."""
            view = public_view(guard)
            return _page(
                "guard_public/status.html",
                view=view,
                fields=view.fields,
                label_of=label_of,
                mode_name=MODE_NAMES.get(view.standing, ""),
            )

    @public.get("/status.json")
    def status() -> Response:
        """What the page and the banner show, for their script."""
        return _uncached(jsonify(public_view(guard).fields))

    @public.get("/banner.js")
    def banner() -> Response:
        """The script that shows the banner."""
        return public.send_static_file("banner.js")

    @public.app_template_global("maintenance_banner")
    def maintenance_banner() -> Markup:
        """The banner as it is now, kept fresh by its script; for the body of any page of the application."""
        view = public_view(guard)
        shown = view.standing in {"normal", "emergency", "unknown"}
        return Markup(  # noqa: S704 - a template with escaping has made it
            rendered(
                "guard_public/banner.html", view=view, fields=view.fields, shown=shown, page=_page_url(page)
            )
        )

    return public


def _page_url(page: bool) -> str:  # noqa: FBT001 - of this module alone
    return url_for("guard_public.status_page") if page else ""


def _headline(standing: str) -> str:
    return {
        "open": "All systems operational",
        "normal": "System maintenance in progress",
        "emergency": "Emergency maintenance in progress",
        "test": "All systems operational",
    }.get(standing, "The status is not known at the moment")


def _page(template: str, **values: Any) -> Response:
    answer = make_response(rendered(template, **values))
    answer.headers.update(PAGE_HEADERS)
    return _uncached(answer)


def _uncached(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer
