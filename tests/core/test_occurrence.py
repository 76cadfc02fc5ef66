"""What is kept of a planned start."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from guard.core.holding import Holding
from guard.core.modes import Mode
from guard.core.occurrence import Occurrence, Stage, window_id_of
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
