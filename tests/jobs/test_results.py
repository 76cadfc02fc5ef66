"""`ResultStore` on SQLite and MariaDB: one row per job whatever happens, many processes writing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from tasks.captions.captioner import Caption
from tasks.images.optimize import OptimizedImage
from tasks.results.schema import job_batches, job_captions, job_images
from tasks.results.store import ResultStore

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SOURCE = Path("uploads/ä.jpg")
CAPTION = Caption(
    text="Ein „rotes“ Bild 🟥", captioner="palette", is_ai=False, notes=("not an AI caption", "é")
)
IMAGE = OptimizedImage(
    path=Path("out/a.jpg"), size=(640, 480), mode="RGB", format="JPEG", bytes_before=999, bytes_after=99
)


@pytest.fixture(params=["sqlite", "mariadb"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database of each kind; the server is started only for the second."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[ResultStore]:
    results = ResultStore(database_url)
    yield results
    results.close()


def test_what_is_saved_is_found(store: ResultStore) -> None:
    store.save_image("i", SOURCE, IMAGE)
    store.save_caption("c", SOURCE, CAPTION)
    image, caption = store.row(job_images, "i"), store.row(job_captions, "c")
    assert image is not None
    assert caption is not None
    moment = image.pop("updated_at")
    assert moment.tzinfo is None
    assert image == {
        "task_id": "i", "source": "uploads/ä.jpg", "path": "out/a.jpg", "width": 640, "height": 480,
        "mode": "RGB", "format": "JPEG", "bytes_before": 999, "bytes_after": 99, "runs": 1,
    }  # fmt: skip
    assert (caption["text"], caption["captioner"], caption["is_ai"], caption["notes"], caption["runs"]) == (
        CAPTION.text, "palette", False, ["not an AI caption", "é"], 1,
    )  # fmt: skip
    assert store.row(job_images, "c") is None
    assert store.counts() == {"job_batches": 0, "job_captions": 1, "job_images": 1}


def test_a_job_that_runs_again_overwrites_its_own_row(store: ResultStore) -> None:
    store.save_caption("c", SOURCE, CAPTION)
    store.save_caption("other", SOURCE, CAPTION)
    second = Caption(text="Better.", captioner="ollama/llava:7b", is_ai=True)
    store.save_caption("c", Path("moved.jpg"), second)
    row, other = store.row(job_captions, "c"), store.row(job_captions, "other")
    assert row is not None
    assert other is not None
    assert (row["text"], row["is_ai"], row["notes"]) == ("Better.", True, [])
    assert (row["source"], row["runs"]) == ("moved.jpg", 2)
    assert (other["text"], other["runs"]) == (CAPTION.text, 1)


def test_a_batch_counts_its_starts_and_not_its_states(store: ResultStore) -> None:
    for state, failure in (
        ("started", None),
        ("failed", "1 of 2 jobs failed"),
        ("started", None),
        ("done", None),
    ):
        store.save_batch("b", shape="chord", state=state, images=1, task_ids=["x", "y"], failure=failure)
    row = store.row(job_batches, "b")
    assert row is not None
    assert (row["state"], row["runs"], row["task_ids"], row["failure"]) == ("done", 2, ["x", "y"], None)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    writes=st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=500),
        ),
        max_size=12,
    )
)
def test_like_a_dictionary_with_a_count(store: ResultStore, writes: list[tuple[str, str]]) -> None:
    before = {key: (store.row(job_captions, key) or {"runs": 0})["runs"] for key in "abc"}
    for key, words in writes:
        store.save_caption(key, SOURCE, Caption(text=words, captioner="palette", is_ai=False))
    for key in "abc":
        own = [words for written, words in writes if written == key]
        row = store.row(job_captions, key)
        if own:
            assert row is not None
            assert (row["text"], row["runs"]) == (own[-1], before[key] + len(own))


WRITER = """
import sys
from pathlib import Path
from tasks.captions.captioner import Caption
from tasks.results.store import ResultStore

url, writer, writes = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = ResultStore(url)
print("ready", flush=True)
sys.stdin.readline()  # all begin together, on a database without tables
for number in range(writes):
    caption = Caption(text=f"{writer}/{number}", captioner="palette", is_ai=False)
    store.save_caption(f"{writer}/{number}", Path("p.jpg"), caption)
    store.save_caption("shared", Path("p.jpg"), caption)
store.close()
"""


def test_processes_that_start_and_write_at_once(database_url: str, store: ResultStore) -> None:
    writers, writes = 6, 25
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", WRITER, database_url, str(number), str(writes)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number in range(writers)
    ]  # fmt: skip
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            _, errors = process.communicate(timeout=90)
            assert (process.returncode, errors) == (0, "")
    finally:
        for process in processes:
            with process:  # closes the pipes and waits
                process.kill()
    assert store.counts()["job_captions"] == writers * writes + 1
    shared = store.row(job_captions, "shared")
    assert shared is not None
    assert shared["runs"] == writers * writes


FORKER = """
import os, sys
from pathlib import Path
from tasks.captions.captioner import Caption
from tasks.results.store import ResultStore

store = ResultStore(sys.argv[1])
caption = Caption(text="x", captioner="palette", is_ai=False)

def write(prefix):
    for number in range(30):
        store.save_caption(f"{prefix}/{number}", Path("p.jpg"), caption)

write("before")  # the parent's connection is open, and in the pool, when it forks
child = os.fork()
write("child" if child == 0 else "parent")
if child:
    _, status = os.waitpid(child, 0)
    write("after")
    store.close()
    sys.exit(os.waitstatus_to_exitcode(status))
store.close()
"""


def test_a_forked_child_opens_its_own_connections(database_url: str, store: ResultStore) -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", FORKER, database_url],
        cwd=ROOT, timeout=60, capture_output=True, text=True,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    assert store.counts()["job_captions"] == 4 * 30


def test_a_result_survives_connections_cut_by_the_server(mariadb_url: str) -> None:
    others = text(
        "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
    )
    store, root = ResultStore(mariadb_url), create_engine(mariadb_url)
    try:
        store.save_caption("before", SOURCE, CAPTION)
        with root.connect() as connection:
            cut = connection.execute(others).scalars().all()
            for number in cut:
                connection.execute(text(f"KILL {number}"))
        assert cut
        store.save_caption("after", SOURCE, CAPTION)
        assert store.counts()["job_captions"] == 2
    finally:
        store.close()
        root.dispose()


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    store = ResultStore(f"sqlite:///{tmp_path / 'a' / 'b' / 'jobs.db'}")
    assert store.counts() == {"job_batches": 0, "job_captions": 0, "job_images": 0}
    store.close()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "postgresql://u:geheim@h/d"])
def test_a_database_that_cannot_serve_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="TASKS_DATABASE_URL") as caught:
        ResultStore(url).counts()
    assert "geheim" not in str(caught.value)


def test_no_password_in_repr() -> None:
    assert "geheim" not in repr(ResultStore("mysql+pymysql://u:geheim@h/d"))
