"""What is kept of a drill is plain JSON."""

from __future__ import annotations

import json

from guard.core.drill_records import DrillRecord, DrillState


def test_a_record_is_plain() -> None:
    record = DrillRecord(
        drill_id="d", scenario="team", place="demo", state=DrillState.ABORTED, by="alice", began_at=1.0
    )
    assert type(record.to_dict()["state"]) is str
    said = json.loads(json.dumps(record.to_dict()))
    assert said == {
        "drill_id": "d", "scenario": "team", "place": "demo", "state": "aborted", "by": "alice",
        "began_at": 1.0, "ended_at": None, "percent": None, "waiting_for": "", "card": {},
    }  # fmt: skip
    assert [state.value for state in DrillState] == ["running", "finished", "aborted"]
