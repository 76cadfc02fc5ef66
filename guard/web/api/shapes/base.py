"""What all shapes share."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Answer", "Done", "EpochMoment", "Problem", "Query", "Request", "When"]

When = Annotated[str, Field(description="ISO 8601, UTC", examples=["2026-12-01T02:00:00Z"])]
EpochMoment = Annotated[float, Field(description="UTC, seconds since 1970")]


class Request(BaseModel):
    """A body. Numbers are numbers and truths are truths: nothing is guessed from text."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    def given(self) -> dict[str, Any]:
        """What was given, as plain JSON."""
        return self.model_dump(mode="json", exclude_none=True)


class Query(BaseModel):
    """Parameters of an address."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Answer(BaseModel):
    """An answer. What nobody could say is null."""

    model_config = ConfigDict(extra="forbid")


class Done(Answer):
    """It was done."""

    success: bool
    message: str


class Problem(Answer):
    """Why it was not done: RFC 9457, with the guides' `error` and `message`."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    instance: str
    success: bool
    error: str
    message: str
    details: list[str] = Field(default_factory=list, description="every problem, one sentence each")
