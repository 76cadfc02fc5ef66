"""The guides' ten operations: when each is blocked, and its mask."""

from __future__ import annotations

import pytest

from guard.core.modes import Gate
from guard.core.operations import CATALOGUE, DEFAULT_OPERATION, Operation, mask_of

# From the administrator guide, by hand: operation, blocked by a normal window, by an emergency.
GUIDE = """
    caption_generation      yes yes
    job_creation            yes yes
    platform_operations     yes yes
    batch_operations        yes yes
    user_data_modification  yes yes
    image_processing        yes yes
    read_operations         no  yes
    admin_operations        no  no
    authentication          no  no
    unknown                 yes yes
"""
ROWS = [line.split() for line in GUIDE.strip().splitlines()]


@pytest.mark.parametrize(("name", "normal", "emergency"), ROWS, ids=[row[0] for row in ROWS])
def test_operation_is_blocked_as_the_guide_says(name: str, normal: str, emergency: str) -> None:
    kind = CATALOGUE[name]
    assert (Gate.NORMAL in kind.blocked_by) == (normal == "yes")
    assert (Gate.EMERGENCY in kind.blocked_by) == (emergency == "yes")
    assert kind.guarded == (emergency == "yes")


def test_the_guides_name_ten_operations() -> None:
    assert set(CATALOGUE) == {row[0] for row in ROWS} == {operation.value for operation in Operation}


def test_a_task_that_nobody_classified_is_guarded() -> None:
    assert CATALOGUE[DEFAULT_OPERATION].guarded


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=CATALOGUE)
@pytest.mark.parametrize("gate", Gate)
def test_mask_has_a_bit_for_each_gate_that_blocks(kind: object, gate: Gate) -> None:
    assert isinstance(kind, type(CATALOGUE["unknown"]))
    blocked = gate in kind.blocked_by or (gate is Gate.UNKNOWN and bool(kind.blocked_by))
    assert bool(mask_of(kind) >> gate & 1) == blocked


def test_test_mode_blocks_nothing() -> None:
    assert not any(mask_of(kind) >> Gate.TEST & 1 for kind in CATALOGUE.values())


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=CATALOGUE)
def test_every_blocked_operation_says_something_to_its_users(kind: object) -> None:
    assert isinstance(kind, type(CATALOGUE["unknown"]))
    assert kind.message
    assert kind.alternative or not kind.guarded
