"""Access: what waits for a second person, and the tokens. Those are made by the command line only: their text
is never in a browser."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from flask import request

from guard.core.access import Deed
from guard.core.admission import ApprovalStage, stage_of
from guard.web.admin.answers import Answer, asked
from guard.web.admin.paging import Pager

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from guard.core.admission import ApprovalView
    from guard.web.admin.desk import Desk
    from guard.web.admin.fields import Typed

__all__ = ["add_pages"]

_PER_PAGE = 30
_MOST_PAGES = 20


def add_pages(desk: Desk) -> None:
    """Approvals and tokens."""

    def access() -> ResponseReturnValue:
        return _page(desk, desk.typed(), 200)

    def approve(approval_id: str) -> ResponseReturnValue:
        typed = desk.typed()
        yes = typed.text("answer") == "approve"
        answer = desk.guard.access.approve if yes else desk.guard.access.refuse
        done = desk.attempt(typed, lambda actor: answer(actor, approval_id), step_up=True)
        if done.error is not None:
            return _page(desk, typed, done.status)
        word = "approved" if yes else "refused"
        return desk.go("access", f"You {word} what {done.value.asked_by} asked for: {done.value.deed.value}.")

    def revoke(token_id: str) -> ResponseReturnValue:
        typed = desk.typed()
        if request.method != "POST":
            return _revoke_page(desk, typed, token_id, 200)
        done = desk.do(
            Deed.TOKENS,
            {"revoke": token_id},
            typed,
            lambda by: desk.guard.access.revoke_token(token_id, by=by),
        )
        if done.error is not None:
            return _revoke_page(desk, typed, token_id, done.status)
        return desk.go(
            "access", f"The token of {done.value.owner} is revoked, and its page sessions are over."
        )

    add = desk.blueprint.add_url_rule
    add("/access", "access", access)
    add("/access/approvals/<approval_id>", "approve", approve, methods=["POST"])
    add("/access/tokens/<token_id>/revoke", "revoke_token", revoke, methods=["GET", "POST"])


def _page(desk: Desk, typed: Typed, status: int) -> ResponseReturnValue:
    pager = Pager.of(request.args, per_page=_PER_PAGE, most=_MOST_PAGES)
    admin = desk.visitor.may(Deed.TOKENS)
    name = desk.visitor.actor.name
    return desk.page(
        "access.html",
        typed=typed,
        approvals=asked(desk.guard.access.approvals),
        stage=lambda approval: stage_of(approval, time.time()),
        Stage=ApprovalStage,
        values=_values,
        tokens=asked(lambda: pager.cut(desk.guard.access.tokens())) if admin else None,
        second_factor=asked(lambda: desk.guard.access.has_second_factor(name)),
        pager=pager,
        status=status,
    )


def _revoke_page(desk: Desk, typed: Typed, token_id: str, status: int) -> ResponseReturnValue:
    """The question, and whose token it is for those who may know."""
    known = asked(desk.guard.access.tokens) if desk.visitor.may(Deed.TOKENS) else Answer([])
    token = next((one for one in known.value or () if one.token_id == token_id), None)
    return desk.page(
        "revoke_token.html",
        typed=typed,
        token_id=token_id,
        token=token,
        problem=known.problem,
        status=404 if token is None and not known.problem and status == 200 else status,
    )


def _values(approval: ApprovalView) -> dict[str, object]:
    """What exactly would be done, by name: all of it, as it was asked for."""
    found = json.loads(approval.request).get("request", {})
    return {name: value for name, value in found.items() if value not in (None, "", [])}
