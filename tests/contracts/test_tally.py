"""Tally: sums over all processes, one set per window."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from guard.core.account import Account
from guard.core.counts import Count
from guard.errors import StoreUnavailable
from guard.store.redis.client import connect
from guard.store.redis.tally import RedisTally
from tests.contracts.doers import KEYS

if TYPE_CHECKING:
    from guard.ports import Tally
    from tests.support.valkey import Valkey


def test_a_window_that_nothing_met_has_an_empty_account(tally: Tally) -> None:
    assert tally.account("w-1") == Account()


def test_counts_add_up_by_kind_and_operation(tally: Tally) -> None:
    tally.add("w-1", {"refused:caption_generation": 2, "parked:image_processing": 1})
    tally.add("w-1", {"refused:caption_generation": 3})
    tally.add("w-2", {"refused:caption_generation": 100})
    account = tally.account("w-1")
    assert account.total(Count.REFUSED) == 5
    assert account.by_operation(Count.PARKED) == {"image_processing": 1}


def test_nothing_to_add_adds_nothing(tally: Tally) -> None:
    tally.add("w-1", {})
    assert tally.account("w-1") == Account()


def test_a_batch_that_comes_again_is_not_added_again(tally: Tally) -> None:
    """Its answer was lost: nobody can tell that from a batch that was."""
    for number in (1, 1, 2, 1, 2, 3):
        tally.add("w-1", {"parked:x": 1}, sender="a-1", number=number)
    tally.add("w-1", {"parked:x": 10}, sender="a-2", number=1)
    tally.add("w-2", {"parked:x": 100}, sender="a-1", number=3)
    assert tally.account("w-1") == Account({(Count.PARKED, "x"): 13})
    assert tally.account("w-2") == Account({(Count.PARKED, "x"): 100})


def test_what_an_account_says_can_be_added(tally: Tally) -> None:
    account = Account({(Count.EXPIRED, "a:b"): 4, (Count.DUPLICATE, ""): 1})
    tally.add("w-1", account.to_fields())
    assert tally.account("w-1") == account


def test_counters_of_another_release_are_left_out(tally: Tally) -> None:
    tally.add("w-1", {"levitated:x": 1, "held:x": 2})
    assert tally.account("w-1") == Account({(Count.HELD, "x"): 2})


def test_many_count_at_once_and_none_is_lost(tally: Tally) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: tally.add("w-1", {"held:x": 1, "parked:y": 2}), range(200)))
    account = tally.account("w-1")
    assert (account.total(Count.HELD), account.total(Count.PARKED)) == (200, 400)


def test_a_server_that_is_away_is_unavailable() -> None:
    with connect("redis://:hunter2@127.0.0.1:1/0", timeout=0.2, name="tally") as client:
        tally = RedisTally(client, KEYS)
        for use in (lambda: tally.add("w", {"held:x": 1}), lambda: tally.account("w")):
            with pytest.raises(StoreUnavailable) as caught:
                use()
            assert "hunter2" not in str(caught.value)


def test_counters_that_were_lost_are_told_from_none(tally: Tally) -> None:
    assert not tally.is_whole("w-1")
    for _ in range(2):
        tally.begin("w-1")
    tally.add("w-1", {"refused:caption_generation": 2})
    assert tally.is_whole("w-1")
    assert not tally.is_whole("w-2")
    assert tally.account("w-1").total(Count.REFUSED) == 2


def test_a_server_that_came_back_empty_is_not_whole(valkey: Valkey) -> None:
    client = connect(valkey.url(valkey.fresh_db()), timeout=2.0, name="tests")
    tally = RedisTally(client, KEYS)
    tally.begin("w-1")
    tally.add("w-1", {"parked:image_processing": 3})
    client.flushdb()
    tally.add("w-1", {"released:image_processing": 3})
    assert not tally.is_whole("w-1")
    client.close()
