"""Cards and reports as JSON text."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

from guard.core.agents import AgentCard, AgentReport, RunningJob
from guard.core.plain import read_json, require_plain
from guard.errors import StateInvalid

__all__ = ["card_of", "card_text", "number_of", "report_of", "report_text"]


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
        values = read_json(text)
        return require_plain(
            AgentCard(
                **{
                    **_known(AgentCard, values),
                    "queues": tuple(values["queues"]),
                    "tasks": tuple(values["tasks"]),
                }
            )
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StateInvalid("an agent's card in Redis is malformed") from error


def number_of(text: str) -> int:
    """A whole number from text: an epoch, or milliseconds. Raises StateInvalid."""
    try:
        return int(text)
    except ValueError as error:
        raise StateInvalid("a number that an agent keeps in Redis is none") from error


def report_text(report: AgentReport) -> str:
    """A report as text."""
    return json.dumps(asdict(report), separators=(",", ":"))


def report_of(text: str) -> AgentReport:
    """A report from text. Raises StateInvalid."""
    try:
        values = read_json(text)
        running = tuple(require_plain(RunningJob(**_known(RunningJob, job))) for job in values["running"])
        queues = values.get("queues")
        lists = {
            "running": running,
            "cordoned": tuple(values["cordoned"]),
            "queues": None if queues is None else tuple(queues),
        }
        return require_plain(AgentReport(**{**_known(AgentReport, values), **lists}))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StateInvalid("an agent's report in Redis is malformed") from error
