"""The guides' ten operations: when each is blocked, and its mask."""

from __future__ import annotations

import pytest

from guard.core.modes import Gate
from guard.core.operations import CATALOGUE, DEFAULT_OPERATION, Operation, OperationKind, mask_of

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


# Sentences and alternatives of the user guide ("Blocked Operations"): what people of an app are shown.
SENTENCES = """
    caption_generation | Caption generation is temporarily unavailable due to system maintenance
                       | Review existing captions or wait for maintenance completion
    job_creation | Job creation is temporarily disabled during maintenance
                 | Queue your requests for after maintenance completion
    platform_operations | Platform operations are temporarily unavailable during maintenance
                        | Use current platform connection or wait for maintenance completion
    batch_operations | Batch operations are temporarily disabled during maintenance
                     | Process items individually or wait for maintenance completion
    user_data_modification | User data modifications are temporarily unavailable during maintenance
                           | Note changes needed and apply after maintenance completion
    image_processing | Image processing is temporarily unavailable during maintenance
                     | Save images for processing after maintenance completion
    read_operations | Content is temporarily unavailable during emergency maintenance
                    | Check the status page for the expected end
    admin_operations | Administration stays available during maintenance
                     |
    authentication | Sign-in follows the policy of the maintenance mode
                   |
    unknown | This operation is temporarily unavailable during maintenance
            | Wait for maintenance completion
"""


def test_the_sentences_are_the_guides() -> None:
    parts = [part.strip() for line in SENTENCES.strip().splitlines() for part in line.strip().split("|")]
    said = {parts[at]: (parts[at + 1], parts[at + 3]) for at in range(0, len(parts), 4)}
    assert {name: (kind.message, kind.alternative) for name, kind in CATALOGUE.items()} == said


def test_the_kind_of_work_when_nobody_said() -> None:
    assert DEFAULT_OPERATION is Operation.JOB_CREATION


def test_requests_that_start_work_in_the_background() -> None:
    assert {name for name, kind in CATALOGUE.items() if kind.makes_jobs} == {
        "caption_generation",
        "job_creation",
        "batch_operations",
        "image_processing",
    }
    own = OperationKind(name="mine", blocked_by=frozenset(), message="", alternative="")
    assert own.makes_jobs is True


@pytest.mark.parametrize(
    ("name", "mask"),
    [("job_creation", 0b1110_1101), ("read_operations", 0b1110_1001), ("admin_operations", 0)],
)
def test_codes_that_no_gate_has_block_too(name: str, mask: int) -> None:
    assert mask_of(CATALOGUE[name]) == mask


@pytest.mark.parametrize(
    ("blocked_by", "mask"),
    [({Gate.NORMAL}, 0b1110_0101), ({Gate.EMERGENCY}, 0b1110_1001), (set(), 0)],
)
def test_what_one_gate_alone_blocks(blocked_by: set[Gate], mask: int) -> None:
    own = OperationKind(name="mine", blocked_by=frozenset(blocked_by), message="", alternative="")
    assert mask_of(own) == mask
