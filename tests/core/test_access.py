"""Rights, deeds and step-up, as a table."""

from __future__ import annotations

import pytest

from guard.core.access import DEEDS, STEP_UP_SECONDS, Actor, Deed, Demand, Right, allows


def actor(*rights: Right, stepped_up_at: float | None = None) -> Actor:
    return Actor(name="alice", rights=frozenset(rights), stepped_up_at=stepped_up_at)


def test_no_right_is_none() -> None:
    assert not any(allows((), right) for right in Right)


@pytest.mark.parametrize("held", Right)
def test_every_right_includes_read_and_admin_includes_all(held: Right) -> None:
    allowed = {right for right in Right if actor(held).may(right)}
    assert allowed == (set(Right) if held is Right.ADMIN else {Right.READ, held})


def test_every_deed_has_its_demand_and_the_grave_ones_ask_for_more() -> None:
    assert set(DEEDS) == set(Deed)
    grave = {Deed.START_EMERGENCY, Deed.END_EMERGENCY, Deed.DISCARD_JOBS}
    assert {deed for deed, demand in DEEDS.items() if demand.approvable} == grave
    assert all(DEEDS[deed].step_up for deed in grave)
    assert [deed for deed, demand in DEEDS.items() if demand.right is Right.READ] == [Deed.LOOK]


@pytest.mark.parametrize(
    ("shown", "now", "counts"),
    [
        (None, 1000.0, False),
        (1000.0, 1000.0, True),
        (1000.0, 1000.0 + STEP_UP_SECONDS - 0.1, True),
        (1000.0, 1000.0 + STEP_UP_SECONDS, False),
        (1000.0, 999.0, False),  # a clock that was set back proves nothing
    ],
)
def test_a_step_up_counts_for_a_while(shown: float | None, now: float, counts: bool) -> None:
    assert actor(Right.EMERGENCY, stepped_up_at=shown).stepped_up(now) is counts


@pytest.mark.parametrize(
    ("deed", "right", "step_up", "approvable"),
    [
        ("look", "read", False, False),
        ("enable", "operate", False, False),
        ("change", "operate", False, False),
        ("disable", "operate", False, False),
        ("start emergency", "emergency", True, True),
        ("end emergency", "emergency", True, True),
        ("plan", "operate", False, False),
        ("release jobs", "operate", False, False),
        ("discard jobs", "admin", True, True),
        ("sessions", "admin", False, False),
        ("bypass", "admin", False, False),
        ("tokens", "admin", True, False),
        ("alerts", "operate", False, False),
        ("approve", "emergency", True, False),
    ],
)
def test_what_each_deed_asks_for(deed: str, right: str, step_up: bool, approvable: bool) -> None:
    demand = DEEDS[Deed(deed)]
    assert (demand.right.value, demand.step_up, demand.approvable) == (right, step_up, approvable)


def test_all_deeds_and_rights_by_their_words() -> None:
    assert len(Deed) == 14
    assert [right.value for right in Right] == ["read", "operate", "emergency", "admin"]
    assert STEP_UP_SECONDS == 300


def test_what_an_actor_has_unless_somebody_says_otherwise() -> None:
    assert Actor(name="alice", rights=frozenset()) == Actor(
        name="alice", rights=frozenset(), address="", via="token", credential="", stepped_up_at=None
    )
    assert actor().may(Right.READ) is False
    assert Demand(right=Right.READ) == Demand(right=Right.READ, step_up=False, approvable=False)
