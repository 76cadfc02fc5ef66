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
    TOLD_ELSEWHERE,
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


def test_addresses_are_one_but_for_capital_letters() -> None:
    message = Message(kind=Kind.OPENED, to=(OPERATORS,), key="k", at=NOW)
    operators = ("strasse@example.com", "straße@example.com", "Strasse@Example.com")
    made = deliveries_of(message, Receivers(operators=operators), now=NOW)
    assert [one.receiver for one in made] == ["Strasse@Example.com", "straße@example.com"]


def test_nobody_is_told_where_nobody_is_named() -> None:
    message = trial_message(to=tuple(Audience), key="k", at=NOW, by="b")
    assert deliveries_of(message, Receivers(), now=NOW) == ()


def fields_of(state: GuardState, **more: object) -> dict[str, object]:
    return {
        "window_id": state.window_id,
        "epoch": state.epoch,
        "mode": state.mode.value if state.mode else None,
        "reason": "why",
        "by": "ops",
        "started_at": NOW,
        "planned_end": NOW + 3600,
        **more,
    }


def test_opened_and_ended_in_full() -> None:
    state = opened("emergency")
    assert messages_of_change(FIRST, state) == (
        Message(
            kind=Kind.OPENED, to=(OPERATORS, USERS, TEAM), key="store|w-1|", at=NOW, fields=fields_of(state)
        ),
    )
    ended = changes.release(state, by="bob", now=NOW + 60)
    (message,) = messages_of_change(state, ended)
    assert (message.kind, message.key, message.at) == (Kind.ENDED, "store|w-1|", NOW + 60)
    assert message.fields == fields_of(ended, by=ended.by, ended_at=NOW + 60)
    over = changes.finish_release(ended, now=NOW + 70)
    (late,) = messages_of_change(state, over)
    assert late.fields == fields_of(state, ended_at=NOW + 70), (
        "as it was before, since it has no mode any more"
    )
    assert messages_of_change(FIRST, replace(state, changed_at=NOW + 5))[0].at == NOW
    bare = replace(state, started_at=None, changed_at=NOW + 5)
    assert messages_of_change(FIRST, bare)[0].at == NOW + 5


def test_a_window_that_is_over_does_not_change_any_more() -> None:
    ended = replace(changes.release(opened(), by="b", now=NOW + 60), reason="another")
    assert messages_of_change(ended, opened()) == ()
    assert messages_of_change(ended, replace(ended, reason="a third")) == ()


def test_a_change_in_full() -> None:
    state = opened()
    after = changes.change(state, by="b", now=NOW + 1, mode="emergency", reason="more", duration=60)
    (message,) = messages_of_change(state, after)
    assert (message.key, message.at) == (f"store|w-1|{after.epoch}|{NOW + 1!r}", NOW + 1)
    assert message.fields["changes"] == {
        "mode": ["normal", "emergency"],
        "reason": ["why", "more"],
        "planned_end": [NOW + 3600, NOW + 60],
    }
    scoped = changes.change(state, by="b", now=NOW + 1, scope={"queues": ["a"]})
    (message,) = messages_of_change(state, scoped)
    assert message.fields["changes"] == {"scope": [state.terms.scope.to_dict(), scoped.terms.scope.to_dict()]}


def test_an_overrun_in_full() -> None:
    state = opened("emergency")
    assert OVERRUN_PATIENCE == 60.0
    assert overrun_message(state, now=NOW + 3659.9) is None
    assert overrun_message(state, now=NOW + 3660.4) == Message(
        kind=Kind.OVERRUN, to=(OPERATORS, USERS, TEAM), key=f"store|w-1|{NOW + 3600!r}", at=NOW + 3660.4,
        fields=fields_of(state, late_seconds=60),
    )  # fmt: skip
    rehearsal = overrun_message(opened("test"), now=NOW + 9999)
    assert rehearsal is not None
    assert (rehearsal.to, rehearsal.rehearsal) == ((OPERATORS,), True)
    assert overrun_message(replace(state, duration=None), now=NOW + 9999) is None
    assert overrun_message(changes.release(state, by="b", now=NOW), now=NOW + 9999) is None
    bare = overrun_message(replace(state, mode=None), now=NOW + 9999)
    assert bare is not None
    assert bare.fields["mode"] is None


