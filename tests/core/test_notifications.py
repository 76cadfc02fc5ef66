"""Who is told what, as tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from guard.core import changes
from guard.core.acts import Notice
from guard.core.alerts import Severity
from guard.core.changes import WindowRequest
from guard.core.deliveries import Channel
from guard.core.notifications import (
    OVERRUN_PATIENCE,
    Audience,
    Kind,
    Message,
    Receivers,
    alert_message,
    deliveries_of,
    messages_of_change,
    notice_message,
    overrun_message,
    trial_message,
)
from guard.core.state import GuardState

if TYPE_CHECKING:
    from collections.abc import Iterable

NOW = 1_700_000_000.0
FIRST = GuardState.first("store", NOW - 100)
EVERYBODY = Receivers(
    users=("users@example.com",),
    operators=("ops@example.com", "Boss@example.com"),
    emergency_team=("boss@example.com",),
    webhook=True,
)
USERS, OPERATORS, TEAM = Audience.USERS, Audience.OPERATORS, Audience.EMERGENCY_TEAM


def opened(mode: str = "normal", *, notify: bool = True, window_id: str = "w-1") -> GuardState:
    request = WindowRequest.check(mode=mode, reason="why", duration=3600, by="ops", notify_users=notify)
    return changes.close(FIRST, request, window_id=window_id, now=NOW)


def told(messages: Iterable[Message]) -> list[tuple[Kind, set[Audience]]]:
    return [(message.kind, set(message.to)) for message in messages]


@pytest.mark.parametrize(
    ("mode", "notify", "whom"),
    [
        ("normal", True, {USERS, OPERATORS}),
        ("normal", False, {OPERATORS}),
        ("emergency", True, {USERS, OPERATORS, TEAM}),
        ("emergency", False, {OPERATORS, TEAM}),
        ("test", True, {OPERATORS}),
        ("test", False, {OPERATORS}),
    ],
)
def test_who_is_told_that_a_window_opens_and_ends(mode: str, notify: bool, whom: set[Audience]) -> None:
    state = opened(mode, notify=notify)
    ended = changes.release(state, by="bob", now=NOW + 60)
    messages = (*messages_of_change(FIRST, state), *messages_of_change(state, ended))
    assert told(messages) == [(Kind.OPENED, whom), (Kind.ENDED, whom)]
    assert {message.rehearsal for message in messages} == {mode == "test"}
    assert [message.at for message in messages] == [NOW, NOW + 60]


def test_phases_are_nobodys_news() -> None:
    state = opened()
    draining = changes.confirm(state, now=NOW + 1)
    active = changes.drained(draining, now=NOW + 2)
    releasing = changes.release(active, by="b", now=NOW + 3)
    over = changes.finish_release(releasing, now=NOW + 4)
    assert messages_of_change(state, draining) == messages_of_change(draining, active) == ()
    assert told(messages_of_change(active, releasing)) == [(Kind.ENDED, {USERS, OPERATORS})]
    assert messages_of_change(releasing, over) == ()
    assert messages_of_change(over, changes.invalidate_sessions(over, by="b", now=NOW + 5)) == ()


@pytest.mark.parametrize(
    ("wanted", "seen", "whom"),
    [
        ({"reason": "other"}, {"reason"}, {USERS, OPERATORS}),
        ({"duration": 7200}, {"planned_end"}, {USERS, OPERATORS}),
        ({"mode": "emergency"}, {"mode"}, {USERS, OPERATORS, TEAM}),
        ({"scope": {"queues": ["a"]}}, {"scope"}, {USERS, OPERATORS}),
        ({"grace": 9}, None, set()),
        ({"drain_within": 90}, None, set()),
    ],
)
def test_who_is_told_of_a_change(
    wanted: dict[str, object], seen: set[str] | None, whom: set[Audience]
) -> None:
    state = opened()
    after = changes.change(state, by="b", now=NOW + 1, **wanted)  # type: ignore[arg-type]
    messages = messages_of_change(state, after)
    if seen is None:
        assert messages == ()
        return
    (message,) = messages
    assert (message.kind, set(message.to)) == (Kind.CHANGED, whom)
    assert set(message.fields["changes"]) == seen


def test_an_emergency_that_is_eased_is_told_to_the_team() -> None:
    state = opened("emergency")
    eased = changes.change(state, by="b", now=NOW + 1, mode="normal")
    assert told(messages_of_change(state, eased)) == [(Kind.CHANGED, {USERS, OPERATORS, TEAM})]


def test_a_window_that_is_learnt_of_when_it_is_over_was_opened_and_has_ended() -> None:
    ended = changes.release(opened("emergency"), by="b", now=NOW + 60)
    everybody = {USERS, OPERATORS, TEAM}
    assert told(messages_of_change(FIRST, ended)) == [(Kind.OPENED, everybody), (Kind.ENDED, everybody)]


def test_a_window_that_has_replaced_another_is_told() -> None:
    other = replace(opened("emergency", window_id="w-2"), epoch=1001)
    assert [message.kind for message in messages_of_change(opened(), other)] == [Kind.OPENED]


def test_the_same_message_has_the_same_ids_and_another_one_others() -> None:
    state = opened()
    ended = changes.release(state, by="b", now=NOW + 60)

    def ids(*messages: Message) -> list[str]:
        return [one.delivery_id for each in messages for one in deliveries_of(each, EVERYBODY, now=NOW)]

    (one,) = messages_of_change(FIRST, state)
    # Told again, late and from another epoch: it is the same window that opened.
    (again,) = messages_of_change(replace(FIRST, epoch=7), replace(state, epoch=2000, changed_at=NOW + 9))
    assert ids(one) == ids(again)
    (end,) = messages_of_change(state, ended)
    longer = changes.change(state, by="b", now=NOW + 1, duration=7200)
    longest = changes.change(longer, by="b", now=NOW + 2, duration=9000)
    late = overrun_message(state, now=NOW + 4000)
    later = overrun_message(longer, now=NOW + 8000)
    assert late is not None
    assert later is not None
    changed = (*messages_of_change(state, longer), *messages_of_change(longer, longest))
    messages = (one, end, late, later, *changed)
    assert len(set(ids(*messages))) == len(ids(*messages))


@pytest.mark.parametrize(
    ("state", "after", "is_told"),
    [
        (opened(), 3600 + OVERRUN_PATIENCE - 1, False),
        (opened(), 3600 + OVERRUN_PATIENCE, True),
        (opened("test"), 9999, True),
        (replace(opened(), duration=None), 9999, False),
        (changes.release(opened(), by="b", now=NOW), 9999, False),
        (FIRST, 9999, False),
    ],
)
def test_an_overrun_is_told_after_a_little_patience(state: GuardState, after: float, is_told: bool) -> None:
    message = overrun_message(state, now=NOW + after)
    assert (message is not None) == is_told
    if message is not None:
        assert USERS in message.to or message.rehearsal


@pytest.mark.parametrize(
    ("kind", "mode", "expected"),
    [
        ("coming", "normal", (Kind.PLANNED, {USERS, OPERATORS})),
        ("cancelled", "normal", (Kind.CANCELLED, {USERS, OPERATORS})),
        ("coming", "test", (Kind.PLANNED, {OPERATORS})),
    ],
)
def test_notices_of_planned_windows(kind: str, mode: str, expected: tuple[Kind, set[Audience]]) -> None:
    notice = Notice(
        kind=kind,
        name="n",
        reason="r",
        mode=mode,
        starts_at=NOW,
        ends_at=NOW + 1,
        zone="UTC",
        before=60,
        message="",
    )
    message = notice_message(notice, key="k", now=NOW - 60)
    assert told([message]) == [expected]
    assert message.rehearsal == (mode == "test")


@pytest.mark.parametrize(
    ("severity", "whom"),
    [
        (Severity.CRITICAL, {OPERATORS, TEAM}),
        (Severity.WARNING, {OPERATORS}),
        (Severity.INFO, {OPERATORS}),
    ],
)
def test_alerts_and_the_setting_for_mail(severity: Severity, whom: set[Audience]) -> None:
    message = alert_message(kind="k", severity=severity, message="m", key="1", at=NOW)
    assert set(message.to) == whom
    by_mail = deliveries_of(message, EVERYBODY, now=NOW)
    silent = deliveries_of(message, replace(EVERYBODY, alerts_by_mail=False), now=NOW)
    assert [one.channel for one in silent] == [Channel.WEBHOOK]
    assert len(by_mail) == 3


def test_an_address_is_told_once_and_as_what_says_most() -> None:
    message = Message(kind=Kind.OPENED, to=(TEAM, USERS, OPERATORS), key="k", at=NOW)
    mails = [one for one in deliveries_of(message, EVERYBODY, now=NOW) if one.channel is Channel.MAIL]
    assert [(one.receiver, one.payload["to"]) for one in mails] == [
        ("users@example.com", ["users"]),
        ("ops@example.com", ["operators"]),
        ("boss@example.com", ["emergency team"]),
    ]


def test_nobody_is_told_where_nobody_is_named() -> None:
    message = trial_message(to=tuple(Audience), key="k", at=NOW, by="b")
    assert deliveries_of(message, Receivers(), now=NOW) == ()
