"""What is kept of a planned start."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import Any

import pytest

from guard.core.holding import Holding
from guard.core.modes import Mode
from guard.core.occurrence import FINAL, HOLDING, Occurrence, Stage, window_id_of
from guard.errors import StateInvalid

ROW = Occurrence(
    schedule_id="s",
    starts_at=1_800_000_000.0,
    stage=Stage.OPEN,
    told=False,
    revision=3,
    window_id="w",
    given=(3600,),
    said=("waits",),
    wants=Holding(mode=Mode.NORMAL, reason="why", ends_at=1_800_003_600.0),
    began_at=1_800_000_001.5,
)

WANTS = ROW.detail()["wants"]


def row_of(detail: dict[str, Any]) -> Occurrence:
    return Occurrence.from_row(
        schedule_id="s", starts_at=1_800_000_000.0, stage="open", window_id="w", changed_at=5.0, detail=detail
    )


def test_it_is_stored_and_read_back() -> None:
    assert row_of(json.loads(json.dumps(ROW.detail()))) == ROW
    assert ROW.ends_at == 1_800_003_600.0
    assert ROW.to_dict()["ends_at"] == ROW.ends_at
    json.dumps(ROW.to_dict())


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"revision": 1},
        ROW.detail() | {"wants": {}},
        ROW.detail() | {"more": 1},
        ROW.detail() | {"given": 1},
        ROW.detail() | {"given": [float("inf")]},
        ROW.detail() | {"began_at": "soon"},
        ROW.detail() | {"attempt": True},
        ROW.detail() | {"wants": WANTS | {"ends_at": 10**400}},
        ROW.detail() | {"wants": WANTS | {"grace": "long"}},
    ],
)
def test_what_was_never_written_is_not_read(broken: dict[str, Any]) -> None:
    with pytest.raises(StateInvalid):
        row_of(broken)


def test_each_write_is_another_revision() -> None:
    after = ROW.write(9.0, told=True)
    assert (after.revision, after.told, after.changed_at) == (4, True, 9.0)
    assert after.detail() != ROW.detail()
    assert ROW.write(9.0).detail() != ROW.detail(), "even if nothing else changes"


def test_whoever_opens_its_window_opens_the_same_one() -> None:
    assert ROW.own_window_id == window_id_of("s", 1_800_000_000.0)
    assert str(uuid.UUID(ROW.own_window_id)) == ROW.own_window_id
    others = {
        window_id_of("s", 1_800_000_000.0, 1),
        window_id_of("t", 1_800_000_000.0),
        window_id_of("s", 1.0),
    }
    assert len(others | {ROW.own_window_id}) == 4


def test_an_occurrence_that_nobody_has_written_yet() -> None:
    assert Occurrence(schedule_id="s", starts_at=1.0).to_dict() == {
        "schedule_id": "s", "starts_at": 1.0, "stage": "expected", "window_id": None, "ends_at": None,
        "changed_at": 0.0, "revision": 0, "told": True, "attempt": 0, "leads": True, "given": [], "said": [],
        "wants": None, "found": None, "extensions": 0, "began_at": None, "ended_at": None, "note": "",
        "skipped": 0,
    }  # fmt: skip
    assert Occurrence(schedule_id="s", starts_at=1.0).window_id == ""


FULL = replace(
    ROW, attempt=2, leads=False, found=Holding(mode=Mode.TEST, reason="theirs"), extensions=4, ended_at=9.5,
    note="over", skipped=3, changed_at=5.0,
)  # fmt: skip


def test_every_field_as_json() -> None:
    """Rows of an older release are read by this one."""
    assert FULL.wants is not None
    assert FULL.found is not None
    kept = {
        "revision": 3, "told": False, "attempt": 2, "leads": False, "given": [3600], "said": ["waits"],
        "wants": FULL.wants.to_dict(), "found": FULL.found.to_dict(), "extensions": 4,
        "began_at": 1_800_000_001.5, "ended_at": 9.5, "note": "over", "skipped": 3,
    }  # fmt: skip
    assert FULL.detail() == kept
    assert FULL.to_dict() == {
        "schedule_id": "s", "starts_at": 1_800_000_000.0, "stage": "open", "window_id": "w",
        "ends_at": 1_800_003_600.0, "changed_at": 5.0, **kept,
    }  # fmt: skip
    assert row_of(kept) == FULL
    assert row_of(kept).changed_at == 5.0


def test_when_it_was_written_does_not_make_it_another() -> None:
    assert replace(ROW, changed_at=7.0) == ROW


def test_no_window_is_stored_as_null() -> None:
    read = Occurrence.from_row(
        schedule_id="s", starts_at=1.0, stage="over", window_id=None, changed_at=1.0, detail=ROW.detail()
    )
    assert read.window_id == ""


HOLDING_OF = FULL.detail()["found"]


@pytest.mark.parametrize(
    ("stage", "detail", "kind"),
    [
        ("open", {}, "KeyError"),
        ("open", ROW.detail() | {"more": 1}, "TypeError"),
        ("opened", ROW.detail(), "ValueError"),
        ("open", ROW.detail() | {"wants": {}}, "KeyError"),
        ("open", ROW.detail() | {"wants": HOLDING_OF | {"scope": {"x": 1}}}, "StateInvalid"),
        ("open", ROW.detail() | {"given": ["x"]}, "ValueError"),
    ],
)
def test_what_is_said_of_a_row_that_is_not_understood(stage: str, detail: dict[str, Any], kind: str) -> None:
    with pytest.raises(StateInvalid) as caught:
        Occurrence.from_row(
            schedule_id="s", starts_at=1.0, stage=stage, window_id=None, changed_at=1.0, detail=detail
        )
    assert str(caught.value) == f"a stored occurrence is not understood ({kind})"


def test_stages() -> None:
    assert [stage.value for stage in Stage] == [
        "expected", "leading", "open", "ending", "releasing", "over", "missed", "cancelled",
    ]  # fmt: skip
    assert {stage.value for stage in FINAL} == {"over", "missed", "cancelled"}
    assert {stage.value for stage in HOLDING} == {"leading", "open", "ending"}


def test_ids_of_windows_are_the_same_in_another_release() -> None:
    assert window_id_of("s", 1_800_000_000.0) == "15096732-9753-5740-abce-56ac7f621b80"
    assert replace(ROW, attempt=1).own_window_id == "c497ef4e-16f8-5604-a94d-421f5d7dae45"
