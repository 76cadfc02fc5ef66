"""Keys, links and heads of the journal's chain."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.audit_chain import (
    GENESIS,
    Anchor,
    AnchorKind,
    ChainKeys,
    ChainRow,
    Ends,
    Head,
    head_of,
    is_signed,
    linked,
    newest,
    row_of,
    sealed,
)
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


def test_what_is_stored_is_the_same_in_another_release() -> None:
    """Rows, heads and anchors of years are proven with it: a change here breaks every journal."""
    keys = ChainKeys(SECRET)
    assert ROW.payload == b'[1,"row",null,null,"0x1.8000000000000p+0","a","b",1,"c","{}"]'
    one = linked(ROW, number=1, previous=GENESIS, keys=keys)
    assert one.payload == b'[1,"row",1,"","0x1.8000000000000p+0","a","b",1,"c","{}"]'
    assert one.link == "kf142dc21:95aa83c5b5b2318c642354d63dc6d70d5427f8b912e3136b874fdd1a229ac431"
    plain = linked(ROW, number=1, previous=GENESIS, keys=ChainKeys())
    assert plain.link == "plain:9ab4d1edb43fbc8da4ebabd184d961d02df7b25683036241976ab3110fd2c4cf"
    assert replace(ROW, at=None, actor=None, epoch=1.5, detail="é").payload == (
        b'[1,"row",null,null,"None","None","b","1.5","c","\\u00e9"]'
    )
    assert head_of(2, "l", keys).payload == b'[1,"head",2,"l"]'
    assert head_of(2, "l", keys) == Head(
        number=2, link="l", seal="kf142dc21:9f6c8f0347a2a1ca91da7cf384613809d08f15d9e014b7a1cae28b3c3991ddc9"
    )
    assert ANCHOR.payload == b'[1,"anchor","cut",3,"l",4,5,"0x1.8000000000000p+0","b","r"]'
    assert sealed(ANCHOR, keys) == replace(
        ANCHOR, seal="kf142dc21:049a4b3d8ba677943817b2554ff7ebbcc9d0d23ca542317f53ebf9abd8a95e1c"
    )
    assert GENESIS == ""


ANCHOR = Anchor(kind=AnchorKind.CUT, number=3, link="l", seq=4, rows=5, at=1.5, by="b", reason="r")


def test_words_and_what_nothing_is_said_of() -> None:
    assert [kind.value for kind in AnchorKind] == ["cut", "accepted"]
    assert ANCHOR.seal == Head(number=1, link="l").seal == ""
    assert (ROW.number, ROW.previous, ROW.link) == (None, None, None)
    assert Ends() == Ends(anchor=None, after=None, least=None, apart=None)


def test_the_newest_anchor_counts() -> None:
    older, newer = replace(ANCHOR, number=2), replace(ANCHOR, number=7)
    assert newest([older, newer, ANCHOR]) == newer
    assert newest([]) is None


def test_keys_and_what_they_show_of_themselves() -> None:
    link = ChainKeys(SECRET).digest(b"")
    name = link.partition(":")[0]
    assert (
        repr(ChainKeys(SECRET, [b"a former one of ours", b"and one more"])) == f"ChainKeys('{name}', 3 known)"
    )
    assert repr(ChainKeys()) == "ChainKeys('plain', 0 known)"
    assert ChainKeys(SECRET).signs
    assert (is_signed(link), is_signed(ChainKeys().digest(b"")), is_signed("plain")) == (True, False, True)


@pytest.mark.parametrize(
    ("link", "fits"),
    [
        ("k01234567:x", None), ("k0123456:x", False), ("k0123456789:x", False), ("x01234567:x", False),
        ("k0123abcd:x", None), ("k0123ABCD:x", False), ("k0123abcd", None), ("k0123abcg:x", False),
        ("kg1234567:x", False),
    ],
)  # fmt: skip
def test_a_link_of_a_key_that_is_not_here(link: str, fits: bool | None) -> None:
    assert ChainKeys(SECRET).fits(link, b"x") is fits


def test_a_head_as_text() -> None:
    assert Head(number=7, link="l", seal="s").to_text() == "7 l s"
    assert Head.of_text("7 l s") == Head(number=7, link="l", seal="s")
    assert Head.of_text("0 l ") == Head(number=0, link="l", seal="")
    assert Head.of_text("9" * 18 + " l s") == Head(number=int("9" * 18), link="l", seal="s")
    assert Head.of_text("9" * 19 + " l s") is None


def test_a_record_as_a_row_in_full() -> None:
    record = AuditRecord(at=5.5, actor="a", action="b", epoch=2, outcome="c", detail={"z": 1})
    assert row_of(record) == ChainRow(
        seq=0, at=5.5, actor="a", action="b", epoch=2, outcome="c", detail='{"z": 1}'
    )


def test_a_time_that_no_clock_shows() -> None:
    assert replace(ROW, at=10**400).payload != replace(ROW, at=10**400 + 1).payload
    assert replace(ROW, at="soon").payload == b'[1,"row",null,null,"\'soon\'","a","b",1,"c","{}"]'
