"""Sign-in on the admin page: cookies, their end, and rights that are the token's at each use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guard.core.access import Deed, Right
from guard.core.page_session import IDLE_SECONDS, LONGEST_SECONDS
from guard.errors import NotAllowed, NotKnown, StepUpRequired
from guard.store.sql.schema import PAGE_SESSIONS, TOKENS
from tests.access.conftest import ELSEWHERE, HERE, ON_BOTH

if TYPE_CHECKING:
    from tests.access.conftest import House

DAY = 24 * 3600


def is_known(house: House, cookie: str) -> bool:
    """In another process."""
    try:
        house.another().access.actor_of_session(cookie, address=HERE)
    except NotKnown:
        return False
    return True


@ON_BOTH
def test_signed_in_and_out(house: House) -> None:
    signed_in = house.signed_in("alice", "operate")
    assert (signed_in.actor.name, signed_in.actor.via, signed_in.actor.rights) == (
        "alice",
        "page",
        {Right.OPERATE},
    )
    assert house.another().access.actor_of_session(signed_in.cookie, address=HERE) == signed_in.actor
    assert house.access.sign_out(signed_in.cookie)
    assert not house.access.sign_out(signed_in.cookie)
    assert not is_known(house, signed_in.cookie)
    lines = house.journal()
    assert [(line.action, line.actor) for line in lines if "sign" in line.action] == [
        ("sign in", "alice"),
        ("sign out", "alice"),
    ]


def test_each_sign_in_has_a_cookie_of_its_own(house: House) -> None:
    """Session fixation: no cookie that somebody brought along is ever signed in."""
    text = house.token()
    cookies = {house.access.sign_in(text, address=HERE).cookie for _ in range(5)}
    assert len(cookies) == 5
    for cookie in ("x" * 43, "", None, 7, next(iter(cookies)) + "x"):
        with pytest.raises(NotKnown):
            house.access.actor_of_session(cookie, address=HERE)


@ON_BOTH
def test_a_step_up_gives_another_cookie_and_ends_the_old_one(house: House) -> None:
    """Threat S4: starting and ending an emergency takes a second factor of the last 5 minutes."""
    house.enrol()
    before = house.signed_in("alice", "emergency")
    for deed in (Deed.START_EMERGENCY, Deed.END_EMERGENCY):
        with pytest.raises(StepUpRequired, match="within the last 5 minutes"):
            house.access.admit(before.actor, deed)
    after = house.access.step_up(before.actor, house.code())
    assert after.cookie != before.cookie
    assert not is_known(house, before.cookie)
    actor = house.another().access.actor_of_session(after.cookie, address=HERE)
    house.access.admit(actor, Deed.START_EMERGENCY)
    house.clock.now += 299
    house.access.admit(actor, Deed.END_EMERGENCY)
    house.clock.now += 1
    with pytest.raises(StepUpRequired):
        house.access.admit(house.access.actor_of_session(after.cookie, address=HERE), Deed.END_EMERGENCY)


def test_a_wrong_code_leaves_the_cookie(house: House) -> None:
    house.enrol()
    signed_in = house.signed_in()
    with pytest.raises(StepUpRequired):
        house.access.step_up(signed_in.actor, "000000")
    assert is_known(house, signed_in.cookie)
    house.access.sign_out(signed_in.cookie)
    with pytest.raises(NotKnown):
        house.access.step_up(signed_in.actor, house.code())


@ON_BOTH
def test_it_is_over_when_nobody_is_there(house: House) -> None:
    signed_in = house.access.sign_in(house.token(seconds=DAY), address=HERE)
    for _ in range(3):
        house.clock.now += IDLE_SECONDS - 61  # what is kept is right to the minute
        assert is_known(house, signed_in.cookie)
    house.clock.now += IDLE_SECONDS
    assert not is_known(house, signed_in.cookie)


def test_a_page_that_asks_by_itself_does_not_keep_it_alive(house: House) -> None:
    signed_in = house.access.sign_in(house.token(seconds=DAY), address=HERE)
    for _ in range(2):
        house.clock.now += IDLE_SECONDS / 2 - 1
        house.access.actor_of_session(signed_in.cookie, address=HERE, touch=False)
    house.clock.now += 2
    assert not is_known(house, signed_in.cookie)


def test_it_is_over_after_eight_hours_whatever_happens(house: House) -> None:
    signed_in = house.access.sign_in(house.token(seconds=DAY), address=HERE)
    assert signed_in.seconds == LONGEST_SECONDS
    for _ in range(LONGEST_SECONDS // 1200 - 1):
        house.clock.now += 1200
        assert house.access.actor_of_session(signed_in.cookie, address=HERE)
    house.clock.now += 1200
    assert not is_known(house, signed_in.cookie)


def test_it_ends_with_its_token(house: House) -> None:
    text = house.token(seconds=100)
    signed_in = house.access.sign_in(text, address=HERE)
    assert signed_in.seconds == 100
    house.clock.now += 100
    assert not is_known(house, signed_in.cookie)


@ON_BOTH
def test_whoever_is_demoted_loses_access_at_once(house: House) -> None:
    """Threat S11: rights are the token's at each use; a revoked token ends its sessions."""
    signed_in, other = house.signed_in("alice", "admin"), house.signed_in("bob", "admin")
    token_id = next(view.token_id for view in house.access.tokens() if view.owner == "alice")
    with house.guard.durable.engine.begin() as connection:  # type: ignore[attr-defined]
        connection.execute(TOKENS.update().where(TOKENS.c.token_id == token_id).values(rights="read"))
    actor = house.access.actor_of_session(signed_in.cookie, address=HERE)
    with pytest.raises(NotAllowed):
        house.access.admit(actor, Deed.ENABLE)
    house.another().access.revoke_token(token_id, by="ops")
    assert not is_known(house, signed_in.cookie)
    assert is_known(house, other.cookie)
    assert house.journal("revoke token")[-1].detail["page_sessions"] == 1


@ON_BOTH
def test_those_that_are_over_are_deleted(house: House) -> None:
    for _ in range(3):
        house.signed_in()
    house.clock.now += IDLE_SECONDS
    house.signed_in()
    with house.guard.durable.engine.connect() as connection:  # type: ignore[attr-defined]
        assert len(connection.execute(PAGE_SESSIONS.select()).all()) == 1


def test_the_address_is_that_of_the_request(house: House) -> None:
    signed_in = house.signed_in()
    assert house.access.actor_of_session(signed_in.cookie, address=ELSEWHERE).address == ELSEWHERE


def test_a_form_of_another_session_does_not_count(house: House) -> None:
    mine, other = house.signed_in(), house.signed_in()
    assert house.access.check_csrf(mine.cookie, house.another().access.csrf_of(mine.cookie))
    assert not house.access.check_csrf(mine.cookie, house.access.csrf_of(other.cookie))
