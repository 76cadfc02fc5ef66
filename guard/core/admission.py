"""Whether somebody may do a deed now: right, then step-up, then a second person. The one place that judges.

Rules:
- Nobody learns that a deed asks for more before they have its right.
- An approval is for one exact request: its digest covers the deed and every value. It is given by somebody
  else, counts for `APPROVAL_SECONDS` from the asking on, for whoever asked, and once (threat S6).
- The same name is the same person, however it is written.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from guard.core.access import DEEDS, Actor, Deed
from guard.core.suggest import did_you_mean
from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = [
    "APPROVAL_SECONDS",
    "ApprovalStage",
    "ApprovalView",
    "Verdict",
    "canonical",
    "deeds_of",
    "judge",
    "request_digest",
    "same_person",
    "stage_of",
    "why_unusable",
]

APPROVAL_SECONDS = 600
_GROUPS = {
    "emergency": frozenset({Deed.START_EMERGENCY, Deed.END_EMERGENCY}),
    "discard": frozenset({Deed.DISCARD_JOBS}),
}
"""The words of GUARD_SECOND_APPROVER."""


class Verdict(StrEnum):
    """What comes of a try."""

    ADMITTED = "admitted"
    NO_RIGHT = "no right"
    STEP_UP = "step-up required"
    APPROVAL = "approval required"


class ApprovalStage(StrEnum):
    """Where a request for an approval stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    USED = "used"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalView:
    """A request that waits for a second person, or did. Times are UTC seconds.

    Attributes:
        digest: SHA-256 of `request`, which is the deed and all its values as canonical JSON: what is
            approved is what is done.
    """

    approval_id: str
    deed: Deed
    digest: str
    request: str
    asked_by: str
    asked_at: float
    expires_at: float
    approved_by: str = ""
    approved_at: float | None = None
    refused_by: str = ""
    used_at: float | None = None

    def to_dict(self, now: float) -> dict[str, Any]:
        """As plain JSON types."""
        return {**asdict(self), "deed": self.deed.value, "stage": stage_of(self, now).value}


def judge(actor: Actor, deed: Deed, *, now: float, second_approver: Collection[Deed] = ()) -> Verdict:
    """What a try comes to, before any approval was looked at."""
    demand = DEEDS[deed]
    if not actor.may(demand.right):
        return Verdict.NO_RIGHT
    if demand.step_up and not actor.stepped_up(now):
        return Verdict.STEP_UP
    if demand.approvable and deed in second_approver:
        return Verdict.APPROVAL
    return Verdict.ADMITTED


def canonical(deed: Deed, request: Mapping[str, Any]) -> str:
    """The exact request as one text: the same for the same values, whatever their order.

    Raises:
        InvalidRequest: it holds something that is not plain JSON.
    """
    try:
        return json.dumps(
            {"deed": deed.value, "request": dict(request)},
            sort_keys=True,
            separators=(",", ":"),
            allow_nan=False,
        )
    except (TypeError, ValueError) as error:
        raise InvalidRequest("a request holds plain JSON values only") from error


def request_digest(text: str) -> str:
    """What an approval is bound to."""
    return sha256(text.encode()).hexdigest()


def same_person(one: str, other: str) -> bool:
    """Whether two names are one person's: width, case and spaces around do not make another."""
    return _plain(one) == _plain(other)


def stage_of(approval: ApprovalView, now: float) -> ApprovalStage:
    """Where it stands."""
    if approval.used_at is not None:
        return ApprovalStage.USED
    if approval.refused_by:
        return ApprovalStage.REFUSED
    if not approval.asked_at <= now < approval.expires_at:  # a clock that was set back proves nothing
        return ApprovalStage.EXPIRED
    return ApprovalStage.APPROVED if approval.approved_by else ApprovalStage.WAITING


def why_unusable(approval: ApprovalView, *, actor: str, digest: str, now: float) -> str:
    """Why this approval does not admit this person's request; empty when it does."""
    stage = stage_of(approval, now)
    if not same_person(approval.asked_by, actor):
        return "it was asked for by somebody else"
    if approval.digest != digest:
        return "it was asked for with other values"
    if stage is ApprovalStage.WAITING:
        return "nobody has approved it yet"
    if stage is ApprovalStage.REFUSED:
        return f"{approval.refused_by} has refused it"
    if stage is not ApprovalStage.APPROVED:
        return f"it is {stage.value}: ask anew"
    return "" if not same_person(approval.approved_by, actor) else "nobody else has approved it"


def deeds_of(text: str) -> frozenset[Deed]:
    """The deeds that GUARD_SECOND_APPROVER names.

    Raises:
        InvalidRequest: with every word that is none.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    unknown = [word for word in words if word not in _GROUPS]
    if unknown:
        raise InvalidRequest(
            *(
                f"{word[:40]!r} is nothing to be approved: use {', '.join(_GROUPS)}"
                f"{did_you_mean(word, _GROUPS)}"
                for word in unknown
            )
        )
    return frozenset(deed for word in words for deed in _GROUPS[word])


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()