@pytest.mark.parametrize(("kind", "mode"), [("coming", "normal"), ("cancelled", "test")])
def test_a_notice_in_full(kind: str, mode: str) -> None:
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
    assert notice_message(notice, key="k", now=NOW - 60) == Message(
        kind=Kind.PLANNED if kind == "coming" else Kind.CANCELLED,
        to=(USERS, OPERATORS) if mode == "normal" else (OPERATORS,),
        key=f"notice|k|{kind}|{NOW!r}|60",
        at=NOW - 60,
        fields={
            "name": "n", "mode": mode, "reason": "r", "starts_at": NOW, "planned_end": NOW + 1, "zone": "UTC",
        },
        rehearsal=mode == "test",
    )  # fmt: skip


def test_an_alert_and_a_trial_in_full() -> None:
    assert alert_message(kind="k", severity=Severity.WARNING, message="m", key="1", at=NOW) == Message(
        kind=Kind.ALERT, to=(OPERATORS,), key="alert|1", at=NOW,
        fields={"alert": "k", "severity": "warning", "message": "m", "stage": "raised", "detail": {}},
    )  # fmt: skip
    again = alert_message(
        kind="k", severity=Severity.CRITICAL, message="m", key="1", at=NOW, stage="repeated", detail={"n": 1}
    )
    assert (again.to, again.rehearsal) == ((OPERATORS, TEAM), False)
    assert (again.fields["stage"], again.fields["detail"]) == ("repeated", {"n": 1})
    assert trial_message(to=(TEAM,), key="1", at=NOW, by="b") == Message(
        kind=Kind.TRIAL, to=(TEAM,), key="trial|1", at=NOW, fields={"by": "b"}, rehearsal=True
    )


def test_deliveries_in_full() -> None:
    message = Message(
        kind=Kind.OPENED, to=(TEAM, OPERATORS), key="k", at=NOW, fields={"a": 1}, rehearsal=True
    )
    ops, boss, hook = deliveries_of(message, EVERYBODY, now=NOW + 1)
    assert [(one.channel, one.receiver, one.event) for one in (ops, boss, hook)] == [
        (Channel.MAIL, "ops@example.com", "window.opened"),
        (Channel.MAIL, "boss@example.com", "window.opened"),
        (Channel.WEBHOOK, "", "window.opened"),
    ]
    assert ops.payload == {"to": ["operators"], "occurred_at": NOW, "rehearsal": True, "about": {"a": 1}}
    assert boss.payload["to"] == ["emergency team"]
    assert hook.payload["to"] == ["operators", "emergency team"]
    assert hook.made_at == NOW + 1
    assert [one.delivery_id for one in (ops, boss, hook)] == [
        "5c922e91-4bdf-502d-97ee-9d568c221f57",
        "568260ea-1ca3-5690-b214-819f5626e310",
        "11a68314-7ede-5116-ac33-6877bbab2936",
    ], "receivers tell a repeated message by it, whatever release made it"


def test_words_that_receivers_see() -> None:
    assert [kind.value for kind in Kind] == [
        "window.planned", "window.cancelled", "window.opened", "window.changed", "window.overrun",
        "window.ended", "alert", "trial",
    ]  # fmt: skip
    assert [audience.value for audience in Audience] == ["users", "operators", "emergency team"]
    assert sorted(TOLD_ELSEWHERE) == [
        "maintenance enabled",
        "notification given up",
        "planned maintenance",
        "planned maintenance cancelled",
        "recovery done",
        "window past its end",
    ]
    assert Receivers() == Receivers(
        users=(), operators=(), emergency_team=(), webhook=False, alerts_by_mail=True
    )
    assert Message(kind=Kind.ALERT, to=(), key="", at=0.0) == Message(
        kind=Kind.ALERT, to=(), key="", at=0.0, fields={}, rehearsal=False
    )
    assert [EVERYBODY.addresses(audience) for audience in Audience] == [
        ("users@example.com",), ("ops@example.com", "Boss@example.com"), ("boss@example.com",),
    ]  # fmt: skip
