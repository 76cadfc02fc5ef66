"""Old files: only what was listed, never through a link, never another mount."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from guard.core.cleanup import FolderRule
from guard.upkeep import files
from guard.upkeep.files import clean_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = 1_800_000_000.0
DAY = 86_400


def make(path: Path, *, days: float, size: int = 10) -> Path:
    """A file that was last written some days ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (NOW - days * DAY, NOW - days * DAY))
    return path


def rule(folder: Path, pattern: str = "*.sql", days: float = 30) -> FolderRule:
    return FolderRule(folder=str(folder), pattern=pattern, days=days)


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A folder with old and new files, below it too."""
    folder = tmp_path / "backup"
    make(folder / "old.sql", days=31)
    make(folder / "new.sql", days=29)
    make(folder / "old.txt", days=99)
    make(folder / "deep" / "er" / "old.sql", days=40, size=1000)
    (folder / "folder.sql").mkdir()
    os.utime(folder / "folder.sql", (NOW - 99 * DAY, NOW - 99 * DAY))
    return folder


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def test_a_dry_run_lists_and_a_run_deletes_what_it_listed(backup: Path) -> None:
    before = names(backup)
    dry = clean_folder(rule(backup), now=NOW, dry_run=True)
    assert names(backup) == before
    assert (dry.listed, dry.listed_bytes, dry.deleted) == (2, 1010, 0)
    done = clean_folder(rule(backup), now=NOW, dry_run=False)
    assert before - names(backup) == {"old.sql", "deep/er/old.sql"}
    assert (done.listed, done.deleted, done.deleted_bytes, done.left) == (2, 2, 1010, 0)
    assert (done.problem, done.whole) == ("", True)
    assert (backup / "deep" / "er").is_dir()


def test_nothing_but_regular_files(backup: Path, tmp_path: Path) -> None:
    outside = make(tmp_path / "outside" / "precious.sql", days=99)
    (backup / "link.sql").symlink_to(outside)
    (backup / "linked").symlink_to(outside.parent)
    (backup / "dangling.sql").symlink_to(tmp_path / "nowhere")
    os.mkfifo(backup / "pipe.sql")
    for name in ("link.sql", "linked", "dangling.sql"):
        os.utime(backup / name, (NOW - 99 * DAY, NOW - 99 * DAY), follow_symlinks=False)
    os.utime(backup / "pipe.sql", (NOW - 99 * DAY, NOW - 99 * DAY))
    done = clean_folder(rule(backup), now=NOW, dry_run=False)
    assert done.deleted == 2
    assert outside.exists()
    for name in ("link.sql", "linked", "dangling.sql"):
        assert (backup / name).is_symlink()
    assert (backup / "pipe.sql").exists()


@pytest.mark.parametrize("where", ["itself", "a parent"])
def test_a_folder_behind_a_link_is_refused(backup: Path, tmp_path: Path, where: str) -> None:
    link = tmp_path / "link"
    link.symlink_to(backup if where == "itself" else tmp_path)
    folder = link if where == "itself" else link / "backup"
    report = clean_folder(rule(folder), now=NOW, dry_run=False)
    assert "symbolic link" in report.problem
    assert (report.listed, report.deleted, report.whole) == (0, 0, False)
    assert (backup / "old.sql").exists()


def test_a_folder_that_is_not_there_or_is_none(tmp_path: Path) -> None:
    assert "is not there" in clean_folder(rule(tmp_path / "none"), now=NOW, dry_run=False).problem
    file = make(tmp_path / "file", days=1)
    assert "no folder" in clean_folder(rule(file), now=NOW, dry_run=False).problem


def between(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Do something after the list was made, before anything is deleted."""
    deleting = files._deleted

    def first_act(*args: object) -> object:
        act()
        return deleting(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(files, "_deleted", first_act)


def test_a_file_that_changes_after_it_was_listed_stays(backup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(backup / "replaced.sql", days=50)
    make(backup / "gone.sql", days=50)

    def meanwhile() -> None:
        (backup / "old.sql").write_text("written again")
        (backup / "replaced.sql").unlink()
        make(backup / "replaced.sql", days=50, size=11)
        (backup / "gone.sql").unlink()

    between(monkeypatch, meanwhile)
    done = clean_folder(rule(backup), now=NOW, dry_run=False)
    assert (done.listed, done.deleted, done.left) == (4, 1, 3)
    assert (backup / "old.sql").exists()
    assert (backup / "replaced.sql").exists()
    assert not (backup / "deep" / "er" / "old.sql").exists()


def test_a_folder_that_is_swapped_for_a_link_leads_nowhere(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The classic attack: whoever may write to the folder swaps a part of the path for a link, after the
    look, to have somebody else's file of the same name deleted."""
    precious = make(tmp_path / "etc" / "er" / "old.sql", days=40, size=1000)
    listed = backup / "deep" / "er" / "old.sql"
    listed.unlink()
    os.link(precious, listed)  # so that it even is the very file that was listed

    def attack() -> None:
        shutil.rmtree(backup / "deep")
        (backup / "deep").symlink_to(tmp_path / "etc")

    between(monkeypatch, attack)
    done = clean_folder(rule(backup), now=NOW, dry_run=False)
    assert precious.exists()
    assert (done.deleted, done.left) == (1, 1)


def test_a_file_that_is_swapped_for_a_link(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    precious = make(tmp_path / "precious.sql", days=31)

    def attack() -> None:
        (backup / "old.sql").unlink()
        (backup / "old.sql").symlink_to(precious)

    between(monkeypatch, attack)
    clean_folder(rule(backup), now=NOW, dry_run=False)
    assert precious.exists()
    assert (backup / "old.sql").is_symlink()


@pytest.mark.parametrize("kind", ["tmpfs", "bind"])
def test_another_mount_is_not_entered(backup: Path, tmp_path: Path, kind: str) -> None:
    """A bind mount has the same device: only its number tells it from a folder."""
    point = backup / "mounted"
    point.mkdir()
    outside = tmp_path / "outside"
    make(outside / "old.sql", days=99)
    how = ["-t", "tmpfs", "none"] if kind == "tmpfs" else ["--bind", str(outside)]
    mounted = subprocess.run(["mount", *how, str(point)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"NOT TESTED: this user may not mount: {mounted.stderr.decode()[:80]}")
    try:
        if kind == "tmpfs":
            make(point / "old.sql", days=99)
        done = clean_folder(rule(backup), now=NOW, dry_run=False)
        assert done.deleted == 2
        assert (point / "old.sql").exists()
        assert (outside / "old.sql").exists()
    finally:
        subprocess.run(["umount", str(point)], check=True)


def test_a_run_is_bounded(backup: Path) -> None:
    for number in range(10):
        make(backup / f"{number}.sql", days=50)
    done = clean_folder(rule(backup), now=NOW, dry_run=False, most=5)
    assert (done.listed, done.deleted, done.whole) == (5, 5, False)
    asked = iter([True, False])
    part = clean_folder(rule(backup), now=NOW, dry_run=False, go_on=lambda: next(asked))
    assert (part.deleted, part.left, part.whole) == (1, 6, False)


def test_a_pattern_is_of_names_and_minds_case(tmp_path: Path) -> None:
    for name in ("vedfolnir_a", "Vedfolnir_b", "xvedfolnir_c", "vedfolnir_é\n"):
        make(tmp_path / "t" / name, days=8)
    done = clean_folder(rule(tmp_path / "t", "vedfolnir_*", 7), now=NOW, dry_run=False)
    assert done.deleted == 2
    assert names(tmp_path / "t") == {"Vedfolnir_b", "xvedfolnir_c"}


def test_no_descriptor_is_left_open(backup: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - of this process
    clean_folder(rule(backup), now=NOW, dry_run=False)
    clean_folder(rule(backup / "none"), now=NOW, dry_run=False)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
