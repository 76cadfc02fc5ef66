"""Second factors on real stores: each code once, tries limited, break-glass codes loud (threats S5, S9)."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from guard.core.access import Deed
from guard.core.alerts import Severity
from guard.core.one_time_codes import BREAK_GLASS_CODES
from guard.core.rates import RATES
from guard.errors import InvalidRequest, StepUpRequired, TooManyRequests
from tests.access.conftest import ELSEWHERE, HERE, ON_BOTH, House

if TYPE_CHECKING:
    from guard.core.access import Actor


def shows(house: House, actor: Actor, code: str) -> str:
    """What comes of a code, in another process."""
    try:
        house.another().access.show_code(actor, code)
    except (StepUpRequired, TooManyRequests) as error:
        return type(error).__name__
    return "counts"


@ON_BOTH
def test_a_code_counts_once_whichever_process_is_shown_it(house: House) -> None:
    """Threat S5."""
    house.enrol()
    actor, code = house.actor(), house.code()
    assert shows(house, actor, code) == "counts"
    assert shows(house, actor, code) == "StepUpRequired"
    house.clock.now += 1
    assert shows(house, actor, code) == "StepUpRequired"
    assert shows(house, replace(actor, address=ELSEWHERE), code) == "StepUpRequired"
    house.clock.now += 29
    assert shows(house, actor, house.code()) == "counts"


@ON_BOTH
def test_of_many_at_once_one_is_first(house: House) -> None:
    house.enrol()
    code, came = house.code(), list[str]()
    others = [house.another().access for _ in range(4)]
    actors = [house.actor(address=f"192.0.2.{number}") for number in range(4)]
    start = threading.Barrier(4)

    def show(number: int) -> None:
        start.wait()
        try:
            others[number].show_code(actors[number], code)
        except StepUpRequired:
            came.append("refused")
        else:
            came.append("counts")

    threads = [threading.Thread(target=show, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(came) == ["counts", "refused", "refused", "refused"]


@pytest.mark.parametrize(
    ("later", "came"), [(-2, "StepUpRequired"), (-1, "counts"), (1, "counts"), (2, "StepUpRequired")]
)
def test_a_clock_may_be_half_a_minute_off(house: House, later: int, came: str) -> None:
    house.enrol()
    house.clock.now += 60
    assert shows(house, house.actor(), house.code(later=later)) == came


@ON_BOTH
def test_one_that_was_not_confirmed_does_not_count(house: House) -> None:
    actor = house.actor()
    assert not house.access.has_second_factor("alice")
    with pytest.raises(StepUpRequired, match="access enrol"):
        house.access.show_code(actor, "123456")
    made = house.enrolments["alice"] = house.access.enrol("alice", by="ops")
    for code in (house.code(), made.break_glass[0]):
        with pytest.raises(StepUpRequired, match="no second factor"):
            house.access.show_code(actor, code)
    with pytest.raises(StepUpRequired):
        house.access.confirm("alice", "000000")
    assert not house.access.has_second_factor("alice")
    house.access.confirm("alice", house.code())
    assert house.access.has_second_factor("alice")
    with pytest.raises(StepUpRequired):  # what confirmed is used up
        house.access.show_code(actor, house.code())


@ON_BOTH
def test_a_confirmed_one_is_not_replaced_behind_its_owners_back(house: House) -> None:
    first = house.access.enrol("alice", by="ops")
    house.enrol()  # one that was never confirmed is replaced, codes and all
    with pytest.raises(InvalidRequest, match="forget it first"):
        house.access.enrol("alice", by="eve")
    with pytest.raises(InvalidRequest, match="confirmed already"):
        house.access.confirm("alice", house.code())
    assert shows(house, house.actor(), first.break_glass[0]) == "StepUpRequired"
    house.access.forget("alice", by="ops")
    assert not house.access.has_second_factor("alice")
    assert shows(house, house.actor(), house.enrolments["alice"].break_glass[0]) == "StepUpRequired"
    with pytest.raises(InvalidRequest, match="nothing is set up"):
        house.access.forget("alice", by="ops")


def test_a_code_is_its_owners(house: House) -> None:
    house.enrol("alice")
    house.enrol("bob")
    bob = house.actor("bob")
    assert shows(house, bob, house.code("alice")) == "StepUpRequired"
    assert shows(house, bob, house.enrolments["alice"].break_glass[0]) == "StepUpRequired"
    assert shows(house, bob, house.code("bob")) == "counts"


def test_guessing_is_limited_and_locks_nobody_out_elsewhere(house: House) -> None:
    """Threat S9: whoever guesses at one address uses up the tries of that address alone."""
    house.enrol()
    guesser, owner = house.actor(address=ELSEWHERE), house.actor(address=HERE)
    limit = RATES["code"].limit
    came = [shows(house, guesser, "000000") for _ in range(limit + 2)]
    assert came == ["StepUpRequired"] * limit + ["TooManyRequests"] * 2
    assert shows(house, guesser, house.code()) == "TooManyRequests"  # a right guess comes too late
    assert shows(house, owner, house.code()) == "counts"


def test_whoever_was_right_has_all_tries_again(house: House) -> None:
    house.enrol()
    actor = house.actor()
    for _ in range(3):
        for _ in range(RATES["code"].limit - 1):
            assert shows(house, actor, "000000") == "StepUpRequired"
        assert shows(house, actor, house.code()) == "counts"
        house.clock.now += 30


def test_guessing_from_everywhere_is_limited_too_and_break_glass_codes_pass(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RATES, "code of owner", replace(RATES["code of owner"], limit=8))
    made = house.enrol()
    came = [shows(house, house.actor(address=f"198.51.100.{n}"), "000000") for n in range(11)]
    assert came == ["StepUpRequired"] * 8 + ["TooManyRequests"] * 3
    owner = house.actor()
    assert shows(house, owner, house.code()) == "TooManyRequests"
    assert shows(house, owner, made.break_glass[3]) == "counts"
    alerts = house.guard._parts.stores.alerts.recent(10)
    assert [alert.kind for alert in alerts] == ["break-glass code used", "codes are guessed"]


@ON_BOTH
def test_a_break_glass_code_counts_once_and_is_loud(house: House) -> None:
    made = house.enrol()
    assert len(set(made.break_glass)) == BREAK_GLASS_CODES
    actor = house.actor()
    stepped_up = house.access.show_code(actor, made.break_glass[0].lower())
    house.access.admit(stepped_up, Deed.START_EMERGENCY)
    assert shows(house, actor, made.break_glass[0]) == "StepUpRequired"
    (alert,) = house.guard._parts.stores.alerts.recent(10)
    assert (alert.severity, alert.kind) == (Severity.CRITICAL, "break-glass code used")
    assert alert.message == f"a break-glass code of 'alice' was used from '{HERE}'; 7 are left"
    (line,) = house.journal("break-glass")
    assert (line.actor, line.detail["left"], line.detail["address"]) == ("alice", 7, HERE)


def test_a_token_carries_its_code_with_the_request(house: House) -> None:
    house.enrol()
    text = house.token("alice", "emergency")
    actor = house.access.actor_of_token(text, address=HERE, code=house.code())
    assert actor.stepped_up_at == house.clock.now
    house.access.admit(actor, Deed.END_EMERGENCY)
    again = house.access.actor_of_token(text, address=HERE)
    with pytest.raises(StepUpRequired):
        house.access.admit(again, Deed.END_EMERGENCY)
    with pytest.raises(StepUpRequired):
        house.access.actor_of_token(text, address=HERE, code=house.code())


def test_the_seed_is_of_no_use_without_the_key(house: House) -> None:
    made = house.enrol()
    assert made.seed not in house.kept()
    assert f"secret={made.seed}" in made.uri
    actor, other = house.actor(), house.another(GUARD_SECRET_KEY="another key of the tests")
    with pytest.raises(InvalidRequest, match=r"under another key.*GUARD_FORMER_SECRET_KEYS"):
        other.access.show_code(actor, house.code())
    del house.environ["GUARD_SECRET_KEY"]
    keyless = house.another()
    with pytest.raises(InvalidRequest, match="or GUARD_SECRET_KEY"):
        keyless.access.enrol("bob", by="ops")
    assert not house.access.has_second_factor("bob")
    assert "enrol" not in [line.action for line in house.journal() if line.detail.get("owner") == "bob"]
