"""Evidence: manifests, and how a folder is compared with one."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.evidence import (
    MANIFEST,
    NOT_BEGUN,
    SUMS,
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


def test_words_that_are_stored() -> None:
    assert [status.value for status in PartStatus] == ["collected", "missing", "failed"]
    assert [verdict.value for verdict in Verdict] == ["intact", "changed", "gone", "unexpected", "unknown"]
    assert (MANIFEST, SUMS, NOT_BEGUN) == ("manifest.json", "SHA256SUMS", "not begun")


PART_AS_JSON = {
    "name": "database", "status": "collected", "file": "database.sql", "size": 3, "sha256": "abc",
    "seconds": 0.5, "why": "",
}  # fmt: skip
AS_JSON = {
    "format": 1, "evidence_id": "id", "by": "alice", "host": "web-1", "began_at": 1.0, "ended_at": None,
    "complete": True, "parts": [PART_AS_JSON],
}  # fmt: skip


def test_a_manifest_as_json() -> None:
    assert manifest(COLLECTED).to_dict() == AS_JSON
    plain = PartRecord(name="x", status=PartStatus.MISSING)
    assert plain == PartRecord(
        name="x", status=PartStatus.MISSING, file="", size=None, sha256=None, seconds=None, why=""
    )
    begun = Manifest(evidence_id="id", by="alice", host="web-1", began_at=1.0, parts=())
    assert (begun.ended_at, begun.complete, begun.is_whole) == (None, False, False)


def test_a_manifest_at_its_end() -> None:
    begun = manifest(COLLECTED, complete=False)
    assert begun.ended(9.0, complete=True) == replace(begun, ended_at=9.0, complete=True)
    assert begun.ended(9.0, complete=False) == replace(begun, ended_at=9.0)


def test_a_part_takes_the_place_of_the_one_of_its_name() -> None:
    waiting = PartRecord(name="database", status=PartStatus.MISSING, why=NOT_BEGUN)
    made = manifest(waiting, MISSING).having(COLLECTED)
    assert made.parts == (COLLECTED, MISSING)
    assert made.having(replace(COLLECTED, name="other")) == made
    assert [made.count(status) for status in PartStatus] == [1, 1, 0]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ([], "this is no manifest of evidence of format 1"),
        ({**AS_JSON, "format": 2}, "this is no manifest of evidence of format 1"),
        ({**AS_JSON, "surprise": 1}, "the manifest has missing, unknown or impossible fields"),
        ({**AS_JSON, "parts": None}, "the manifest has missing, unknown or impossible fields"),
        ({**AS_JSON, "parts": ["x"]}, "the manifest has missing, unknown or impossible fields"),
        ({**AS_JSON, "parts": [{"name": "x"}]}, "the manifest has missing, unknown or impossible fields"),
        (
            {**AS_JSON, "parts": [{**PART_AS_JSON, "status": "nonsense"}]},
            "the manifest has missing, unknown or impossible fields",
        ),
        ({"format": 1}, "the manifest has missing, unknown or impossible fields"),
        *(
            ({**AS_JSON, "parts": [PART_AS_JSON, {**PART_AS_JSON, "file": file}]}, "outside its folder")
            for file in ("..", ".", "/", "a/b", "../x")
        ),
    ],
)
def test_why_a_manifest_is_refused(raw: object, why: str) -> None:
    with pytest.raises(InvalidRequest, match=f"{re.escape(why)}$"):
        Manifest.from_dict(raw)


def test_of_a_file_outside_it_is_said_whose_fault_it_is() -> None:
    with pytest.raises(InvalidRequest, match=r"^the manifest names a file outside its folder$"):
        Manifest.from_dict({**AS_JSON, "parts": [{**PART_AS_JSON, "file": ".."}]})
    names = ["...", "a..b", ".hidden", ""]
    for name in names:
        assert (
            Manifest.from_dict({**AS_JSON, "parts": [{**PART_AS_JSON, "file": name}]}).parts[0].file == name
        )


@pytest.mark.parametrize(
    ("part", "found", "finding"),
    [
        (COLLECTED, None, ("gone", "it is not there any more")),
        (COLLECTED, FoundFile(size=None, sha256=None, why="it is a link"), ("unknown", "it is a link")),
        (replace(COLLECTED, sha256=None), FoundFile(size=3, sha256="abc"),
         ("unknown", "its checksum was never written")),
        (COLLECTED, FoundFile(size=3, sha256="abc"), ("intact", "")),
        (COLLECTED, FoundFile(size=3, sha256="abd"), ("changed", "its content")),
        (COLLECTED, FoundFile(size=4, sha256="abd"), ("changed", "4 bytes, 3 were collected")),
        (COLLECTED, FoundFile(size=4, sha256="abc"), ("changed", "4 bytes, 3 were collected")),
    ],
)  # fmt: skip
def test_what_is_said_of_a_file(part: PartRecord, found: FoundFile | None, finding: tuple[str, str]) -> None:
    (one,) = verify(manifest(part, MISSING), {"database.sql": found} if found else {})
    assert (one.file, one.verdict.value, one.why) == ("database.sql", *finding)


def test_strangers_come_last_in_the_order_of_their_names() -> None:
    other = FoundFile(size=1, sha256="e")
    found = verify(manifest(COLLECTED), {"z": other, "b": other})
    assert [(one.file, one.verdict.value, one.why) for one in found] == [
        ("database.sql", "gone", "it is not there any more"),
        ("b", "unexpected", "the manifest does not name it"),
        ("z", "unexpected", "the manifest does not name it"),
    ]


def test_a_verification_as_json() -> None:
    finding = FileFinding(file="x", verdict=Verdict.CHANGED, why="its content")
    made = Verification(
        manifest=manifest(COLLECTED), manifest_sha256="d", findings=(finding,), journaled=True
    )
    assert made.to_dict() == {
        "intact": False, "complete": True, "journaled": True, "manifest_sha256": "d",
        "files": [{"file": "x", "verdict": "changed", "why": "its content"}],
        "manifest": AS_JSON,
    }  # fmt: skip
    assert Verification(manifest=manifest(), manifest_sha256="d", findings=()).journaled is None
    assert (FoundFile(size=1, sha256="a").why, FileFinding(file="x", verdict=Verdict.GONE).why) == ("", "")


def test_a_part_without_a_file_or_a_checksum_has_no_line() -> None:
    parts = (replace(COLLECTED, file="x", sha256=None), replace(COLLECTED, file=""), COLLECTED)
    assert checksum_lines(manifest(*parts), "d") == "abc  database.sql\nd  manifest.json\n"
