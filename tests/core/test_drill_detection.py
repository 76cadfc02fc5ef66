"""What readings show, and what they do not."""

from __future__ import annotations

import pytest

from guard.core.drill_detection import Fault, Readings, detect, is_well


@pytest.mark.parametrize(
    ("readings", "faults"),
    [
        (Readings(), set()),
        (Readings(failed_sign_ins=29.9, stores_answer=True, silent_workers=0, waiting_jobs=99), set()),
        (Readings(failed_sign_ins=30.0), {Fault.SECURITY}),
        (Readings(stores_answer=False), {Fault.COMPONENT}),
        (Readings(silent_workers=1), {Fault.COMPONENT}),
        (Readings(longest_job=10.0), {Fault.SLOW}),
        (Readings(waiting_jobs=100), {Fault.SLOW}),
        (Readings(starts_in=72 * 3600.0), {Fault.PLANNED}),
        (Readings(starts_in=72 * 3600.0 + 1), set()),
    ],
)
def test_what_readings_show(readings: Readings, faults: set[Fault]) -> None:
    assert {one.fault for one in detect(readings)} == faults


@pytest.mark.parametrize("fault", Fault)
def test_unknown_is_neither_a_fault_nor_well(fault: Fault) -> None:
    assert not is_well(Readings(), fault)


def test_all_that_could_show_it_must_be_known() -> None:
    assert not is_well(Readings(stores_answer=True), Fault.COMPONENT)
    assert is_well(Readings(stores_answer=True, silent_workers=0), Fault.COMPONENT)
