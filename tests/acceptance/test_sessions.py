"""P9: after an invalidation no older session of a non-admin is accepted, with real processes."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import redis
from sqlalchemy import text

from guard.store.redis.keys import Keys
from tests.support.application import (
    ALICE,
    PREFIX,
    Application,
    OddCases,
    many_sessions,
    payload,
    session_ids,
)
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.shop import Shop

# Asks without a pause, as requests do; says when a session of before was last accepted.
REQUESTS = """
import time
from pathlib import Path
made, last, asked = {made}, 0.0, 0
stop = Path({stop!r})
guard.sessions.is_accepted(created_at=made)
print("begun", flush=True)
while not stop.exists():
    for _ in range(200):
        before = time.time()
        asked += 1
        if guard.sessions.is_accepted(created_at=made, role="VIEWER"):
            last = before
print("last", last, asked, flush=True)
"""


@pytest.fixture
def client(shop: Shop) -> Iterator[redis.Redis]:
    """The Redis of the shop's sessions, which is its control plane."""
    with redis.Redis.from_url(shop.environ["REDIS_URL"], decode_responses=True) as made:
        yield made


@pytest.fixture
def application(shop: Shop) -> Iterator[Application]:
    """The shop's own tables, in the same database."""
    made = Application(shop.environ["DATABASE_URL"])
    yield made
    made.close()


def json_of(shop: Shop, *words: str) -> tuple[int, dict[str, Any]]:
    """A command with --json: its exit code and its document."""
    code, printed = shop.maintenance("sessions", *words, "--json")
    document: dict[str, Any] = json.loads(printed[printed.index("{") :])  # log lines go to the terminal first
    return code, document


def test_the_command_line(shop: Shop, client: redis.Redis, application: Application) -> None:
    odd = OddCases(now=time.time() - 1)
    odd.write(client, application)
    code, told = json_of(shop, "stats")
    assert (code, told["sessions"]) == (0, len(odd.lives | odd.ends | odd.expired))
    code, printed = shop.maintenance("sessions")
    assert code == 0
    assert f"Sessions: {told['sessions']}" in printed
    assert "may sign in   everybody" in printed
    before = session_ids(client)
    code, dry = json_of(shop, "invalidate", "--dry-run")
    assert (code, dry["dry_run"], dry["ended"]) == (0, True, len(odd.ends))
    code, printed = shop.maintenance("sessions", "sweep", "--dry-run")
    assert code == 0
    assert "Nothing was changed; this would be done:" in printed
    assert session_ids(client) == before
    code, done = json_of(shop, "invalidate", "--by", "ops")
    assert (code, done["ended"], done["generation"]) == (0, dry["ended"], 1)
    assert session_ids(client) == odd.lives
    code, printed = shop.maintenance("sessions", "sweep")
    assert code == 0
    assert f"{len(odd.lives)} kept" in printed
    code, printed = shop.maintenance("sessions", "allow")
    assert code == 3
    assert printed.startswith("Error: cannot")
    code, printed = shop.maintenance("sessions", "swep")
    assert code == 2
    assert "No such command 'swep'" in printed


def test_a_window_from_the_command_line(shop: Shop, client: redis.Redis, application: Application) -> None:
    many_sessions(client, 50, created=time.time() - 60)
    code, printed = shop.maintenance("enable", "--reason", "x", "--sessions", "kepe")
    assert code == 2
    assert "sessions 'kepe' is unknown" in printed
    assert shop.maintenance("enable", "--reason", "x", "--sessions", "keep")[0] == 0
    assert json_of(shop, "stats")[1]["sign_in"] is True
    assert shop.maintenance("change", "--sessions", "invalidate")[0] == 0
    assert session_ids(client) == set(), "the command has deleted them before it ended"
    assert json_of(shop, "stats")[1]["sign_in"] is False
    code, printed = shop.maintenance("sessions", "allow")
    assert code == 0, printed
    assert json_of(shop, "stats")[1]["sign_in"] is True
    assert shop.maintenance("disable")[0] == 0


