"""Admission on real stores: what is missing, the second person, and what the journal says."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from guard.core.access import Actor, Deed, Right
from guard.core.admission import APPROVAL_SECONDS, request_digest
from guard.errors import ApprovalRequired, InvalidRequest, NotAllowed, StepUpRequired
from tests.access.conftest import HERE, ON_BOTH

if TYPE_CHECKING:
    from tests.access.conftest import House

REQUEST = {"reason": "fire", "grace": 0}


@pytest.fixture
def settings() -> dict[str, str]:
    return {"GUARD_SECOND_APPROVER": "emergency,discard"}


def asks(
    house: House,
    actor: Actor,
    request: Any = REQUEST,
    approval_id: str | None = None,
    deed: Deed = Deed.START_EMERGENCY,
) -> tuple[str, str]:
    """The id of the approval that is missing, and what was said; two empty texts when it was admitted."""
    try:
        house.access.admit(actor, deed, request, approval_id=approval_id)
    except ApprovalRequired as error:
        return error.approval_id, str(error)
    return "", ""


def test_what_is_admitted_is_journaled_and_what_only_looks_is_not(house: House) -> None:
    actor = house.actor("alice", "operate")
    house.access.admit(actor, Deed.LOOK)
    house.access.admit(actor, Deed.ENABLE, {"reason": "Umzug", "duration": 60})
    (line,) = house.journal("admit")
    assert (line.actor, line.outcome) == ("alice", "admitted")
    assert line.detail == {
        "address": HERE,
        "via": "token",
        "credential": actor.credential,
        "deed": "enable",
        "request": '{"deed":"enable","request":{"duration":60,"reason":"Umzug"}}',
    }


def test_what_is_refused_is_journaled_and_says_what_is_missing(house: House) -> None:
    with pytest.raises(NotAllowed, match="takes the right 'operate'") as error:
        house.access.admit(house.actor("alice", "read"), Deed.ENABLE)
    assert error.value.needed == "operate"
    with pytest.raises(StepUpRequired, match="access enrol"):
        house.access.admit(house.actor("bob", "emergency"), Deed.START_EMERGENCY)
    lines = house.journal("admit", "refused")
    assert [(line.actor, line.detail["why"]) for line in lines] == [
        ("alice", "no right"),
        ("bob", "step-up required"),
    ]


def test_an_actor_whom_the_application_knows_is_judged_alike(house: House) -> None:
    actor = Actor(name="carol", rights=frozenset({Right.EMERGENCY}), address=HERE, via="application")
    with pytest.raises(StepUpRequired):
        house.access.admit(actor, Deed.END_EMERGENCY)
    house.enrol("carol")
    stepped_up = house.access.show_code(actor, house.code("carol"))
    assert asks(house, stepped_up)[0]
    assert house.journal("ask for approval")[0].detail["via"] == "application"


@ON_BOTH
def test_somebody_else_approves_exactly_this_once(house: House) -> None:
    """Threat S6."""
    alice, bob = house.stepped_up("alice"), house.stepped_up("bob", "emergency")
    approval_id, said = asks(house, alice)
    assert "somebody else" in said
    assert "nobody has approved" in asks(house, alice, approval_id=approval_id)[1]

    shown = house.another().access.approve(bob, approval_id)
    assert shown.digest == request_digest(shown.request)
    assert (shown.asked_by, shown.approved_by) == ("alice", "bob")

    for request in ({**REQUEST, "grace": 1}, {}, {**REQUEST, "more": 1}):
        assert "other values" in asks(house, alice, request, approval_id)[1]
    assert "other values" in asks(house, alice, REQUEST, approval_id, Deed.END_EMERGENCY)[1]
    assert "somebody else" in asks(house, bob, REQUEST, approval_id)[1]

    assert asks(house, alice, REQUEST, approval_id) == ("", "")
    assert "used" in asks(house, alice, REQUEST, approval_id)[1]
    done = house.journal("admit", "admitted")[-1].detail
    assert (done["approval"], done["approved_by"]) == (approval_id, "bob")


@pytest.mark.parametrize("name", ["alice", "Alice", " alice"])
def test_nobody_approves_their_own_request(house: House, name: str) -> None:
    """Threat S6: not with another token of theirs either."""
    alice = house.stepped_up("alice")
    approval_id, _ = asks(house, alice)
    again = Actor(
        name=name, rights=frozenset({Right.ADMIN}), address="198.51.100.1", via="application",
        stepped_up_at=house.clock.now,
    )  # fmt: skip
    with pytest.raises(NotAllowed, match="somebody else"):
        house.access.approve(again, approval_id)
    assert house.journal("approve", "refused")
    assert house.access.approvals()[0].approved_by == ""


@ON_BOTH
def test_an_approval_is_over_after_ten_minutes(house: House) -> None:
    """Threat S6: from the asking on, whenever it was given."""
    alice = house.stepped_up("alice")
    approval_id, _ = asks(house, alice)
    house.clock.now += APPROVAL_SECONDS - 60
    house.access.approve(house.stepped_up("bob"), approval_id)
    house.clock.now += 60
    alice = house.access.show_code(alice, house.code("alice"))
    assert "expired" in asks(house, alice, approval_id=approval_id)[1]
    with pytest.raises(InvalidRequest, match="expired"):
        house.access.approve(house.access.show_code(house.actor("bob"), house.code("bob")), approval_id)
    fresh, _ = asks(house, alice)
    assert fresh != approval_id


def test_to_approve_takes_a_right_and_a_step_up(house: House) -> None:
    approval_id, _ = asks(house, house.stepped_up("alice"))
    house.enrol("bob")
    with pytest.raises(StepUpRequired):
        house.access.approve(house.actor("bob", "emergency"), approval_id)
    with pytest.raises(NotAllowed):
        house.access.approve(house.actor("carol", "operate"), approval_id)


def test_to_approve_a_discard_takes_the_right_to_discard(house: House) -> None:
    alice, bob = house.stepped_up("alice", "admin"), house.stepped_up("bob", "emergency")
    approval_id, _ = asks(house, alice, deed=Deed.DISCARD_JOBS)
    with pytest.raises(NotAllowed, match="'admin'") as error:
        house.access.approve(bob, approval_id)
    assert error.value.needed == "admin"
    assert house.journal("approve", "refused")
    assert house.access.refuse(bob, approval_id).refused_by == "bob", "to stop it takes less"


@ON_BOTH
def test_what_was_refused_is_over(house: House) -> None:
    alice, bob = house.stepped_up("alice"), house.stepped_up("bob")
    approval_id, _ = asks(house, alice)
    assert house.access.refuse(bob, approval_id).refused_by == "bob"
    assert "bob has refused" in asks(house, alice, approval_id=approval_id)[1]
    with pytest.raises(InvalidRequest, match="refused"):
        house.access.approve(bob, approval_id)
    assert asks(house, alice)[0] != approval_id


@ON_BOTH
def test_asking_twice_is_one_request(house: House) -> None:
    alice = house.stepped_up("alice")
    first, _ = asks(house, alice)
    assert asks(house, alice)[0] == first
    assert asks(house, alice, {**REQUEST, "grace": 1})[0] != first
    assert len(house.access.approvals()) == 2
    house.access.approve(house.stepped_up("bob"), first)
    assert asks(house, alice) == (first, "bob has approved this: send the same request with approval_id")


@pytest.mark.parametrize("approval_id", ["", "nonsense", "0" * 100])
def test_an_approval_that_is_not_there(house: House, approval_id: str) -> None:
    assert "no such approval" in asks(house, house.stepped_up(), approval_id=approval_id)[1]
    with pytest.raises(InvalidRequest, match="nothing waits"):
        house.access.approve(house.stepped_up("bob"), approval_id)


@ON_BOTH
def test_of_many_uses_at_once_one_is_first(house: House) -> None:
    alice, bob = house.stepped_up("alice"), house.stepped_up("bob")
    approval_id, _ = asks(house, alice)
    house.access.approve(bob, approval_id)
    others, came, start = [house.another() for _ in range(4)], list[str](), threading.Barrier(4)

    def use(number: int) -> None:
        start.wait()
        try:
            others[number].access.admit(alice, Deed.START_EMERGENCY, REQUEST, approval_id=approval_id)
        except ApprovalRequired:
            came.append("refused")
        else:
            came.append("admitted")

    threads = [threading.Thread(target=use, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(came) == ["admitted", "refused", "refused", "refused"]


def test_other_deeds_take_nobody_else(house: House) -> None:
    house.access.admit(house.actor("alice", "operate"), Deed.DISABLE)
    house.access.admit(house.stepped_up("alice"), Deed.TOKENS)


def test_what_is_asked_for_is_plain_json(house: House) -> None:
    with pytest.raises(InvalidRequest, match="plain JSON"):
        house.access.admit(house.actor(), Deed.ENABLE, {"at": object()})
