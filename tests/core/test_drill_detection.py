"""What readings show, and what they do not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from guard.core.drill_detection import Fault, Readings, detect, is_well


@pytest.mark.parametrize(
    ("readings", "faults"),
    [
        (Readings(), set()),
        (Readings(failed_sign_ins=29.9, stores_answer=True, silent_workers=0, waiting_jobs=99), set()),
        (Readings(longest_job=9.9), set()),
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


def test_faults_have_their_words() -> None:
    assert [fault.value for fault in Fault] == [
        "security incident", "component failure", "performance crisis", "planned maintenance",
    ]  # fmt: skip


def test_each_fault_says_what_shows_it() -> None:
    readings = Readings(
        failed_sign_ins=239.6, stores_answer=False, silent_workers=2, longest_job=12.4, waiting_jobs=100,
        starts_in=0.0,
    )  # fmt: skip
    assert [(one.fault, one.why) for one in detect(readings)] == [
        (Fault.SECURITY, "240 failed sign-ins per minute"),
        (Fault.COMPONENT, "a store does not answer"),
        (Fault.COMPONENT, "2 workers are silent"),
        (Fault.SLOW, "a job runs for 12 s"),
        (Fault.SLOW, "100 jobs wait"),
        (Fault.PLANNED, "a planned window begins soon"),
    ]


def test_a_later_look_knows_better_where_it_knows() -> None:
    first = Readings(failed_sign_ins=1.0, stores_answer=False, waiting_jobs=7)
    later = Readings(stores_answer=True, waiting_jobs=0, longest_job=2.0)
    assert first.and_then(later) == Readings(
        failed_sign_ins=1.0, stores_answer=True, waiting_jobs=0, longest_job=2.0
    )
    assert first.and_then(Readings()) == first


WELL = {
    Fault.SECURITY: {"failed_sign_ins": 0.0},
    Fault.COMPONENT: {"stores_answer": True, "silent_workers": 0},
    Fault.SLOW: {"longest_job": 0.0, "waiting_jobs": 0},
    Fault.PLANNED: {"starts_in": 72 * 3600.0 + 1},
}


@pytest.mark.parametrize(("fault", "known"), WELL.items())
def test_well_is_what_shows_nothing_and_is_known_whole(fault: Fault, known: dict[str, float]) -> None:
    assert is_well(Readings(**known), fault)  # type: ignore[arg-type]
    for name in known:
        assert not is_well(replace(Readings(**known), **{name: None}), fault)  # type: ignore[arg-type]
    for other in set(Fault) - {fault}:
        assert not is_well(Readings(**known), other)  # type: ignore[arg-type]


def test_what_shows_a_fault_is_not_well() -> None:
    assert not is_well(Readings(longest_job=0.0, waiting_jobs=100), Fault.SLOW)
    # another fault is none of its business
    assert is_well(Readings(longest_job=0.0, waiting_jobs=0, stores_answer=False), Fault.SLOW)


def test_all_that_could_show_it_must_be_known() -> None:
    assert not is_well(Readings(stores_answer=True), Fault.COMPONENT)
    assert is_well(Readings(stores_answer=True, silent_workers=0), Fault.COMPONENT)
