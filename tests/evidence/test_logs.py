"""Log files: their ends, and nothing that only looks like one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from guard.clock import SystemClock
from guard.evidence.collecting import Collecting
from guard.evidence.folder import Folder
from guard.evidence.logs import log_parts

if TYPE_CHECKING:
    from pathlib import Path

    from guard.core.evidence import PartRecord


def collect(out: Path, *paths: Path, most: int = 1000) -> dict[str, PartRecord]:
    with Folder.make(out) as folder:
        parts = log_parts([str(path) for path in paths], most_bytes=most)
        run = Collecting(folder, parts, clock=SystemClock(), limit=5, reserve=0)
        manifest, _ = run.run(run.begun(evidence_id="id", by="alice", host="web-1"))
    return {one.name: one for one in manifest.parts}


def test_the_end_of_a_long_log_is_taken_and_that_is_said(tmp_path: Path, out: Path) -> None:
    log = tmp_path / "web app.log"
    log.write_bytes(b"a" * 5000 + b"z" * 1000)
    (found,) = collect(out, log).values()
    assert (out / found.file).read_bytes() == b"z" * 1000
    assert found.file == "log-001-web_app.log"
    assert "of 5.9 KiB" in found.why


def test_a_folder_stands_for_its_files(tmp_path: Path, out: Path) -> None:
    logs = tmp_path / "logs"
    (logs / "old").mkdir(parents=True)
    (logs / "a.log").write_text("a")
    (logs / "b.log").write_text("b")
    (logs / "old" / "c.log").write_text("c")
    found = collect(out, logs, logs)
    assert {one.status.value for one in found.values()} == {"collected"}
    assert sorted(name.rpartition("/")[2] for name in found) == ["a.log", "b.log"]


def test_links_pipes_and_what_is_not_there_are_named(tmp_path: Path, out: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    (tmp_path / "link.log").symlink_to(secret)
    os.mkfifo(tmp_path / "pipe.log")
    (tmp_path / "empty").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path)
    paths = [tmp_path / name for name in ("link.log", "pipe.log", "gone.log", "empty", "linked")]
    found = collect(out, *paths)
    assert {name.rpartition("/")[2]: (one.status.value, one.why) for name, one in found.items()} == {
        "link.log": ("missing", "a symbolic link: name the file itself"),
        "pipe.log": ("missing", "it is no plain file"),
        "gone.log": ("missing", "No such file or directory"),
        "empty": ("missing", "it is a folder without files"),
        "linked": ("missing", "a symbolic link: name the file itself"),
    }
    assert not any(b"s3cret" in path.read_bytes() for path in out.iterdir())


def test_that_no_log_is_named_is_told(out: Path) -> None:
    (found,) = collect(out).values()
    assert found.status.value == "missing"
    assert "GUARD_EVIDENCE_LOGS" in found.why
