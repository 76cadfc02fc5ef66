"""Keys, links and heads of the journal's chain."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.audit_chain import GENESIS, ChainKeys, ChainRow, Head, head_of, linked, row_of
from guard.core.history import AuditRecord

SECRET = b"a secret of sixteen or more"
ROW = ChainRow(seq=1, at=1.5, actor="a", action="b", epoch=1, outcome="c", detail="{}")


def test_who_has_the_key_proves_and_who_has_not_cannot_say() -> None:
    signed, plain, stranger = ChainKeys(SECRET), ChainKeys(), ChainKeys(b"another secret, not ours")
    link = signed.digest(b"x")
    assert (signed.fits(link, b"x"), signed.fits(link, b"y")) == (True, False)
    assert (plain.fits(link, b"x"), stranger.fits(link, b"x")) == (None, None)
    assert ChainKeys(b"a newer secret of ours", [SECRET]).fits(link, b"x") is True
    assert signed.fits(plain.digest(b"x"), b"x") is True  # from before there was a key
    assert not ChainKeys(None, [SECRET]).signs  # a former key proves, and signs nothing


@pytest.mark.parametrize("link", [None, 7, "", "plain", "k1234567:", "kzzzzzzzz:0", "plain:é", "other:0"])
def test_what_is_no_link_fits_nothing(link: object) -> None:
    assert ChainKeys(SECRET).fits(link, b"x") is False


def test_the_secret_does_not_show() -> None:
    keys = ChainKeys(SECRET)
    assert SECRET.decode() not in repr(keys) + keys.digest(b"x")
    assert head_of(1, "l", keys).seal != head_of(2, "l", keys).seal


@given(st.data())
def test_a_link_is_over_everything_that_a_row_says(data: st.DataObject) -> None:
    keys = ChainKeys(SECRET)
    one = linked(ROW, number=1, previous=GENESIS, keys=keys)
    name = data.draw(st.sampled_from(["at", "actor", "action", "epoch", "outcome", "detail", "number"]))
    numbers = {"at": st.floats(0, 9), "epoch": st.integers(0, 9), "number": st.integers(0, 9)}
    values = numbers.get(name, st.text("ab"))
    other = replace(one, **{name: data.draw(values)})
    assert keys.fits(one.link, other.payload) is (other == one)


def test_fields_do_not_run_into_each_other() -> None:
    assert replace(ROW, actor="ab", action="c").payload != replace(ROW, actor="a", action="bc").payload
    assert replace(ROW, epoch=1).payload != replace(ROW, epoch="1").payload


def test_a_record_becomes_the_row_that_the_database_keeps() -> None:
    record = AuditRecord(at=5, actor="a", action="b", epoch=2, outcome="c", detail={"z": 1, "a": 2})
    row = row_of(record)
    assert row.detail == '{"a": 2, "z": 1}'
    assert replace(row, at=5.0).payload == row.payload  # a database gives a float back


@pytest.mark.parametrize("text", ["", "1", "1 2", "1 2 3 4", "x 2 3", "-1 2 3", "٣ 2 3", "9" * 30 + " 2 3"])
def test_what_is_no_head_is_none(text: str) -> None:
    assert Head.of_text(text) is None
