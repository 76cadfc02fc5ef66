"""Evidence: manifests, and how a folder is compared with one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.evidence import (
    FileFinding,
    FoundFile,
    Manifest,
    PartRecord,
    PartStatus,
    Verdict,
    Verification,
    checksum_lines,
    verify,
)
from guard.errors import InvalidRequest

COLLECTED = PartRecord(
    name="database", status=PartStatus.COLLECTED, file="database.sql", size=3, sha256="abc", seconds=0.5
)
MISSING = PartRecord(name="redis-snapshot", status=PartStatus.MISSING, why="the server does not let us")


def manifest(*parts: PartRecord, complete: bool = True) -> Manifest:
    return Manifest(evidence_id="id", by="alice", host="web-1", began_at=1.0, complete=complete, parts=parts)


def test_a_missing_part_is_named_and_makes_it_less_than_whole() -> None:
    assert manifest(COLLECTED).is_whole
    assert not manifest(COLLECTED, MISSING).is_whole
    assert not manifest(COLLECTED, complete=False).is_whole
    assert manifest(COLLECTED, MISSING).count(PartStatus.MISSING) == 1


names = st.text(
    st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1, max_size=20
).filter(lambda name: name not in {".", ".."})
parts = st.lists(
    st.builds(
        PartRecord,
        name=names,
        status=st.sampled_from(PartStatus),
        file=names,
        size=st.none() | st.integers(0),
        sha256=st.none() | names,
        seconds=st.none() | st.floats(0, 1e6),
        why=names,
    ),
    max_size=5,
)


@given(parts, st.booleans())
def test_what_is_written_is_read_back(found: list[PartRecord], complete: bool) -> None:
    made = manifest(*found, complete=complete)
    assert Manifest.from_dict(json.loads(json.dumps(made.to_dict()))) == made


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"parts": None},
        {"parts": [{"name": "x"}]},
        {"parts": [{"name": "x", "status": "nonsense"}]},
        {"parts": [{"name": "x", "status": "collected", "file": "../../etc/passwd"}]},
        {"parts": [{"name": "x", "status": "collected", "file": ".."}]},
        {"surprise": 1},
    ],
)
def test_a_manifest_that_is_none_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match="manifest"):
        Manifest.from_dict({**manifest(COLLECTED).to_dict(), **change})
    with pytest.raises(InvalidRequest):
        Manifest.from_dict([])


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (FoundFile(size=3, sha256="abc"), Verdict.INTACT),
        (FoundFile(size=4, sha256="abd"), Verdict.CHANGED),
        (FoundFile(size=3, sha256="abd"), Verdict.CHANGED),
        (FoundFile(size=None, sha256=None, why="it is a link"), Verdict.UNKNOWN),
        (None, Verdict.GONE),
    ],
)
def test_each_file_is_compared(found: FoundFile | None, verdict: Verdict) -> None:
    files = {"database.sql": found} if found else {}
    (finding,) = verify(manifest(COLLECTED, MISSING), files)
    assert finding.verdict is verdict
    assert Verification(manifest=manifest(COLLECTED), manifest_sha256="d", findings=(finding,)).intact is (
        verdict is Verdict.INTACT
    )


def test_a_file_that_the_manifest_does_not_know_is_told() -> None:
    findings = verify(
        manifest(COLLECTED),
        {"database.sql": FoundFile(size=3, sha256="abc"), "x": FoundFile(size=0, sha256="e")},
    )
    assert [one.verdict for one in findings] == [Verdict.INTACT, Verdict.UNEXPECTED]


def test_an_unknown_checksum_is_not_intact() -> None:
    cut = PartRecord(name="database", status=PartStatus.FAILED, file="database.sql")
    (finding,) = verify(manifest(cut), {"database.sql": FoundFile(size=3, sha256="abc")})
    assert finding.verdict is Verdict.UNKNOWN


def test_the_journal_has_the_last_word() -> None:
    fine = FileFinding(file="x", verdict=Verdict.INTACT)

    def intact(journaled: bool | None, *, complete: bool = True) -> bool:
        made = manifest(COLLECTED, complete=complete)
        return Verification(manifest=made, manifest_sha256="d", findings=(fine,), journaled=journaled).intact

    assert intact(True)
    assert intact(None)
    assert not intact(False)
    assert not intact(True, complete=False)


def test_the_checksums_are_as_sha256sum_takes_them() -> None:
    assert checksum_lines(manifest(COLLECTED, MISSING), "d") == "abc  database.sql\nd  manifest.json\n"
