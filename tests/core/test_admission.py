"""Right, step-up, second person: one table; and what an approval is bound to."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from guard.core.access import DEEDS, STEP_UP_SECONDS, Actor, Deed, Right
from guard.core.admission import (
    APPROVAL_SECONDS,
    ApprovalStage,
    ApprovalView,
    Verdict,
    canonical,
    deeds_of,
    judge,
    request_digest,
    same_person,
    stage_of,
    why_unusable,
)
from guard.errors import InvalidRequest

NOW = 1_700_000_000.0
ALL = frozenset(Deed)
TEXT = canonical(Deed.DISCARD_JOBS, {"ids": ["a"]})
ASKED = ApprovalView(
    approval_id="i",
    deed=Deed.DISCARD_JOBS,
    digest=request_digest(TEXT),
    request=TEXT,
    asked_by="alice",
    asked_at=NOW,
    expires_at=NOW + APPROVAL_SECONDS,
)
GIVEN = replace(ASKED, approved_by="bob", approved_at=NOW + 1)


def actor(*rights: Right, ago: float | None = None) -> Actor:
    stepped = NOW - ago if ago is not None else None
    return Actor(name="alice", rights=frozenset(rights), stepped_up_at=stepped)


@pytest.mark.parametrize("deed", Deed)
@pytest.mark.parametrize("right", [*Right, None])
@pytest.mark.parametrize("ago", [None, 0.0, STEP_UP_SECONDS])
@pytest.mark.parametrize("asked", [False, True])
def test_every_deed_right_step_up_and_second_person(
    deed: Deed, right: Right | None, ago: float | None, asked: bool
) -> None:
    demand = DEEDS[deed]
    who = actor(*[right] if right else [], ago=ago)
    verdict = judge(who, deed, now=NOW, second_approver=ALL if asked else ())
    if not who.may(demand.right):
        assert verdict is Verdict.NO_RIGHT
    elif demand.step_up and ago != 0.0:
        assert verdict is Verdict.STEP_UP
    elif asked and demand.approvable:
        assert verdict is Verdict.APPROVAL
    else:
        assert verdict is Verdict.ADMITTED


def test_nobody_learns_more_than_that_the_right_is_missing() -> None:
    assert judge(actor(Right.READ), Deed.DISCARD_JOBS, now=NOW, second_approver=ALL) is Verdict.NO_RIGHT


@pytest.mark.parametrize(
    ("text", "deeds"),
    [
        ("", set()),
        (" , ", set()),
        ("emergency", {Deed.START_EMERGENCY, Deed.END_EMERGENCY}),
        ("discard, emergency,discard", {Deed.START_EMERGENCY, Deed.END_EMERGENCY, Deed.DISCARD_JOBS}),
    ],
)
def test_what_takes_a_second_person(text: str, deeds: set[Deed]) -> None:
    assert deeds_of(text) == deeds
    assert all(DEEDS[deed].approvable for deed in deeds_of(text))


def test_every_wrong_word_is_named() -> None:
    with pytest.raises(InvalidRequest) as error:
        deeds_of("emergancy,enable")
    assert len(error.value.problems) == 2
    assert "did you mean 'emergency'" in error.value.problems[0]


def test_the_same_request_has_the_same_digest_whatever_its_order() -> None:
    one = canonical(Deed.ENABLE, {"reason": "Ümzug", "duration": 60})
    assert one == canonical(Deed.ENABLE, {"duration": 60, "reason": "Ümzug"})
    assert json.loads(one) == {"deed": "enable", "request": {"reason": "Ümzug", "duration": 60}}
    others = [
        canonical(Deed.CHANGE, {"reason": "Ümzug", "duration": 60}),
        canonical(Deed.ENABLE, {"reason": "Ümzug", "duration": 61}),
        canonical(Deed.ENABLE, {"reason": "Ümzug", "duration": "60"}),
        canonical(Deed.ENABLE, {"reason": "Ümzug"}),
        canonical(Deed.ENABLE, {"reason": "Ümzug", "duration": 60, "more": None}),
    ]
    assert len({request_digest(text) for text in (one, *others)}) == 6


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}, b"x"])
def test_a_request_is_plain_json(value: Any) -> None:
    with pytest.raises(InvalidRequest):
        canonical(Deed.ENABLE, {"value": value})


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("alice", "alice", True),
        ("alice", " Alice ", True),
        ("alice", "ａｌｉｃｅ", True),  # noqa: RUF001 - full width letters are the same letters
        ("alice", "alice2", False),
        ("", "alice", False),
    ],
)
def test_the_same_name_is_the_same_person(one: str, other: str, same: bool) -> None:
    assert same_person(one, other) is same


@pytest.mark.parametrize(
    ("approval", "at", "stage"),
    [
        (ASKED, 0, ApprovalStage.WAITING),
        (ASKED, APPROVAL_SECONDS - 0.1, ApprovalStage.WAITING),
        (ASKED, APPROVAL_SECONDS, ApprovalStage.EXPIRED),
        (ASKED, -1, ApprovalStage.EXPIRED),
        (GIVEN, 2, ApprovalStage.APPROVED),
        (GIVEN, APPROVAL_SECONDS, ApprovalStage.EXPIRED),
        (replace(ASKED, refused_by="bob"), 2, ApprovalStage.REFUSED),
        (replace(GIVEN, used_at=NOW + 2), 3, ApprovalStage.USED),
        (replace(GIVEN, used_at=NOW + 2), APPROVAL_SECONDS, ApprovalStage.USED),
    ],
)
def test_where_an_approval_stands(approval: ApprovalView, at: float, stage: ApprovalStage) -> None:
    assert stage_of(approval, NOW + at) is stage
    assert approval.to_dict(NOW + at)["stage"] == stage.value


@pytest.mark.parametrize(
    ("approval", "name", "text", "at", "why"),
    [
        (GIVEN, "alice", TEXT, 2, ""),
        (ASKED, "alice", TEXT, 2, "nobody has approved"),
        (GIVEN, "bob", TEXT, 2, "somebody else"),
        (GIVEN, "alice", TEXT + " ", 2, "other values"),
        (GIVEN, "alice", TEXT, APPROVAL_SECONDS, "expired"),
        (replace(GIVEN, used_at=NOW), "alice", TEXT, 2, "used"),
        (replace(ASKED, refused_by="bob"), "alice", TEXT, 2, "bob has refused"),
        (replace(GIVEN, approved_by="ALICE"), "alice", TEXT, 2, "nobody else"),
    ],
)
def test_which_approval_admits(approval: ApprovalView, name: str, text: str, at: float, why: str) -> None:
    said = why_unusable(approval, actor=name, digest=request_digest(text), now=NOW + at)
    assert why in said
    assert bool(said) is bool(why)


def test_words_that_are_stored_and_told() -> None:
    assert [verdict.value for verdict in Verdict] == [
        "admitted",
        "no right",
        "step-up required",
        "approval required",
    ]
    assert [stage.value for stage in ApprovalStage] == ["waiting", "approved", "refused", "used", "expired"]
    assert APPROVAL_SECONDS == 600


def test_the_canonical_text() -> None:
    """Approvals that wait during an upgrade are bound to it."""
    text = canonical(Deed.ENABLE, {"reason": "Umzug", "duration": 60})
    assert text == '{"deed":"enable","request":{"duration":60,"reason":"Umzug"}}'


def test_what_is_said_of_a_request_that_is_not_json() -> None:
    with pytest.raises(InvalidRequest) as error:
        canonical(Deed.ENABLE, {"value": {1}})
    assert error.value.problems == ("a request holds plain JSON values only",)


def test_what_is_said_of_a_wrong_word() -> None:
    with pytest.raises(InvalidRequest) as error:
        deeds_of(f"emergancy,{'x' * 50}")
    assert error.value.problems == (
        "'emergancy' is nothing to be approved: use emergency, discard (did you mean 'emergency'?)",
        f"'{'x' * 40}' is nothing to be approved: use emergency, discard",
    )


def test_an_approval_as_plain_json() -> None:
    assert type(GIVEN.to_dict(NOW + 2)["deed"]) is str
    assert GIVEN.to_dict(NOW + 2) == {
        "approval_id": "i",
        "deed": "discard jobs",
        "digest": request_digest(TEXT),
        "request": TEXT,
        "asked_by": "alice",
        "asked_at": NOW,
        "expires_at": NOW + 600,
        "approved_by": "bob",
        "approved_at": NOW + 1,
        "refused_by": "",
        "used_at": None,
        "stage": "approved",
    }
    given = {"approved_by": "", "approved_at": None, "stage": "waiting"}
    assert ASKED.to_dict(NOW + 2) == GIVEN.to_dict(NOW + 2) | given


@pytest.mark.parametrize(
    ("approval", "at", "why"),
    [
        (ASKED, 2, "nobody has approved it yet"),
        (replace(ASKED, refused_by="bob"), 2, "bob has refused it"),
        (replace(GIVEN, used_at=NOW), 2, "it is used: ask anew"),
        (GIVEN, APPROVAL_SECONDS, "it is expired: ask anew"),
        (replace(GIVEN, approved_by="ALICE"), 2, "nobody else has approved it"),
        (replace(GIVEN, asked_by="carol"), 2, "it was asked for by somebody else"),
        (replace(GIVEN, digest=""), 2, "it was asked for with other values"),
        (replace(GIVEN, asked_at=NOW + 2), 2, ""),
    ],
)
def test_the_words_for_what_is_unusable(approval: ApprovalView, at: float, why: str) -> None:
    digest = request_digest(TEXT)
    assert why_unusable(approval, actor="alice", digest=digest, now=NOW + at) == why
