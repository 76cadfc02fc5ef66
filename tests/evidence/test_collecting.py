"""A run: parts that fail, hang, fill the disk or are interrupted never hide, and never hurt the others."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guard.clock import SystemClock
from guard.core.evidence import Manifest, PartRecord, PartStatus
from guard.errors import InvalidRequest, StoreUnavailable
from guard.evidence.collecting import Collecting
from guard.evidence.folder import Folder
from guard.evidence.parts import Missing, Part, json_part
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from guard.evidence.sink import Sink

GIB = 2**30


@pytest.fixture
def folder(out: Path) -> Iterator[Folder]:
    with Folder.make(out) as made:
        yield made


def part(name: str, collect: Callable[[Sink], str], *, needs: int | None = None) -> Part:
    return Part(name=name, file=f"{name}.txt", collect=collect, needs=lambda: needs)


def raising(error: BaseException) -> Callable[[Sink], str]:
    def collect(sink: Sink) -> str:
        raise error

    return collect


def hello(sink: Sink) -> str:
    sink.write(b"hello")
    return ""


def run(folder: Folder, *parts: Part, limit: float = 30.0, reserve: int = 0) -> dict[str, PartRecord]:
    collecting = Collecting(folder, parts, clock=SystemClock(), limit=limit, reserve=reserve)
    manifest, _ = collecting.run(collecting.begun(evidence_id="id", by="alice", host="web-1"))
    assert manifest.complete
    assert read(folder) == manifest
    return {one.name: one for one in manifest.parts}


def read(folder: Folder) -> Manifest:
    return Manifest.from_dict(json.loads(folder.read("manifest.json", 2**20)))


def test_files_and_folder_are_for_their_owner_alone(folder: Folder, out: Path) -> None:
    before = os.umask(0)
    try:
        found = run(folder, part("one", hello))
    finally:
        os.umask(before)
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in out.iterdir()} == dict.fromkeys(
        ("manifest.json", "SHA256SUMS", "one.txt"), 384
    )
    assert found["one"].status is PartStatus.COLLECTED
    assert found["one"].size == 5
    assert subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=out, capture_output=True).returncode == 0


@pytest.mark.parametrize("what", ["full", "file", "link", "nowhere"])
def test_a_folder_that_is_not_ours_alone_is_refused(tmp_path: Path, what: str) -> None:
    target = tmp_path / "target"
    if what == "full":
        target.mkdir()
        (target / "x").touch()
    elif what == "file":
        target.touch()
    elif what == "link":
        (tmp_path / "elsewhere").mkdir()
        target.symlink_to(tmp_path / "elsewhere")
    else:
        target = tmp_path / "not there" / "target"
    with pytest.raises(InvalidRequest, match="target"):
        Folder.make(target)
    assert not (tmp_path / "elsewhere").exists() or not list((tmp_path / "elsewhere").iterdir())


def test_an_empty_folder_of_ours_is_taken_and_closed_to_others(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir(mode=0o755)
    Folder.make(target).close()
    assert stat.S_IMODE(target.stat().st_mode) == 0o700


def test_what_fails_or_is_missing_is_named_and_the_rest_goes_on(folder: Folder, out: Path) -> None:
    def half(sink: Sink) -> str:
        sink.write(b"half of it")
        raise OSError(5, "Input/output error")

    found = run(
        folder,
        part("missing", raising(Missing("no tool"))),
        part("foreign", raising(ValueError("mysql://root:s3cret@db/app"))),
        part("half", half),
        json_part("away", lambda: (_ for _ in ()).throw(StoreUnavailable("Redis did not answer"))),
        part("last", hello),
    )
    told = {name: (one.status.value, one.why) for name, one in found.items()}
    assert told == {
        "missing": ("missing", "no tool"),
        "foreign": ("failed", "unexpected ValueError"),  # what it says may hold a password
        "half": ("failed", "Input/output error"),
        "away": ("failed", "Redis did not answer"),
        "last": ("collected", ""),
    }
    assert found["half"].size == 10
    assert sorted(path.name for path in out.iterdir()) == [
        "SHA256SUMS",
        "half.txt",
        "last.txt",
        "manifest.json",
    ]


def test_a_part_that_hangs_is_given_up_and_writes_nothing_afterwards(folder: Folder, out: Path) -> None:
    go_on, tried = threading.Event(), threading.Event()

    def hang(sink: Sink) -> str:
        sink.write(b"before")
        go_on.wait(30)
        try:
            sink.write(b"after")
        finally:
            tried.set()
        return ""

    found = run(folder, part("hanging", hang), part("next", hello), limit=0.1)
    assert found["hanging"].status is PartStatus.FAILED
    assert "0.1 s" in found["hanging"].why
    assert found["next"].status is PartStatus.COLLECTED
    go_on.set()
    assert tried.wait(10)
    assert (out / "hanging.txt").read_bytes() == b"before"


def test_a_tool_that_hangs_is_killed(folder: Folder, out: Path) -> None:
    def tool(sink: Sink) -> str:
        code = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
        sink.run([sys.executable, "-c", code], environment={})
        return ""

    found = run(folder, part("tool", tool), limit=2.0)
    assert found["tool"].status is PartStatus.FAILED
    pid = int((out / "tool.txt").read_text())
    eventually(lambda: not Path("/proc", str(pid)).exists(), what="the tool to be gone")


def test_a_tool_that_fails_says_why(folder: Folder) -> None:
    def tool(sink: Sink) -> str:
        sink.run([sys.executable, "-c", "import sys; sys.exit('no such database')"], environment={})
        return ""

    found = run(folder, part("tool", tool))
    assert found["tool"].status is PartStatus.FAILED
    assert "exit code 1: no such database" in found["tool"].why


def test_a_part_for_which_there_is_no_room_is_not_begun(folder: Folder) -> None:
    free = folder.free_bytes()
    found = run(folder, part("big", hello, needs=free + GIB), part("small", hello, needs=5))
    assert found["big"].status is PartStatus.MISSING
    assert "needed" in found["big"].why
    assert found["small"].status is PartStatus.COLLECTED


def test_a_disk_that_gets_full_ends_the_part(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    left = iter([GIB, GIB, 10])
    monkeypatch.setattr(folder, "free_bytes", lambda: next(left, 10))

    def much(sink: Sink) -> str:
        for _ in range(64):
            sink.write(bytes(2**20))
        return ""

    found = run(folder, part("much", much), reserve=2**20)
    assert found["much"].status is PartStatus.FAILED
    assert "cut short" in found["much"].why
    assert found["much"].size == 32 * 2**20


def test_an_interruption_leaves_a_manifest_that_says_incomplete(folder: Folder, out: Path) -> None:
    def interrupt(sink: Sink) -> str:
        sink.write(b"begun")
        raise KeyboardInterrupt

    seen: list[str] = []

    def look(done: int, total: int, name: str) -> None:
        seen.append(name)
        if name == "third":
            raise KeyboardInterrupt

    parts = [part("first", hello), part("second", hello), part("third", hello)]
    collecting = Collecting(folder, parts, clock=SystemClock(), limit=30, reserve=0, seen=look)
    with pytest.raises(KeyboardInterrupt):
        collecting.run(collecting.begun(evidence_id="id", by="alice", host="web-1"))
    manifest = read(folder)
    assert not manifest.complete
    assert {one.name: one.status.value for one in manifest.parts} == {
        "first": "collected", "second": "collected", "third": "missing"
    }  # fmt: skip
    assert "interrupted" in manifest.parts[2].why


def test_a_killed_run_leaves_a_manifest_too(out: Path) -> None:
    code = f"""
import os, signal
from pathlib import Path
from guard.clock import SystemClock
from guard.evidence.collecting import Collecting
from guard.evidence.folder import Folder
from guard.evidence.parts import Part
def hello(sink):
    sink.write(b"hello"); return ""
def die(sink):
    os.kill(os.getpid(), signal.SIGKILL)
parts = [Part(name=n, file=n, collect=c) for n, c in (("first", hello), ("second", die), ("third", hello))]
run = Collecting(Folder.make(Path({str(out)!r})), parts, clock=SystemClock(), limit=9, reserve=0)
run.run(run.begun(evidence_id="id", by="alice", host="web-1"))
"""
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == -9
    with Folder.open(out) as folder:
        manifest = read(folder)
    assert not manifest.complete
    assert manifest.ended_at is None
    assert [one.status.value for one in manifest.parts] == ["collected", "missing", "missing"]
