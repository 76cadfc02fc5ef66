"""`Guard.bypasses`: made, listed, revoked, and asked for by a web app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from guard.clock import SystemClock
from guard.core.bypass import issue_bypass
from guard.errors import InvalidRequest, StoreUnavailable
from tests.access.conftest import SECRET, make_house
from tests.support.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.access.conftest import House

OPERATION = "caption_generation"


def make(house: House, *, user: str = "", seconds: int = 60) -> str:
    return house.guard.bypass(OPERATION, by="ops", holder="alice", seconds=seconds, user=user)


def only(house: House) -> str:
    """The id of the one that was made."""
    (view,) = house.guard.bypasses.list()
    return view.bypass_id


@pytest.fixture
def closed(valkey: Valkey, sqlite_url: str) -> Iterator[House]:
    """A window is open, and this process knows. Time goes by itself, as leases need it."""
    house = make_house(valkey, sqlite_url, valkey.fresh_db(), clock=SystemClock())
    house.guard.enable(reason="Umzug", by="ops")
    yield house
    house.close()


def test_what_was_made_is_listed_without_its_token(house: House) -> None:
    token = make(house, user="17")
    (view,) = house.another().bypasses.list()
    assert (view.holder, view.user, view.operations, view.uses) == ("alice", "17", (OPERATION,), 0)
    assert view.until == view.made_at + 60
    assert token not in house.kept()
    (line,) = house.journal("bypass")
    assert line.detail["bypass"] == view.bypass_id


def test_a_request_passes_by_it_and_each_pass_is_counted(closed: House) -> None:
    token = make(closed)
    assert not closed.guard.bypasses.lets_pass("nonsense", operation=OPERATION)
    assert not closed.guard.bypasses.lets_pass(token, operation="batch_operations")
    for _ in range(3):
        assert closed.guard.bypasses.lets_pass(token, operation=OPERATION, user="9")
    assert closed.guard.bypasses.list()[0].uses == 3
    closed.guard._parts._journal_bypasses()  # type: ignore[attr-defined]
    (line,) = closed.journal("bypass used")
    assert (line.detail["count"], line.detail["user"], line.detail["holder"]) == (3, "9", "alice")


def test_one_for_a_user_is_nobody_elses(closed: House) -> None:
    token = make(closed, user="17")
    passes = [closed.guard.bypasses.lets_pass(token, operation=OPERATION, user=u) for u in ("", "18", "17")]
    assert passes == [False, False, True]


def test_a_revoked_one_counts_nowhere(closed: House) -> None:
    token = make(closed)
    assert closed.guard.bypasses.lets_pass(token, operation=OPERATION)
    other = closed.another()
    assert other.bypasses.revoke(only(closed), by="eve").revoked_by == "eve"
    assert other.bypasses.revoke(only(closed), by="bob").revoked_by == "eve"
    assert not closed.guard.bypasses.lets_pass(token, operation=OPERATION)
    assert [line.actor for line in closed.journal("revoke bypass")] == ["eve"]
    with pytest.raises(InvalidRequest, match="there is no bypass"):
        other.bypasses.revoke("0" * 32, by="eve")


def test_a_token_of_an_older_release_counts_until_it_ends(closed: House) -> None:
    def passes(ago: float) -> bool:
        made = {"operations": [OPERATION], "by": "ops", "holder": "bob", "secret": SECRET.encode()}
        old = issue_bypass(**made, seconds=60, now=closed.clock.wall() - ago)  # type: ignore[arg-type]
        return closed.guard.bypasses.lets_pass(old, operation=OPERATION)

    assert (passes(0), passes(60)) == (True, False)


def test_while_redis_is_away_none_counts_and_none_is_made(sqlite_url: str) -> None:
    with Valkey() as server:
        house = make_house(server, sqlite_url, 0, clock=SystemClock())
        house.guard.enable(reason="Umzug", by="ops")
        token = make(house)
        parts: Any = house.guard._parts
        kind = parts.registry.kind(OPERATION)
        assert parts._bypass_of(token, kind).holder == "alice"  # as the gates ask
        assert house.guard.bypasses.lets_pass(token, operation=OPERATION)
        server.stop()
        assert parts._bypass_of(token, kind) is None
        assert not house.guard.bypasses.lets_pass(token, operation=OPERATION)
        assert house.guard.bypasses.list()[0].uses is None  # unknown, not zero
        bypass_id = only(house)
        with pytest.raises(StoreUnavailable):
            house.guard.bypasses.revoke(bypass_id, by="ops")
        with pytest.raises(StoreUnavailable):
            make(house)
        house.close()


def test_all_problems_at_once(house: House) -> None:
    with pytest.raises(InvalidRequest) as error:
        house.guard.bypass(by="ops", holder="x" * 101, seconds=60, user="a\nb")
    assert len(error.value.problems) == 3
