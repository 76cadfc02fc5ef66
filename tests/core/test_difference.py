"""A difference as plain JSON types."""

from __future__ import annotations

import json

import pytest

from guard.core.difference import Consume, Difference, Kind, StopConsuming, Undo, WriteRow


@pytest.mark.parametrize(
    "undo",
    [
        None,
        WriteRow(key="a", value=None),
        Consume(agent_id="a", node="w1", queue="q"),
        StopConsuming(agent_id="a", node="w1", queue="q"),
    ],
)
def test_programs_hear_whether_it_can_be_undone_and_how(undo: Undo | None) -> None:
    one = Difference(kind=Kind.ROW, what="a", was=None, now="x", how="so", undo=undo)
    assert json.loads(json.dumps(one.to_dict())) == {
        "kind": "configuration row",
        "what": "a",
        "was": None,
        "is": "x",
        "can_be_undone": undo is not None,
        "how": "so",
    }


def test_the_words_of_the_kinds() -> None:
    assert [kind.value for kind in Kind] == [
        "configuration row",
        "consumer",
        "planned window",
        "beat entry",
        "setting",
        "sessions",
        "jobs",
    ]


def test_without_an_act_it_cannot_be_undone() -> None:
    one = Difference(kind=Kind.BEAT, what="a", was=None, now="x", how="so")
    assert one.undo is None
