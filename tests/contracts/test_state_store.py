"""StateStore: what is written is read, one of several wins, and a refused write has changed nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from guard.core.modes import Mode, Phase
from guard.errors import StaleEpoch
from tests.contracts.doers import at_epoch, closed, first
from tests.core.strategies import states

if TYPE_CHECKING:
    from guard.core.state import GuardState
    from guard.ports import StateStore


def test_a_new_installation_is_at_epoch_zero(state_store: StateStore) -> None:
    state = state_store.read()
    assert (state.epoch, state.phase, state.mode) == (0, Phase.INACTIVE, None)
    assert state.store_id


def test_what_is_written_is_read(state_store: StateStore) -> None:
    new = replace(closed(first()), reason='"quotes" \\ <b>&amp;</b> 🚚 إنتقال', by="o'ps; --")
    state_store.compare_and_set(0, new)
    assert state_store.read() == new


@given(states())
@settings(
    max_examples=25,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_state_survives(state_store: StateStore, state: GuardState) -> None:
    """Times to the last bit, texts to the last letter."""
    before = state_store.read()
    new = replace(state, epoch=before.epoch + 1)
    state_store.compare_and_set(before.epoch, new)
    assert state_store.read() == new


@pytest.mark.parametrize("expected", [1, 7, -1])
def test_a_stale_write_changes_nothing_and_says_where_the_store_is(
    state_store: StateStore, expected: int
) -> None:
    before = state_store.read()
    with pytest.raises(StaleEpoch) as caught:
        state_store.compare_and_set(expected, at_epoch(expected + 1))
    assert (caught.value.expected, caught.value.found) == (expected, 0)
    assert state_store.read() == before


def test_a_write_from_the_past_changes_nothing(state_store: StateStore) -> None:
    state_store.compare_and_set(0, at_epoch(1))
    state_store.compare_and_set(1, at_epoch(2))
    with pytest.raises(StaleEpoch):
        state_store.compare_and_set(0, replace(at_epoch(1), reason="too late"))
    assert state_store.read() == at_epoch(2)


def test_of_many_writers_one_wins(state_store: StateStore) -> None:
    wishes = [replace(at_epoch(1), by=f"writer {number}") for number in range(8)]

    def write(wish: GuardState) -> bool:
        try:
            state_store.compare_and_set(0, wish)
        except StaleEpoch:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = [wish for wish, done in zip(wishes, pool.map(write, wishes), strict=True) if done]
    assert won == [state_store.read()]


# Once a bug: a script is run twice whenever another thread opens a connection; when a third writer comes in
# between, a write that has happened is reported as StaleEpoch. Repeat only when the server's identity has
# changed.
def test_a_chain_of_writers_loses_no_step(state_store: StateStore) -> None:
    """Read, decide, write, and again when somebody was faster: twelve steps by four writers."""

    def add_steps(writer: int) -> None:
        done = 0
        while done < 3:
            state = state_store.read()
            try:
                state_store.compare_and_set(
                    state.epoch, replace(at_epoch(state.epoch + 1), by=f"writer {writer}")
                )
            except StaleEpoch:
                continue
            done += 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add_steps, range(4)))
    assert state_store.read().epoch == 12


def test_every_mode_and_phase_survives(state_store: StateStore) -> None:
    pairs = [(mode, phase) for mode in Mode for phase in Phase if phase is not Phase.INACTIVE]
    for epoch, (mode, phase) in enumerate(pairs):
        new = replace(at_epoch(epoch + 1), mode=mode, phase=phase)
        state_store.compare_and_set(epoch, new)
        assert state_store.read() == new


def test_the_longest_texts_survive(state_store: StateStore) -> None:
    new = replace(at_epoch(1), reason="🚚" * 500, by="é" * 100, duration=None, started_at=None)
    state_store.compare_and_set(0, new)
    assert state_store.read() == new


def test_a_great_epoch_survives(state_store: StateStore) -> None:
    new = replace(at_epoch(1), epoch=2**53 - 1)
    state_store.compare_and_set(0, new)
    assert state_store.read().epoch == 2**53 - 1
    with pytest.raises(StaleEpoch):
        state_store.compare_and_set(2**53 - 2, at_epoch(1))
