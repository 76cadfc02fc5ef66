"""Figures inside one process and over forks."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guard.core.attempts import AttemptSum
from guard.core.process_figures import Asked, Failed, jobs_in, requests_in
from guard.errors import StoreUnavailable
from guard.gates.figures import Figures
from guard.store import failures
from guard.store.redis.attempts import RedisAttempts
from guard.store.redis.client import connect
from guard.store.redis.figures import RedisFigures
from guard.store.redis.keys import Keys
from guard.store.redis.tally import RedisTally

if TYPE_CHECKING:
    from tests.support.valkey import Valkey

ROOT = Path(__file__).parents[2]


def test_what_was_sent_is_not_sent_again_and_what_was_not_stays() -> None:
    figures = Figures()
    assert figures.unsent() is None
    figures.decided(Asked.PUBLISH, 1_500)
    figures.store_failed(Failed.SQL)
    first = figures.unsent()
    assert first is not None
    fields, sums = first
    assert fields == {"decision:publish:1": 1, "decision:publish:ns": 1_500, "failed:sql": 1}
    figures.decided(Asked.PUBLISH, 500)  # while it is being sent
    assert figures.unsent() is not None, "nobody said that it arrived"
    figures.sent(sums)
    second = figures.unsent()
    assert second is not None
    assert second[0] == {"decision:publish:0": 1, "decision:publish:ns": 500}
    figures.sent(second[1])
    assert figures.unsent() is None


def test_threads_lose_nothing() -> None:
    figures = Figures()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: figures.decided(Asked.RECEIPT, 3), range(4000)))
    unsent = figures.unsent()
    assert unsent is not None
    assert unsent[0] == {"decision:receipt:0": 4000, "decision:receipt:ns": 12_000}


CHILDREN = """
import os, signal
from guard.core.process_figures import Asked
from guard.gates.figures import MOST_ROWS, Figures

figures = Figures()
figures.share()
figures.decided(Asked.PUBLISH, 1)  # of the parent: not the children's to send

def child(index, number):
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)
    figures.forget()
    assert figures.unsent() is None
    figures.take_row(index)
    for _ in range(number):
        figures.decided(Asked.START, 10)
    os.kill(os.getpid(), signal.SIGKILL)

child(0, 3)
child(2, 4)
child(2, 5)  # its successor
child(MOST_ROWS, 7)  # no row is left for it
fields, sums = figures.unsent()
assert fields == {
    "decision:publish:0": 1, "decision:publish:ns": 1, "decision:start:0": 12, "decision:start:ns": 120
}, fields
figures.sent(sums)
child(0, 1)
fields, _ = figures.unsent()
assert fields == {"decision:start:0": 1, "decision:start:ns": 10}, fields
print("right")
"""


def test_children_count_in_memory_that_outlives_them() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILDREN], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.stdout == "right\n", done.stderr


def test_sums_of_many_processes(valkey: Valkey) -> None:
    with connect(valkey.url(valkey.fresh_db()), timeout=2.0, name="tests") as client:
        books = RedisFigures(client, Keys("here"))
        assert books.sums() == {}
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: books.add({"failed:sql": 1, "drain:ms": 10}), range(200)))
        assert books.sums() == {"failed:sql": 200, "drain:ms": 2000}
        assert RedisFigures(client, Keys("there")).sums() == {}


def test_counts_of_all_windows_are_summed_with_those_of_each(valkey: Valkey) -> None:
    keys = Keys("here")
    with connect(valkey.url(valkey.fresh_db()), timeout=2.0, name="tests") as client:
        tally, attempts = RedisTally(client, keys), RedisAttempts(client, keys)
        for window in ("w-1", "w-2"):
            tally.begin(window)
            tally.add(window, {"killed:job_creation": 2, "refused:a:b": 1})
            attempts.add({(window, "job_creation", 5): AttemptSum(3, 300.0)}, since={})
        sums = RedisFigures(client, keys).sums()
        assert jobs_in(sums) == {("killed", "job_creation"): 4, ("refused", "a:b"): 2}
        assert requests_in(sums) == {"job_creation": 6}
        assert client.ttl(keys.figures) == -1, "for good"


def test_a_store_that_fails_is_told_to_whoever_listens_and_lives() -> None:
    heard, other = Figures(), Figures()
    failures.listen(heard)
    failures.listen(other)
    del other
    with connect("redis://:hunter2@127.0.0.1:1/0", timeout=0.2, name="tests") as client:
        books = RedisFigures(client, Keys("here"))
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                books.sums()
    unsent = heard.unsent()
    assert unsent is not None
    assert unsent[0] == {"failed:redis": 3}
