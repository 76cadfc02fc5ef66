"""Tokens on real stores: made, shown, listed, revoked, over; and nowhere a secret (threat S12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guard.core.access import Actor, Right
from guard.core.rates import RATES
from guard.errors import InvalidRequest, NotKnown, TooManyRequests
from tests.access.conftest import ELSEWHERE, HERE, ON_BOTH, SECRET
from tests.support.valkey import Valkey

if TYPE_CHECKING:
    from tests.access.conftest import House

WRONG = "gmt_0123456789abcdef_" + "x" * 43


def wrong_tokens(house: House, number: int, address: str = HERE) -> list[type[Exception]]:
    """What came of some wrong ones."""
    came: list[type[Exception]] = []
    for _ in range(number):
        with pytest.raises((NotKnown, TooManyRequests)) as error:
            house.access.actor_of_token(WRONG, address=address)
        came.append(error.type)
    return came


@ON_BOTH
def test_who_shows_a_token(house: House) -> None:
    made = house.access.make_token("alice", rights=["operate", "emergency"], seconds=60, by="ops", label="x")
    assert house.another().access.actor_of_token(made.text, address=HERE) == Actor(
        name="alice",
        rights=frozenset({Right.OPERATE, Right.EMERGENCY}),
        address=HERE,
        via="token",
        credential=made.view.token_id,
    )
    (line,) = house.journal("make token")
    assert (line.actor, line.detail["owner"], line.detail["rights"]) == (
        "ops",
        "alice",
        ["emergency", "operate"],
    )


@ON_BOTH
def test_one_that_is_over_or_revoked_counts_nowhere(house: House) -> None:
    over, revoked = house.token(seconds=60), house.token(seconds=600)
    house.clock.now += 60
    token_id = revoked.split("_")[1]
    assert house.access.revoke_token(token_id, by="ops").revoked_by == "ops"
    assert house.access.revoke_token(token_id, by="eve").revoked_by == "ops"  # once more changes nothing
    for text in (over, revoked):
        with pytest.raises(NotKnown) as error:
            house.another().access.actor_of_token(text, address=HERE)
        assert str(error.value) == "this token does not count"  # which of these is not said
    assert [line.detail["why"] for line in house.journal("token", "refused")] == ["over", "revoked"]
    assert len(house.journal("revoke token")) == 1
    with pytest.raises(InvalidRequest, match="there is no token"):
        house.access.revoke_token("0123456789abcdef", by="ops")


def test_the_right_id_with_another_secret_is_no_token(house: House) -> None:
    one, two = house.token().split("_", 2), house.token().split("_", 2)
    with pytest.raises(NotKnown):
        house.access.actor_of_token("_".join((*one[:2], two[2])), address=HERE)
    (line,) = house.journal("token", "refused")
    assert (line.actor, line.detail["why"], line.detail["address"]) == ("unknown", "wrong", HERE)


@ON_BOTH
def test_the_last_use_is_kept_to_the_minute(house: House) -> None:
    text, start = house.token(), house.clock.now
    seen = []
    for later in (0, 30, 59, 60, 90, 121):
        house.clock.now = start + later
        house.access.actor_of_token(text, address=HERE)
        used_at = house.access.tokens()[0].used_at
        assert used_at is not None
        seen.append(used_at - start)
    assert seen == [0, 0, 0, 60, 60, 121]


def test_the_newest_is_listed_first(house: House) -> None:
    for owner in ("alice", "bob"):
        house.token(owner, "read")
        house.clock.now += 1
    assert [view.owner for view in house.access.tokens()] == ["bob", "alice"]


def test_wrong_tokens_are_limited_by_address_and_lock_nobody_else_out(house: House) -> None:
    """Threat S9, for tokens: not even at the same address, where a proxy may have put everybody."""
    right, limit = house.token(), RATES["wrong token"].limit
    assert wrong_tokens(house, limit + 3) == [NotKnown] * limit + [TooManyRequests] * 3
    other = house.another()
    with pytest.raises(TooManyRequests) as error:  # in all processes together
        other.access.actor_of_token(WRONG, address=HERE)
    assert 0 < error.value.retry_after <= RATES["wrong token"].seconds
    assert other.access.actor_of_token(right, address=HERE).name == "alice"
    assert wrong_tokens(house, 1, ELSEWHERE) == [NotKnown]


def test_without_redis_tries_are_counted_all_the_same(sqlite_url: str) -> None:
    from tests.access.conftest import make_house

    with Valkey() as server:
        house = make_house(server, sqlite_url, 0)
        limit = RATES["wrong token"].limit
        assert wrong_tokens(house, 1) == [NotKnown]
        server.stop()
        assert wrong_tokens(house, limit + 1) == [NotKnown] * limit + [TooManyRequests]
        house.close()


@ON_BOTH
def test_no_secret_is_in_a_log_a_journal_or_the_database(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """Threat S12: tokens, cookies, seeds and codes, used rightly and wrongly."""
    made = house.enrol()
    text = house.token()
    signed_in = house.access.sign_in(text, address=HERE)
    stepped_up = house.access.step_up(signed_in.actor, house.code())
    code = made.break_glass[0]
    house.access.actor_of_token(text, address=HERE, code=code)
    for wrong in (text[:-1] + ("a" if text[-1] != "a" else "b"), WRONG):
        with pytest.raises(NotKnown):
            house.access.actor_of_token(wrong, address=HERE)
    with pytest.raises(Exception, match="does not count"):
        house.access.actor_of_token(text, address=HERE, code=code)
    house.access.sign_out(stepped_up.cookie)
    house.guard.close()
    secret = text.split("_", 2)[2]
    kept = house.kept() + caplog.text + repr(house.journal())
    assert "alice" in kept
    for hidden in (
        secret, secret[:-1], WRONG[21:], signed_in.cookie, stepped_up.cookie, made.seed,
        code, code.replace("-", ""), house.access.csrf_of(signed_in.cookie), SECRET,
    ):  # fmt: skip
        assert hidden not in kept
