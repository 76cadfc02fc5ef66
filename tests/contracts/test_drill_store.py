"""Drills in the database."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from guard.core.drill_records import DrillRecord, DrillState
from guard.store.sql.drills import SqlDrills
from guard.store.sql.retention import SqlRetention

if TYPE_CHECKING:
    from guard.store.sql.store import SqlStore

RECORD = DrillRecord(
    drill_id="5f0c7ad2-b1e9-4c7f-8a0d-3c1b2a495867",
    scenario="team",
    place="rehearsal",
    state=DrillState.RUNNING,
    by="Ålice",
    began_at=1000.25,
)


@pytest.fixture
def drills(sql: SqlStore) -> SqlDrills:
    return SqlDrills(sql)


def test_a_drill_is_kept_from_its_beginning_to_its_result(drills: SqlDrills) -> None:
    drills.begin(RECORD)
    assert drills.recent(10) == [RECORD]
    drills.wait_for(RECORD.drill_id, "assess")
    assert drills.find("5f0c")[0].waiting_for == "assess"
    ended = replace(
        RECORD, state=DrillState.FINISHED, ended_at=1009.5, percent=87.5, card={"lines": [{"why": "ü"}]}
    )
    drills.end(ended)
    assert drills.recent(10) == [ended]


def test_the_first_word_about_a_step_counts(drills: SqlDrills) -> None:
    drills.begin(RECORD)
    assert drills.acknowledge(RECORD.drill_id, "assess", by="bob", at=1.0)
    assert not drills.acknowledge(RECORD.drill_id, "assess", by="carol", at=2.0)
    assert drills.acknowledge(RECORD.drill_id, "decide", by="carol", at=3.0)
    assert drills.words(RECORD.drill_id) == {"assess": "bob", "decide": "carol"}
    assert drills.words("another") == {}


def test_they_are_found_by_the_beginning_of_their_id(drills: SqlDrills) -> None:
    drills.begin(RECORD)
    drills.begin(replace(RECORD, drill_id="5f0cffff-b1e9-4c7f-8a0d-3c1b2a495867", began_at=2000.0))
    assert len(drills.find("5f0c")) == 2
    assert len(drills.find("5f0c7")) == 1
    assert drills.find("%") == []
    assert [one.began_at for one in drills.recent(1)] == [2000.0]


def test_old_ones_are_forgotten_with_their_words(sql: SqlStore, drills: SqlDrills) -> None:
    drills.begin(RECORD)
    drills.acknowledge(RECORD.drill_id, "assess", by="bob", at=1.0)
    drills.begin(replace(RECORD, drill_id="new", began_at=5000.0))
    gone = SqlRetention(sql).forget(before=2000.0)
    assert gone["drills"] == 1
    assert [one.drill_id for one in drills.recent(10)] == ["new"]
    assert drills.words(RECORD.drill_id) == {}
