"""Cards, reports and parked jobs as JSON text."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

from guard.core.parked import ParkedJob
from guard.errors import InvalidRequest, StateInvalid
from guard.ports import AgentCard, AgentReport, RunningJob

__all__ = ["card_of", "card_text", "parked_of", "parked_text", "report_of", "report_text"]


def _known(kind: type[Any], values: dict[str, Any]) -> dict[str, Any]:
    """Without fields that a newer release has added: during an upgrade both are in the fleet."""
    names = {entry.name for entry in fields(kind)}
    return {name: value for name, value in values.items() if name in names}


def card_text(card: AgentCard) -> str:
    """A card as text."""
    return json.dumps(asdict(card), separators=(",", ":"))


def card_of(text: str) -> AgentCard:
    """A card from text. Raises StateInvalid."""
    try:
        values = json.loads(text)
        return AgentCard(
            **{
                **_known(AgentCard, values),
                "queues": tuple(values["queues"]),
                "tasks": tuple(values["tasks"]),
            }
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StateInvalid("an agent's card in Redis is malformed") from error


def report_text(report: AgentReport) -> str:
    """A report as text."""
    return json.dumps(asdict(report), separators=(",", ":"))


def report_of(text: str) -> AgentReport:
    """A report from text. Raises StateInvalid."""
    try:
        values = json.loads(text)
        running = tuple(RunningJob(**_known(RunningJob, job)) for job in values["running"])
        return AgentReport(
            **{**_known(AgentReport, values), "running": running, "cordoned": tuple(values["cordoned"])}
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StateInvalid("an agent's report in Redis is malformed") from error


def parked_text(job: ParkedJob) -> str:
    """A parked job as text."""
    return json.dumps(job.to_header(), separators=(",", ":"), default=str)


def parked_of(text: str) -> ParkedJob:
    """A parked job from text. Raises StateInvalid."""
    try:
        return ParkedJob.from_header(json.loads(text))
    except (ValueError, InvalidRequest) as error:
        raise StateInvalid("an entry in the index of parked jobs is malformed") from error