def test_a_storm_of_requests(shop: Shop, client: redis.Redis, application: Application) -> None:
    """Two processes ask thousands of times a second; neither accepts an old session once it has returned."""
    made = time.time() - 60
    stop = shop.folder / "stop"
    many_sessions(client, 500, created=made)
    asking = [shop.python(f"web{number}", REQUESTS.format(made=made, stop=str(stop))) for number in range(2)]
    for process in asking:
        eventually(lambda p=process: "begun" in p.log, within=20, what="requests to come in")
    done = shop.guard.sessions.invalidate(by="ops")
    returned = time.time()
    assert done.proof == "acknowledged"
    eventually(lambda: time.time() > returned + 0.5, what="some more requests")
    stop.touch()
    for process in asking:
        process.wait(20)
        last, asked = process.log.split("last ")[1].split()
        assert 0 < float(last) <= returned, "an old session was accepted after it had returned"
        assert int(asked) > 1000
    assert session_ids(client) == set()


def test_a_process_that_stood_still_accepts_none_when_it_goes_on(
    shop: Shop, application: Application
) -> None:
    """It cannot be told in time; but it may believe what it last read for one lease only."""
    made = time.time() - 60
    stop = shop.folder / "stop"
    process = shop.python("web", REQUESTS.format(made=made, stop=str(stop)))
    eventually(lambda: "begun" in process.log, within=20, what="requests to come in")
    shop.settled()
    process.freeze()
    done = shop.guard.sessions.invalidate(by="ops")
    returned = time.time()
    process.thaw()
    assert done.proof == "time"
    eventually(lambda: time.time() > returned + 0.5, what="some more requests")
    stop.touch()
    process.wait(20)
    last, _ = process.log.split("last ")[1].split()
    assert 0 < float(last) <= returned, "an old session was accepted after it had returned"


def test_whoever_ended_them_is_killed_in_the_middle_and_a_worker_goes_on(
    shop: Shop, client: redis.Redis, application: Application
) -> None:
    worker = shop.worker("w1")
    client.set(PREFIX + "admin", payload(1, time.time() - 60, "admin"))
    many_sessions(client, 60_000, created=time.time() - 60, user_id=ALICE)
    ending = shop.python("ending", "guard.sessions.invalidate(by='ops')", GUARD_SESSION_BATCH="10")
    total = client.dbsize()
    eventually(lambda: client.dbsize() < total - 2_000, within=40, what="the deletion to be under way")
    ending.kill()
    left = len(session_ids(client))
    assert left > 100, "it was killed too late to show anything"
    eventually(lambda: session_ids(client) == {"admin"}, within=60, what="a worker to go on")
    marks = client.hgetall(Keys("guard").sessions)
    assert isinstance(marks, dict)
    eventually(lambda: client.hget(Keys("guard").sessions, "cleaned") == "1", what="it to be noted")
    assert "Traceback" not in worker.log


@pytest.mark.parametrize("mode", ["normal", "emergency"])
def test_a_window_that_a_row_or_a_policy_opens_ends_sessions_too(
    make_shop: Callable[..., Shop], mode: str
) -> None:
    """Hand-made rows, and a drain that escalates: nobody calls `enable`, and the policy holds."""
    shop = make_shop("redis", MAINTENANCE_CLEANUP_INTERVAL="5")
    application = Application(shop.environ["DATABASE_URL"])
    try:
        with redis.Redis.from_url(shop.environ["REDIS_URL"], decode_responses=True) as client:
            many_sessions(client, 50, created=time.time() - 60)
            shop.worker("w1")
            if mode == "normal":
                shop.guard.durable.read()
                with application.engine.begin() as connection:
                    connection.execute(
                        text("UPDATE configuration SET value = 'true' WHERE `key` = 'maintenance_mode'")
                    )
            else:
                shop.send("job", 1, 60.0)
                eventually(lambda: len(shop.events()) == 1, what="the job to run")
                shop.enable(drain_within=2, at_deadline="escalate", sessions="keep", grace=1)
                assert shop.guard.sessions.may_sign_in("VIEWER")
            eventually(lambda: session_ids(client) == set(), within=60, what="the sessions to end")
            assert not shop.guard.sessions.may_sign_in("VIEWER")
    finally:
        application.close()
