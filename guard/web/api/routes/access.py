"""Tokens, approvals, bypasses. Secrets are shown once, to who made them, and never in an address."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from guard.core.access import Deed, Right
from guard.web.api.asked import Reply, Route
from guard.web.api.shapes import access as shapes
from guard.web.api.shapes import base, windows

if TYPE_CHECKING:
    from guard.core.admission import ApprovalView
    from guard.web.api.asked import Asked

__all__ = ["ROUTES"]

_GROUP = "access"


def _tokens(asked: Asked) -> Reply:
    return Reply(body={"tokens": [one.to_dict() for one in asked.guard.access.tokens()]})


def _make_token(asked: Asked) -> Reply:
    body = asked.body
    made = asked.guard.access.make_token(
        body.owner, rights=body.rights, seconds=body.seconds, by=asked.by, label=body.label
    )
    return Reply(body={"success": True, "token": made.view.to_dict(), "text": made.text}, status=201)


def _revoke_token(asked: Asked) -> Reply:
    view = asked.guard.access.revoke_token(asked.values["token_id"], by=asked.by)
    return Reply(body={"success": True, "token": view.to_dict()})


def _approvals(asked: Asked) -> Reply:
    now = time.time()
    return Reply(body={"approvals": [one.to_dict(now) for one in asked.guard.access.approvals()]})


def _approve(asked: Asked) -> Reply:
    assert asked.actor is not None  # noqa: S101 - the route needs a right
    return _approval(asked.guard.access.approve(asked.actor, asked.values["approval_id"]))


def _refuse(asked: Asked) -> Reply:
    assert asked.actor is not None  # noqa: S101 - the route needs a right
    return _approval(asked.guard.access.refuse(asked.actor, asked.values["approval_id"]))


def _approval(view: ApprovalView) -> Reply:
    return Reply(body={"success": True, "approval": view.to_dict(time.time())})


def _bypasses(asked: Asked) -> Reply:
    return Reply(body={"bypasses": [one.to_dict() for one in asked.guard.bypasses.list()]})


def _make_bypass(asked: Asked) -> Reply:
    body = asked.body
    token = asked.guard.bypass(
        *body.operations, by=asked.by, holder=body.holder, seconds=body.seconds, user=body.user
    )
    told = {"operations": sorted(set(body.operations)), "holder": body.holder, "user": body.user}
    return Reply(body={"success": True, "token": token, "seconds": body.seconds, **told}, status=201)


def _revoke_bypass(asked: Asked) -> Reply:
    asked.guard.bypasses.revoke(asked.values["bypass_id"], by=asked.by)
    return Reply(body={"success": True, "message": "it lets nothing pass any more"})


ROUTES = (
    Route(
        method="GET",
        path="/maintenance/tokens",
        name="tokens",
        group=_GROUP,
        summary="All access tokens; never their secrets.",
        answer=_tokens,
        gives=shapes.TokensAnswer,
        right=Right.ADMIN,
    ),
    Route(
        method="POST",
        path="/maintenance/tokens",
        name="token_make",
        group=_GROUP,
        summary="Make an access token; its text is shown this once.",
        answer=_make_token,
        gives=shapes.NewTokenAnswer,
        right=Right.ADMIN,
        deed=Deed.TOKENS,
        body=shapes.TokenRequest,
    ),
    Route(
        method="POST",
        path="/maintenance/tokens/<token_id>/revoke",
        name="token_revoke",
        group=_GROUP,
        summary="End a token now, and the page sessions begun with it.",
        answer=_revoke_token,
        gives=shapes.TokenAnswer,
        right=Right.ADMIN,
        deed=Deed.TOKENS,
        body=windows.NoRequest,
    ),
    Route(
        method="GET",
        path="/maintenance/approvals",
        name="approvals",
        group=_GROUP,
        summary="What waits for a second person, or did in the last week.",
        answer=_approvals,
        gives=shapes.ApprovalsAnswer,
        right=Right.EMERGENCY,
    ),
    Route(
        method="POST",
        path="/maintenance/approvals/<approval_id>/approve",
        name="approval_approve",
        group=_GROUP,
        summary="Approve what somebody else asked for: it is then theirs to do, once.",
        answer=_approve,
        gives=shapes.ApprovalAnswer,
        right=Right.EMERGENCY,
        deed=Deed.APPROVE,
        judged_below=True,
        body=windows.NoRequest,
    ),
    Route(
        method="POST",
        path="/maintenance/approvals/<approval_id>/refuse",
        name="approval_refuse",
        group=_GROUP,
        summary="Refuse what somebody asked for.",
        answer=_refuse,
        gives=shapes.ApprovalAnswer,
        right=Right.EMERGENCY,
        deed=Deed.APPROVE,
        judged_below=True,
        body=windows.NoRequest,
    ),
    Route(
        method="GET",
        path="/maintenance/bypass",
        name="bypasses",
        group=_GROUP,
        summary="Bypass tokens that were made, and how often each was used; never the tokens.",
        answer=_bypasses,
        gives=shapes.BypassesAnswer,
        right=Right.ADMIN,
    ),
    Route(
        method="POST",
        path="/maintenance/bypass",
        name="bypass_make",
        group=_GROUP,
        summary="Make a bypass; its token is shown this once.",
        answer=_make_bypass,
        gives=shapes.NewBypassAnswer,
        right=Right.ADMIN,
        deed=Deed.BYPASS,
        body=shapes.BypassRequest,
    ),
    Route(
        method="POST",
        path="/maintenance/bypass/<bypass_id>/revoke",
        name="bypass_revoke",
        group=_GROUP,
        summary="End a bypass now.",
        answer=_revoke_bypass,
        gives=base.Done,
        right=Right.ADMIN,
        deed=Deed.BYPASS,
        body=windows.NoRequest,
    ),
)
