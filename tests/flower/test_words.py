"""What the page and the figures say of what is known, half known and unknown."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from guard.core.agents import AgentCard
from guard.core.drain import Blocker, BlockerKind
from guard.core.roster import RosterEntry
from guard.flower.asking import visitor_of, why_read_only
from guard.flower.figures import Figures
from guard.flower.permit import enrol_command, why_no_emergency
from guard.flower.words import blocker_said, figures, headline, worker_said
from guard.orchestrator.status import build_status

NOTHING: Any = build_status(
    state=None, roster=None, kinds={}, held=None, parked=None, refused=None, warnings=(), now=0.0
)


def test_of_nothing_nothing_is_said() -> None:
    for status in (None, NOTHING):
        assert headline(status).tone == "bad"
        assert "Unknown" in headline(status).text
        assert {value for _, value in figures(status)} == {None}
    samples = [sample for family in Figures().collect() for sample in family.samples]
    assert [(sample.name, sample.value) for sample in samples] == [("guard_state_known", 0.0)]


@pytest.mark.parametrize("kind", BlockerKind)
def test_each_blocker_has_its_words(kind: BlockerKind) -> None:
    said = blocker_said(Blocker(kind=kind, worker="w1@shop"))
    assert said.text
    assert said.tone != "good"


@pytest.mark.parametrize(
    ("acknowledged", "silent", "problem", "epoch", "tone"),
    [
        (7, 0.5, "", 7, "good"),
        (6, 0.5, "", 7, "warn"),
        (7, 60.0, "", 7, "bad"),
        (7, 0.5, "no gate", 7, "bad"),
        (7, 0.5, "", None, "bad"),
    ],
)
def test_only_who_follows_now_is_green(
    acknowledged: int, silent: float, problem: str, epoch: int | None, tone: str
) -> None:
    card = AgentCard(agent_id="1", role="worker", node="w1@shop", host="h", pid=1, problem=problem)
    entry = RosterEntry(card=card, acknowledged_epoch=acknowledged, seen_seconds_ago=silent)
    assert worker_said(entry, epoch).tone == tone


def request(user: object, authorization: str = "") -> Any:
    headers = {"Authorization": authorization} if authorization else {}
    return SimpleNamespace(current_user=user, request=SimpleNamespace(headers=headers, remote_ip="10.1.2.3"))


@pytest.mark.parametrize(
    ("user", "authorization", "for_journal"),
    [
        ("ann@example.org", "", "ann@example.org (Flower, 10.1.2.3)"),
        (True, "Basic YWxpY2U6c2VjcmV0", "alice (Flower, 10.1.2.3)"),
        (True, "Basic\tYWxpY2U6c2VjcmV0", "alice (Flower, 10.1.2.3)"),
        (True, "Basic ????", "somebody (Flower, 10.1.2.3)"),
        (True, "Basic", "somebody (Flower, 10.1.2.3)"),
        ("a\nforged\u202eline" + "x" * 200, "", "aforgedline" + "x" * 39 + " (Flower, 10.1.2.3)"),
    ],
)
def test_who_is_named(user: object, authorization: str, for_journal: str) -> None:
    assert visitor_of(request(user, authorization)).for_journal == for_journal


@pytest.mark.parametrize("name", ["pyotp", "limits", "cryptography"])
def test_what_is_missing_for_an_emergency_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert why_no_emergency() == ""
    monkeypatch.setitem(sys.modules, name, None)
    assert f"(missing: {name})" in why_no_emergency()


def test_a_name_in_a_command_to_be_copied_is_one_word() -> None:
    visitor = visitor_of(request("a; rm -rf $(x)"))
    assert enrol_command(visitor).endswith("access enrol 'a; rm -rf $(x)'")


@pytest.mark.parametrize(
    ("read_only", "basic", "auth", "words"),
    [
        (False, None, "", "without authentication"),
        (False, [], "", "without authentication"),
        (False, ["a:b"], "", ""),
        (False, None, ".*@example.org", ""),
        (True, ["a:b"], "", "--read_only"),
    ],
)
def test_when_there_are_buttons(read_only: bool, basic: object, auth: str, words: str) -> None:
    why = why_read_only(SimpleNamespace(read_only=read_only, basic_auth=basic, auth=auth))
    assert words in why
    assert bool(words) == bool(why)
