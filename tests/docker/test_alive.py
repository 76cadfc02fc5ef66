"""`python -m guard.alive`: whether a process of this machine is alive."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from guard.alive import Mark
from guard.alive.__main__ import main
from guard.alive.look import problems_of_marks, problems_of_url
from guard.alive.mark import problem_of
from tests.support.eventually import eventually, throughout
from tests.support.ports import free_port
from tests.support.shop import Shop

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_httpserver import HTTPServer

    from tests.support.valkey import Valkey


def boot() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


MARKS = {
    "just renewed": (lambda: f"7 {boot():.2f} 20\n", ""),
    "silent for too long": (
        lambda: f"7 {boot() - 21:.2f} 20\n",
        "process 7 has not renewed its mark for 21 s",
    ),
    "silent, but it had said so": (lambda: f"7 {boot() - 200:.2f} 360\n", ""),
    "from before a reboot": (lambda: f"7 {boot() + 900:.2f} 20\n", "before this machine was started"),
    "half written": (lambda: "7 ", "is no mark"),
    "something else": (lambda: "hello", "is no mark"),
}


@pytest.mark.parametrize(("text", "said"), MARKS.values(), ids=MARKS)
def test_what_a_mark_says(text: object, said: str, tmp_path: Path) -> None:
    path = tmp_path / "w1@host"
    path.write_text(text(), "ascii")  # type: ignore[operator]
    assert (said in problem_of(path)) if said else problem_of(path) == ""


def test_a_mark_is_renewed_and_removed_by_its_own_process_alone(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "here"
    mark = Mark(folder, "jobs/1@host", fresh_for=20)
    mark.renew()
    path = folder / "jobs_1@host"
    assert problem_of(path) == ""
    assert (folder.stat().st_mode & 0o777, path.stat().st_size) == (0o700, 64)
    first = path.read_text("ascii")
    mark.renew()
    assert path.read_text("ascii") == first, "written more than once a second"
    mark.renew(300)
    assert path.read_text("ascii").split()[2] == "300", "a longer promise must not be lost"
    path.write_text(f"{os.getpid() + 1} 1 20", "ascii")
    mark.remove()
    assert path.exists(), "it is the mark of the process that came after"


def test_a_mark_that_cannot_be_written_harms_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    mark = Mark(tmp_path / "file", "w1@host", fresh_for=20)
    mark.renew()
    mark.renew(30)
    mark.remove()
    assert caplog.text.count("cannot be written") == 1


def test_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("precious", "utf-8")
    (tmp_path / "w1@host").symlink_to(tmp_path / "target")
    Mark(tmp_path, "w1@host", fresh_for=20).renew()
    assert (tmp_path / "target").read_text("utf-8") == "precious"


def test_which_marks_are_looked_at(tmp_path: Path) -> None:
    assert problems_of_marks(tmp_path / "none", []) == [f"nobody has left a mark in {tmp_path / 'none'}"]
    Mark(tmp_path, "w1@host", fresh_for=20).renew()
    (tmp_path / "w2@host").write_text(f"7 {boot() - 30:.2f} 20", "ascii")
    assert problems_of_marks(tmp_path, ["w1"]) == problems_of_marks(tmp_path, ["w1@host"]) == []
    assert len(problems_of_marks(tmp_path, [])) == len(problems_of_marks(tmp_path, ["w2"])) == 1
    assert problems_of_marks(tmp_path, ["w1", "w3"]) == [f"w3: has left no mark in {tmp_path}"]


@pytest.mark.parametrize(
    ("status", "alive"), [(200, True), (302, True), (401, True), (503, True), (500, False)]
)
def test_an_address_is_alive_when_it_answers(status: int, alive: bool, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/health").respond_with_data("", status=status)
    assert (not problems_of_url(httpserver.url_for("/health"))) == alive


@pytest.mark.parametrize("url", ["http://127.0.0.1:{free}/", "https://127.0.0.1/", "nonsense"])
def test_an_address_that_nobody_serves_is_not(url: str) -> None:
    assert len(problems_of_url(url.format(free=free_port()))) == 1


@pytest.mark.parametrize("arguments", [[], ["w1", "--url", "http://h/"], ["--nonsense"]])
def test_wrong_usage_is_exit_code_two(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GUARD_ALIVE_FOLDER", raising=False)
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2


def test_a_check_loads_neither_celery_nor_the_settings(tmp_path: Path) -> None:
    code = (
        "import sys; from guard.alive.__main__ import main; main(['--folder', sys.argv[1]]);"
        "print(sorted({'celery', 'kombu', 'redis', 'pydantic', 'sqlalchemy', 'http'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"


def test_a_worker_and_beat_leave_marks_while_they_live(valkey: Valkey, tmp_path: Path) -> None:
    url = valkey.broker_url(valkey.fresh_db())
    folder = tmp_path / "alive"
    control = valkey.url(valkey.fresh_db())
    with Shop(
        broker=url, backend=url, redis=control, folder=tmp_path, GUARD_ALIVE_FOLDER=str(folder)
    ) as shop:
        worker, beat = shop.start_worker("w1", pool="solo"), shop.beat()
        eventually(lambda: not problems_of_marks(folder, ["w1", "beat"]), within=30, what="both alive")
        assert main(["--folder", str(folder), "w1@shop", "beat"]) == 0

        mark = folder / "w1@shop"
        first = mark.read_text("ascii")
        eventually(lambda: mark.read_text("ascii") != first, within=10, what="a mark renewed")
        worker.freeze()
        frozen = mark.read_text("ascii")
        throughout(lambda: mark.read_text("ascii") == frozen, during=1.5)
        worker.thaw()
        eventually(lambda: mark.read_text("ascii") != frozen, within=10, what="a mark renewed again")

        assert (worker.terminate(30), beat.terminate(30)) == (0, 0)
        eventually(
            lambda: list(folder.iterdir()) == [], within=5, what=f"marks gone: {list(folder.iterdir())}"
        )
