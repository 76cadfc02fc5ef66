"""Named events are values."""

from __future__ import annotations

import pytest

from guard.core.named_events import EventName, NamedEvent, not_announced

# Dashboards and greps rest on them: a name that is here stays.
NAMES = """
    window.opened window.changed window.ended phase.changed gate.closed gate.acknowledged gate.turned
    trust.lost trust.renewed state.unjournaled state.journaled state.rewritten rows.refused drain.stuck
    drain.deadline_missed worker.settled step.vouched job.refused job.held job.aborted job.coalesced
    job.rehearsed job.not_started job.parked job.released job.expired job.discarded job.duplicate
    job.asked job.signalled job.spared job.stopped job.completed job.interrupted job.killed job.died
    job.lost bypass.used bypass.given bypass.revoked request.refused requests.more_refused
    release.stopped release.finished sessions.invalidated session.ended sessions.more_ended
    rollback.done schedule.notice schedule.acted schedule.failed routine.begun routine.ended
    routine.skipped person.acted access.admitted access.refused access.more_refused alert.raised
    alert.repeated alert.over delivery.sent delivery.failed report.made store.failed worker.ready
    self_test.failed guard.switched_off
"""


def test_the_names_are_stable() -> None:
    assert [name.value for name in EventName] == NAMES.split()
    assert [name.name for name in EventName] == [name.replace(".", "_").upper() for name in NAMES.split()], (
        "a member is called as its event is"
    )


def test_a_name_is_found_by_its_text() -> None:
    assert {EventName.WINDOW_ENDED: 1}["window.ended"] == 1  # type: ignore[index]
    assert {"window.ended": 1}[EventName.WINDOW_ENDED] == 1


def test_an_event_does_not_change() -> None:
    event = NamedEvent(EventName.WINDOW_ENDED, 1.0, {})
    with pytest.raises(AttributeError):
        event.at = 2.0  # type: ignore[misc]


def test_who_tells_nobody_takes_whatever_there_is_to_tell() -> None:
    not_announced(EventName.WINDOW_ENDED, anything="at all")
