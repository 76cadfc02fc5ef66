"""The roster: what nobody has said yet."""

from __future__ import annotations

from guard.core.agents import AgentCard
from guard.core.roster import SEEN_LATELY_SECONDS, RosterEntry


def test_an_agent_that_was_just_registered_has_reported_nothing() -> None:
    card = AgentCard(agent_id="a", role="worker", node="w@one", host="one", pid=7)
    assert RosterEntry(card=card, acknowledged_epoch=-1, seen_seconds_ago=0.0).report is None


def test_who_was_heard_of_within_five_seconds_lives() -> None:
    assert SEEN_LATELY_SECONDS == 5.0
