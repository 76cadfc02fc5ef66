"""Codes: one counts in three periods of 30 seconds, once; break-glass codes as people type them."""

from __future__ import annotations

import pytest

from guard.core.one_time_codes import (
    BREAK_GLASS_CODES,
    PERIOD,
    Enrolment,
    SecondFactor,
    break_glass_text,
    is_totp,
    matching_period,
    read_break_glass,
)

NOW = 1_700_000_010.0
CURRENT = int(NOW) // PERIOD
RAW = "ABCDEFGHIJKLMN23"


def code_at(period: int) -> str:
    """Another code in each period, as far as six digits go."""
    return f"{period % 1_000_000:06d}"


@pytest.mark.parametrize(
    ("period", "last", "found"),
    [
        (CURRENT, 0, True),
        (CURRENT - 1, 0, True),
        (CURRENT + 1, 0, True),
        (CURRENT - 2, 0, False),
        (CURRENT + 2, 0, False),
        (CURRENT, CURRENT, False),  # the same code again
        (CURRENT - 1, CURRENT, False),  # one before the last that was taken
        (CURRENT, CURRENT - 1, True),
        (CURRENT + 1, CURRENT, True),
    ],
)
def test_which_code_counts(period: int, last: int, found: bool) -> None:
    result = matching_period(code_at(period), now=NOW, last_period=last, code_at=code_at)
    assert result == (period if found else None)


def test_no_other_code_counts() -> None:
    for code in ("", "000000", "12345", "1234567", "é", code_at(CURRENT) + " "):
        assert matching_period(code, now=NOW, last_period=0, code_at=code_at) is None


def test_every_period_is_looked_at_whatever_is_found() -> None:
    seen: list[int] = []

    def looked(period: int) -> str:
        seen.append(period)
        return code_at(period)

    matching_period(code_at(CURRENT - 1), now=NOW, last_period=0, code_at=looked)
    assert seen == [CURRENT - 1, CURRENT, CURRENT + 1]


@pytest.mark.parametrize(
    ("text", "is_one"), [("123456", True), ("12345", False), ("12345a", False), ("١٢٣٤٥٦", False)]
)
def test_what_looks_like_a_code_of_an_authenticator(text: str, is_one: bool) -> None:
    assert is_totp(text) is is_one


def test_a_break_glass_code_as_people_type_it() -> None:
    shown = break_glass_text(RAW)
    assert shown == "ABCD-EFGH-IJKL-MN23"
    for typed in (shown, shown.lower(), RAW, f" {shown} ", "abcd efgh ijkl mn23"):
        assert read_break_glass(typed) == RAW


@pytest.mark.parametrize(
    "text", ["", "123456", RAW[:-1], RAW + "A", RAW[:-1] + "1", "é" * 16, "-" * 40 + RAW]
)
def test_what_is_no_break_glass_code(text: str) -> None:
    assert read_break_glass(text) is None


def test_an_enrolment_shows_nothing() -> None:
    made = Enrolment(owner="alice", uri="otpauth://SEED", seed="SEED", break_glass=("CODE",))
    assert repr(made) == "Enrolment(owner='alice')"


def test_numbers_that_people_hold_on_paper_and_in_their_authenticator() -> None:
    assert (PERIOD, BREAK_GLASS_CODES) == (30, 8)
    assert matching_period("000003", now=119.9, last_period=0, code_at=code_at) == 3
    assert matching_period("000005", now=119.9, last_period=0, code_at=code_at) is None


def test_forty_characters_of_what_was_typed_are_read() -> None:
    assert read_break_glass(RAW.center(40)) == RAW
    assert read_break_glass(" " * 24 + RAW) == RAW
    assert read_break_glass(" " * 25 + RAW) is None
    assert read_break_glass(RAW + " " * 24 + "A") == RAW


def test_a_second_factor_shows_no_seed() -> None:
    kept = SecondFactor(owner="alice", seed="SEED", enrolled_at=1.0, confirmed_at=None, last_period=0)
    assert "SEED" not in repr(kept)
