"""The shared page's word: what goes in comes out, and it admits exactly what `decide` allows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.decision import Place, Question, decide
from guard.core.modes import Gate
from guard.core.operations import CATALOGUE, OperationKind, mask_of
from guard.core.view import GateView
from guard.core.word import DEADLINE_BITS, DEADLINE_MASK, EPOCH_MASK, GATE_SHIFT, admits, pack, unpack
from tests.core.strategies import many

GUARDED = [kind for kind in CATALOGUE.values() if kind.guarded]
words = st.integers(min_value=0, max_value=2**64 - 1)


def allowed_by_decide(kind: OperationKind, gate: Gate, *, expired: bool) -> bool:
    view = GateView(gate=Gate.UNKNOWN if expired else gate)
    return decide(Question(operation=kind, place=Place.START), view, now=0.0).allowed


@given(st.sampled_from(Gate), st.integers(0, 2**70), st.integers(-(2**50), 2**50))
@many
def test_what_is_packed_comes_out(gate: Gate, epoch: int, deadline: int) -> None:
    word = pack(gate, epoch, deadline)
    assert 0 <= word < 2**64
    assert unpack(word) == (gate, epoch % (EPOCH_MASK + 1), min(max(deadline, 0), DEADLINE_MASK))


@pytest.mark.parametrize("gate", Gate)
@pytest.mark.parametrize("deadline", [0, 1, 999, 1000, 1001, 5000, DEADLINE_MASK])
def test_word_admits_what_decide_allows(gate: Gate, deadline: int) -> None:
    now = 1000
    for kind in GUARDED:
        expected = allowed_by_decide(kind, gate, expired=now >= deadline)
        assert admits(pack(gate, 7, deadline), now, mask_of(kind)) == expected, kind.name


@given(st.sampled_from(GUARDED), st.sampled_from(Gate), st.integers(0, 2**63), st.data())
@many
def test_word_admits_what_decide_allows_anywhere(
    kind: OperationKind, gate: Gate, epoch: int, data: st.DataObject
) -> None:
    now = data.draw(st.integers(0, DEADLINE_MASK))
    deadline = now + data.draw(st.integers(-2, 2))
    expected = allowed_by_decide(kind, gate, expired=now >= min(max(deadline, 0), DEADLINE_MASK))
    assert admits(pack(gate, epoch, deadline), now, mask_of(kind)) == expected


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=CATALOGUE)
def test_a_page_that_nobody_wrote_admits_nothing(kind: OperationKind) -> None:
    assert not admits(0, 0, mask_of(kind))


# Once a bug: codes 5 to 7 read as UNKNOWN in `unpack` but admit every job.
@pytest.mark.parametrize("code", range(8))
def test_a_code_that_is_no_gate_admits_no_guarded_job(code: int) -> None:
    word = code << GATE_SHIFT | DEADLINE_MASK
    gate, _, _ = unpack(word)
    for kind in GUARDED:
        assert admits(word, 0, mask_of(kind)) == allowed_by_decide(kind, gate, expired=False), kind.name


@given(words, st.integers(0, 2**60), st.sampled_from(GUARDED))
@many
def test_after_its_deadline_no_word_admits_a_guarded_job(word: int, late: int, kind: OperationKind) -> None:
    assert not admits(word, (word & DEADLINE_MASK) + late, mask_of(kind))


@given(words)
@many
def test_any_word_unpacks(word: int) -> None:
    gate, epoch, deadline = unpack(word)
    assert gate in Gate
    if word >> GATE_SHIFT == gate:
        assert pack(gate, epoch, deadline) == word


def test_the_layout_that_pages_of_other_releases_have() -> None:
    assert (DEADLINE_BITS, GATE_SHIFT) == (41, 61)
    assert DEADLINE_MASK == 0x1FF_FFFF_FFFF
    assert EPOCH_MASK == 0xF_FFFF
    assert pack(Gate.TEST, 1, 1) == 0x8000_0200_0000_0001
    assert pack(Gate.TEST, 0x10_0005, 2**50) == 0x8000_0BFF_FFFF_FFFF
