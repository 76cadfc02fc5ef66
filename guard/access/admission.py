"""Who is admitted to what: the shell around `guard.core.admission`. Every outcome is journaled."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from guard.core.access import DEEDS, Deed
from guard.core.admission import (
    APPROVAL_SECONDS,
    ApprovalStage,
    ApprovalView,
    Verdict,
    canonical,
    judge,
    request_digest,
    same_person,
    stage_of,
    why_unusable,
)
from guard.core.named_events import EventName, not_announced
from guard.errors import ApprovalRequired, InvalidRequest, NotAllowed, StepUpRequired

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from guard.access.journal import AccessJournal
    from guard.access.step_up import StepUp
    from guard.core.access import Actor
    from guard.core.named_events import Announces
    from guard.ports import Clock
    from guard.store.sql.approvals import SqlApprovals

__all__ = ["Admission"]


class Admission:
    """Admits, or says what is missing.

    Args:
        second_approver: deeds for which somebody else is asked.
    """

    def __init__(
        self,
        *,
        approvals: SqlApprovals,
        step_up: StepUp,
        journal: AccessJournal,
        clock: Clock,
        second_approver: Collection[Deed],
        announce: Announces = not_announced,
    ) -> None:
        self._announce = announce
        self._approvals = approvals
        self._step_up = step_up
        self._journal = journal
        self._clock = clock
        self._second_approver = second_approver

    def admit(
        self, actor: Actor, deed: Deed, request: Mapping[str, Any], *, approval_id: str | None = None
    ) -> None:
        """Return if this actor may do exactly this now; otherwise raise what is missing.

        Raises:
            NotAllowed, StepUpRequired, ApprovalRequired: nothing was changed.
            InvalidRequest: the request is no plain JSON.
            StoreUnavailable: nobody can say; or it could not be journaled. Nothing was changed.
        """
        text = canonical(deed, request)
        verdict = judge(actor, deed, now=self._clock.wall(), second_approver=self._second_approver)
        if verdict is Verdict.NO_RIGHT:
            self._refused(actor, deed, verdict, text)
            needed = DEEDS[deed].right
            raise NotAllowed(f"to {deed.value} takes the right {needed.value!r}", needed=needed.value)
        if verdict is Verdict.STEP_UP:
            self._refused(actor, deed, verdict, text)
            raise StepUpRequired(self._what_is_missing(actor, deed))
        detail: dict[str, Any] = {"deed": deed.value, "request": text}
        if verdict is Verdict.APPROVAL:
            approval = self._approved(actor, deed, text, approval_id)
            detail |= {"approval": approval.approval_id, "approved_by": approval.approved_by}
        if deed is not Deed.LOOK:
            self._journal.done("admit", actor=actor, outcome="admitted", detail=detail)
            self._announce(
                EventName.ACCESS_ADMITTED,
                deed=deed.value,
                by=actor.name,
                via=actor.via,
                address=actor.address,
            )

    def all(self) -> list[ApprovalView]:
        """What was asked for, the newest first."""
        return self._approvals.recent()

    def approve(self, actor: Actor, approval_id: str) -> ApprovalView:
        """Approve what somebody else asked for. It is then theirs to do.

        Raises:
            NotAllowed: the actor has no right to, nor to what was asked for, or asked for it.
            StepUpRequired: a second factor first. InvalidRequest: nothing waits under this id.
        """
        return self._settle(actor, approval_id, "approve")

    def refuse(self, actor: Actor, approval_id: str) -> ApprovalView:
        """Refuse it; whoever asked may also take it back so. Raises as `approve`."""
        return self._settle(actor, approval_id, "refuse")

    def _settle(self, actor: Actor, approval_id: str, what: str) -> ApprovalView:
        self.admit(actor, Deed.APPROVE, {what: approval_id})
        now, approval = self._clock.wall(), self._waiting(approval_id)
        mine = same_person(approval.asked_by, actor.name)
        if mine and what == "approve":
            self._journal.refused(
                "approve", actor=actor, detail={"why": "the same person", "of": approval_id}
            )
            raise NotAllowed("somebody else must approve this, not who asked", needed="another person")
        needed = DEEDS[approval.deed].right
        if what == "approve" and not actor.may(needed):
            why = f"to approve this takes the right {needed.value!r}, as to do it"
            self._journal.refused("approve", actor=actor, detail={"why": why, "of": approval_id})
            raise NotAllowed(why, needed=needed.value)
        settle = self._approvals.approve if what == "approve" else self._approvals.refuse
        if not settle(approval.approval_id, by=actor.name, at=now):
            self._waiting(approval_id)  # says what has become of it
            raise InvalidRequest(f"{approval_id[:40]!r} waits for nobody any more")
        detail = {"approval": approval.approval_id, "digest": approval.digest, "asked_by": approval.asked_by}
        self._journal.done(what, actor=actor, detail=detail)
        return self._approvals.find(approval.approval_id) or approval

    def _waiting(self, approval_id: str) -> ApprovalView:
        approval = self._approvals.find(str(approval_id)[:36])
        if approval is None:
            raise InvalidRequest(f"nothing waits for an approval under {str(approval_id)[:40]!r}")
        stage = stage_of(approval, self._clock.wall())
        if stage is not ApprovalStage.WAITING:
            raise InvalidRequest(f"this request is {stage.value}: there is nothing to approve")
        return approval

    def _approved(self, actor: Actor, deed: Deed, text: str, approval_id: str | None) -> ApprovalView:
        """The approval that admits this request; used up when this returns."""
        now, digest = self._clock.wall(), request_digest(text)
        if approval_id is None:
            self._ask(actor, deed, text, digest)
        approval = self._approvals.find(str(approval_id)[:36])
        if approval is None:
            self._refused(actor, deed, Verdict.APPROVAL, text, why="no such approval")
            raise ApprovalRequired("there is no such approval: ask without one", approval_id="")
        why = why_unusable(approval, actor=actor.name, digest=digest, now=now)
        if not why and not self._approvals.use(approval, at=now):
            why = "it was used a moment ago: ask anew"
        if why:
            self._refused(actor, deed, Verdict.APPROVAL, text, why=why)
            raise ApprovalRequired(f"the approval does not count: {why}", approval_id=approval.approval_id)
        return approval

    def _ask(self, actor: Actor, deed: Deed, text: str, digest: str) -> None:
        """Ask for an approval, or name the one that was asked for already; always raises ApprovalRequired."""
        now = self._clock.wall()
        approval = self._approvals.open(asked_by=actor.name, digest=digest, now=now)
        if approval is None:
            approval = ApprovalView(
                approval_id=str(uuid.uuid4()),
                deed=deed,
                digest=digest,
                request=text,
                asked_by=actor.name,
                asked_at=now,
                expires_at=now + APPROVAL_SECONDS,
            )
            self._approvals.add(approval)
            detail = {"deed": deed.value, "approval": approval.approval_id, "digest": digest, "request": text}
            self._journal.done("ask for approval", actor=actor, detail=detail)
        by = (
            f"{approval.approved_by} has approved this"
            if approval.approved_by
            else "somebody else must approve this"
        )
        raise ApprovalRequired(
            f"{by}: send the same request with approval_id", approval_id=approval.approval_id
        )

    def _what_is_missing(self, actor: Actor, deed: Deed) -> str:
        if self._step_up.is_set_up(actor.name):
            return f"to {deed.value} takes a second factor, shown within the last 5 minutes"
        return (
            f"to {deed.value} takes a second factor, and none is set up for {actor.name!r}: on a machine of "
            "the application run `celery -A yourapp maintenance access enrol`"
        )

    def _refused(self, actor: Actor, deed: Deed, verdict: Verdict, text: str, why: str = "") -> None:
        detail = {"deed": deed.value, "why": why or verdict.value, "request": text}
        self._journal.refused("admit", actor=actor, detail=detail)
