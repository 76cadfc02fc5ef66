"""Tokens, approvals, bypasses."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from guard.web.api.shapes.base import Answer, EpochMoment, Request

__all__ = [
    "ApprovalAnswer",
    "ApprovalsAnswer",
    "BypassRequest",
    "BypassesAnswer",
    "NewBypassAnswer",
    "NewTokenAnswer",
    "TokenAnswer",
    "TokenRequest",
    "TokensAnswer",
]


class TokenRequest(Request):
    """An access token to be made."""

    owner: str = Field(min_length=1, max_length=100)
    rights: list[Literal["read", "operate", "emergency", "admin"]] = Field(min_length=1, max_length=4)
    seconds: int = Field(ge=1, le=366 * 24 * 3600)
    label: str = Field(default="", max_length=100)


class TokenView(Answer):
    """What is known of a token; never its secret."""

    token_id: str
    owner: str
    label: str
    rights: list[str]
    made_at: EpochMoment
    made_by: str
    expires_at: EpochMoment
    revoked_at: EpochMoment | None
    revoked_by: str
    used_at: EpochMoment | None


class TokensAnswer(Answer):
    """All tokens, newest first."""

    tokens: list[TokenView]


class TokenAnswer(Answer):
    """One token."""

    success: bool
    token: TokenView


class NewTokenAnswer(TokenAnswer):
    """A token that was just made; `text` is shown this once."""

    text: str


class ApprovalView(Answer):
    """A request that waits for a second person, or did."""

    approval_id: str
    deed: str
    digest: str
    request: str
    asked_by: str
    asked_at: EpochMoment
    expires_at: EpochMoment
    approved_by: str
    approved_at: EpochMoment | None
    refused_by: str
    used_at: EpochMoment | None
    stage: str


class ApprovalsAnswer(Answer):
    """What was asked for lately, newest first."""

    approvals: list[ApprovalView]


class ApprovalAnswer(Answer):
    """One request."""

    success: bool
    approval: ApprovalView


class BypassRequest(Request):
    """A bypass to be made."""

    operations: list[str] = Field(min_length=1, max_length=50)
    holder: str = Field(min_length=1, max_length=100)
    seconds: int = Field(ge=1, le=24 * 3600)
    user: str = Field(default="", max_length=100)


class NewBypassAnswer(Answer):
    """A bypass that was just made; `token` is shown this once."""

    success: bool
    token: str
    operations: list[str]
    holder: str
    user: str
    seconds: int


class BypassView(Answer):
    """A bypass that was made; `uses` is null when nobody can say."""

    bypass_id: str
    operations: list[str]
    holder: str
    user: str
    made_at: EpochMoment
    made_by: str
    until: EpochMoment
    revoked_at: EpochMoment | None
    revoked_by: str
    uses: int | None


class BypassesAnswer(Answer):
    """Bypass tokens that were made; never the tokens themselves."""

    bypasses: list[BypassView]
