"""Sessions of a real application, ended on real servers, every odd case at once."""

from __future__ import annotations

import json
import logging
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from guard.core.sessions import GENERATION_FIELD
from guard.errors import IllegalMove, InvalidRequest, StoreUnavailable
from tests.contracts.site import Site, site_on
from tests.support.application import (
    ADMIN,
    ALICE,
    BOB,
    INDEX,
    PREFIX,
    USER_SETS,
    OddCases,
    iso,
    many_sessions,
    old_fields,
    payload,
    session_ids,
)
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

COMBINATIONS = {
    "sqlite and valkey": ("sqlite_url", "valkey"),
    "mariadb and a hardened valkey": ("mariadb_url", "hardened_valkey"),
    "sqlite and redis": ("sqlite_url", "redis_server"),
}


@pytest.fixture(params=list(COMBINATIONS))
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """An application with users, and its guard."""
    sql, server = COMBINATIONS[request.param]
    with site_on(
        request.getfixturevalue(server), request.getfixturevalue(sql), guard_session_batch=10
    ) as made:
        yield made


@pytest.fixture
def small(valkey: Any, sqlite_url: str) -> Iterator[Site]:
    """The same, on one server of each kind, for what does not depend on it."""
    with site_on(valkey, sqlite_url, guard_session_batch=10) as made:
        yield made


@pytest.fixture
def odd(site: Site) -> OddCases:
    """Every odd case, in Redis and SQL."""
    cases = OddCases(now=time.time() - 1)
    cases.write(site.client, site.application)
    return cases


# -- invalidate ----------------------------------------------------------------------------------


def test_after_invalidation_exactly_the_admins_sessions_live(site: Site, odd: OddCases) -> None:
    others = odd.foreign(site.client)
    done = site.guard.sessions.invalidate(by="ops")
    assert session_ids(site.client) == odd.lives
    assert {key: site.client.type(key) for key in others} == others
    assert done.is_settled
    assert done.proof in {"acknowledged", "time"}
    assert (done.ended, done.expired, done.admins) == (len(odd.ends), len(odd.expired), len(odd.lives))
    assert done.unreadable == 6
    assert done.seen == len(odd.ends | odd.expired | odd.lives)
    assert (done.foreign, done.unknown, done.accepted) == (2, 0, 0)


def test_rows_follow(site: Site, odd: OddCases) -> None:
    done = site.guard.sessions.invalidate(by="ops")
    rows = site.application.rows()
    assert rows.keys() == odd.rows_live | odd.rows_end, "rows past their time are gone"
    assert {name for name, active in rows.items() if active} == odd.rows_live
    assert (done.rows_expired, done.rows_unknown) == (len(odd.rows_go), 0)
    assert done.rows_ended == len(odd.rows_end - {"row-off"})


def test_the_older_layouts_sets_are_cleaned_too(site: Site, odd: OddCases) -> None:
    done = site.guard.sessions.invalidate(by="ops")
    assert site.client.smembers(INDEX) == {"old-admin"}
    assert site.client.smembers(f"{USER_SETS}{ALICE}") == set()
    assert site.client.smembers(f"{USER_SETS}{ADMIN}") == {"old-admin"}
    assert done.unlisted == 1


def test_a_dry_run_says_the_same_and_changes_nothing(site: Site, odd: OddCases) -> None:
    before = session_ids(site.client), site.application.rows(), site.client.smembers(INDEX)
    state = site.guard.durable.read()
    told = site.guard.sessions.invalidate(by="ops", dry_run=True)
    assert (session_ids(site.client), site.application.rows(), site.client.smembers(INDEX)) == before
    assert site.guard.durable.read() == state
    done = site.guard.sessions.invalidate(by="ops")
    for name in ("seen", "ended", "expired", "unreadable", "admins", "unknown", "rows_ended", "rows_expired"):
        assert getattr(told, name) == getattr(done, name), name
    assert told.dry_run
    assert told.generation == done.generation == 1


def test_it_may_be_repeated(site: Site, odd: OddCases) -> None:
    site.guard.sessions.invalidate(by="ops")
    again = site.guard.sessions.invalidate(by="ops")
    assert (again.ended, again.expired, again.rows_ended, again.unlisted) == (0, 0, 0, 0)
    assert session_ids(site.client) == odd.lives


def test_whoever_signs_in_afterwards_stays(site: Site, odd: OddCases) -> None:
    generation = site.guard.sessions.invalidate(by="ops").generation
    now = time.time()
    site.client.set(PREFIX + "new", payload(ALICE, now, "new", **{GENERATION_FIELD: generation}))
    site.client.set(PREFIX + "new-without", payload(BOB, now + 1, "new-without"))
    site.client.set(PREFIX + "written-back", payload(BOB, now - 60, "written-back"))
    site.application.add_row("new", ALICE, created=now + 2, expires=now + 7200)
    done = site.guard.sessions.sweep()
    assert session_ids(site.client) == odd.lives | {"new", "new-without"}
    assert site.application.rows()["new"]
    assert (done.ended, done.accepted) == (1, 2)


def test_a_writer_that_saves_again_keeps_nobody_in(small: Site) -> None:
    """Requests in flight write their sessions back, as fast as they can, all the while."""
    made = time.time() - 60
    names = [f"s{number}" for number in range(300)]
    texts = {name: payload(ALICE, made, name) for name in names}
    stop = threading.Event()

    def write_back() -> None:
        with small.server.client(small.client.connection_pool.connection_kwargs["db"]) as client:
            while not stop.is_set():
                for name in names:
                    client.set(PREFIX + name, texts[name], ex=7200)

    small.guard.sessions.is_accepted(created_at=made)  # this process has a lease from now on
    assert small.guard.sessions.is_accepted(created_at=made, role="REVIEWER")
    writer = threading.Thread(target=write_back)
    writer.start()
    try:
        eventually(lambda: len(session_ids(small.client)) == 300, what="all sessions written")
        small.guard.sessions.invalidate(by="ops")
        for name in names:
            raw = small.client.get(PREFIX + name)
            session = json.loads(raw) if raw else {"created_at": iso(made)}  # type: ignore[arg-type]
            assert not small.guard.sessions.is_accepted(
                session.get(GENERATION_FIELD), session["created_at"], "REVIEWER"
            )
    finally:
        stop.set()
        writer.join()
    small.guard.sessions.sweep()
    assert session_ids(small.client) == set()


def test_no_process_accepts_them_once_it_has_returned(small: Site) -> None:
    made = time.time() - 60
    other = small.another()
    refused: list[bool] = []
    try:
        assert other.sessions.is_accepted(created_at=made)
        stamp = other.sessions.stamp()
        small.guard.sessions.invalidate(by="ops")
        refused += [not other.sessions.is_accepted(created_at=made), not other.sessions.is_accepted(stamp)]
        assert refused == [True, True]
        assert other.sessions.is_accepted(stamp, made, "ADMIN")
        fresh = other.sessions.stamp()
        assert fresh == (stamp or 0) + 1
        assert other.sessions.is_accepted(fresh)
    finally:
        other.close()


# -- what does not answer ------------------------------------------------------------------------


def test_without_a_table_of_users_nobody_is_taken_for_a_non_admin(valkey: Any, sqlite_url: str) -> None:
    with site_on(valkey, sqlite_url) as site:
        odd = OddCases(now=time.time() - 1)
        odd.write(site.client, site.application)
        with site.application.engine.begin() as connection:
            connection.execute(text("DROP TABLE users"))
        done = site.guard.sessions.invalidate(by="ops")
        unreadable = {"no-json", "no-object", "not-text", "no-user", "user-is-true", "bare-hash"}
        assert session_ids(site.client) == (odd.lives | odd.ends) - unreadable
        assert done.unknown == len(odd.lives | odd.ends) - len(unreadable)
        assert done.rows_unknown == len(odd.rows_live | odd.rows_end) - 1
        assert not done.is_settled
        assert "no table users" in " ".join(done.problems)
        assert not site.guard.sessions.is_accepted(created_at=odd.now, role="REVIEWER")


def test_a_database_that_is_away_is_said_and_costs_one_wait(valkey: Any, sqlite_url: str) -> None:
    nowhere = "mysql+pymysql://app:s3cret@127.0.0.1:1/app"
    with site_on(valkey, sqlite_url, guard_app_database_url=nowhere, guard_session_batch=10) as site:
        many_sessions(site.client, 200, created=time.time() - 60)
        users, asked = site.guard._parts.sessions.doers.users, []  # type: ignore[attr-defined]
        roles = users.roles
        users.roles = lambda ids: asked.append(ids) or roles(ids)
        done = site.guard.sessions.invalidate(by="ops")
        assert len(asked) == 1
        assert (done.unknown, done.ended) == (200, 0)
        assert done.rows_ended is None
        assert done.rows_expired is None
        assert len(done.problems) == 1, done.problems
        assert "s3cret" not in repr(done)
        told = site.guard.sessions.stats()
        assert (told.unknown, told.refused, told.rows_active) == (200, 200, None)


def test_a_redis_that_is_away_is_said(valkey: Any, sqlite_url: str) -> None:
    nowhere = "redis://:s3cret@127.0.0.1:1/0"
    with site_on(valkey, sqlite_url, guard_session_redis_url=nowhere) as site:
        site.application.add_row("x", BOB, created=time.time() - 60, expires=time.time() + 60)
        done = site.guard.sessions.invalidate(by="ops")
        assert done.seen is None
        assert not done.complete
        assert done.rows_ended == 1
        assert site.application.rows() == {"x": False}
        assert "s3cret" not in repr(done)
        assert site.guard.sessions.stats().sessions is None
        assert site.guard.sessions.total() is None


def test_a_redis_that_refuses_to_delete_is_said(valkey: Any, sqlite_url: str) -> None:
    number = valkey.fresh_db()
    with valkey.client(number) as client:
        client.acl_setuser("reader", enabled=True, passwords=["+pw"], categories=["+@all"], keys=["*"],
                           commands=["-unlink"])  # fmt: skip
        many_sessions(client, 30, created=time.time() - 60)
        url = f"unix://reader:pw@{valkey.socket}?db={number}"
        try:
            with site_on(valkey, sqlite_url, guard_session_redis_url=url) as site:
                done = site.guard.sessions.invalidate(by="ops")
        finally:
            client.acl_deluser("reader")
        assert (done.ended, done.complete) == (0, False)
        assert done.problems
        assert len(session_ids(client)) == 30


def test_a_durable_store_that_is_away_ends_nothing(valkey: Any, sqlite_url: str) -> None:
    with site_on(valkey, sqlite_url) as site:
        site.guard.sessions.sweep()
        other = site.another(
            database_url="mysql+pymysql://x:y@127.0.0.1:1/x", guard_app_database_url=sqlite_url
        )
        many_sessions(site.client, 5, created=time.time() - 60)
        try:
            with pytest.raises(StoreUnavailable):
                other.sessions.invalidate(by="ops")
        finally:
            other.close()
        assert len(session_ids(site.client)) == 5
        assert site.guard.durable.read().generation.number == 0


def test_where_no_sessions_are_nothing_is_done_and_nothing_is_said(
    valkey: Any, sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with site_on(valkey, sqlite_url, guard_session_prefix="", guard_session_token_patterns="") as site:
        with site.application.engine.begin() as connection:
            connection.execute(text("DROP TABLE user_sessions"))
            connection.execute(text("DROP TABLE platform_connections"))
            connection.execute(text("DROP TABLE users"))
        with caplog.at_level(logging.INFO):
            done = site.guard.sessions.invalidate(by="ops")
        assert (done.seen, done.rows_ended, done.rows_expired, done.problems) == (None, None, None, ())
        assert done.is_settled
        said = [record.getMessage() for record in caplog.records if "ession" in record.getMessage()]
        assert [line for line in said if "Older sessions are not accepted" not in line] == []


# -- sweep ---------------------------------------------------------------------------------------


def test_a_sweep_before_anything_was_invalidated_deletes_what_is_over_and_nothing_else(
    site: Site, odd: OddCases
) -> None:
    done = site.guard.sessions.sweep()
    assert session_ids(site.client) == odd.lives | odd.ends
    assert site.application.rows().keys() == odd.rows_live | odd.rows_end
    assert (done.expired, done.ended, done.rows_expired, done.rows_ended) == (
        len(odd.expired), 0, len(odd.rows_go), None,
    )  # fmt: skip


def test_rows_go_by_utc_in_batches(site: Site) -> None:
    now = time.time()
    for number in range(35):  # more than three batches
        site.application.add_row(f"late{number}", BOB, created=now - 8000, expires=now - 3)
    site.application.add_row("soon", BOB, created=now - 7000, expires=now + 30)
    assert site.guard.sessions.sweep(dry_run=True).rows_expired == 35
    assert len(site.application.rows()) == 36
    assert site.guard.sessions.sweep().rows_expired == 35
    assert site.application.rows() == {"soon": True}


def test_the_routine_that_beat_runs_sweeps_and_stores_its_figures(small: Site) -> None:
    odd = OddCases(now=time.time() - 1)
    odd.write(small.client, small.application)
    run = small.guard.routines.run("session-cleanup", by="ops")
    assert run is not None
    figures = {figure.name: figure.value for figure in run.result.figures}
    assert (figures["expired"], figures["rows_expired"]) == (len(odd.expired), len(odd.rows_go))
    assert None not in figures.values(), "what is not there is no unknown"
    assert session_ids(small.client) == odd.lives | odd.ends


def test_a_crashed_sweep_is_gone_on_with(small: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies in the middle; another one begins where it stood."""
    many_sessions(small.client, 2000, created=time.time() - 60)
    dying = small.another()
    keys = dying._parts.sessions.doers.keys  # type: ignore[attr-defined]
    end, calls = keys.end, []

    class Died(BaseException):
        """As SIGKILL: nothing of ours runs any more."""

    def end_until_death(found: Any) -> None:
        calls.append(len(found))
        if len(calls) > 60:
            raise Died
        end(found)

    keys.end = end_until_death
    marks = small.guard._parts.stores.session_marks  # type: ignore[attr-defined]
    try:
        monkeypatch.setattr("guard.orchestrator.session_relay._NOTE_SECONDS", 0.0)
        with pytest.raises(Died):
            dying.sessions.invalidate(by="ops")
    finally:
        dying.close()
    left = len(session_ids(small.client))
    assert 0 < left < 2000
    assert marks.read().cursor > 0
    # Whoever had died held the lock, which would last ten seconds; `Died` gave it back on its way out.
    state = small.guard.durable.read()
    done = small.guard._parts.sessions.cleaning.catch_up(state, within=60)
    assert done is not None
    assert done.resumed
    assert done.is_settled
    assert (done.ended, done.seen) == (left, left)
    assert session_ids(small.client) == set()
    assert marks.read().cleaned == state.generation.number
    assert small.guard._parts.sessions.cleaning.catch_up(state, within=60) is None, "nothing is left"


def test_a_share_of_a_sweep_ends_in_time_and_the_next_one_goes_on(small: Site) -> None:
    many_sessions(small.client, 500, created=time.time() - 60)
    state = small.guard.durable.read()
    ended = state.generation.next(time.time())
    state = replace(state, generation=ended)
    cleaning = small.guard._parts.sessions.cleaning
    first = cleaning.catch_up(state, within=0.0)
    assert first is not None
    assert not first.complete
    assert 0 < first.ended < 500
    second = cleaning.catch_up(state, within=60)
    assert second is not None
    assert second.resumed
    assert first.ended + second.ended == 500
    assert second.is_settled


def test_keys_that_vanish_under_the_sweep_do_no_harm(small: Site) -> None:
    many_sessions(small.client, 300, created=time.time() - 60)
    small.client.hset(PREFIX + "old", mapping=old_fields(ALICE, time.time() - 60, "old"))  # type: ignore[arg-type]
    keys = small.guard._parts.sessions.doers.keys
    assert keys is not None
    scan = keys._client.scan  # type: ignore[attr-defined]

    def evicting(*args: Any, **options: Any) -> Any:
        cursor, names = scan(*args, **options)
        for number, name in enumerate(names):
            if number % 3 == 0:
                keys._client.delete(name)  # type: ignore[attr-defined]
            elif number % 3 == 1:  # and some come back as something else
                keys._client.delete(name)  # type: ignore[attr-defined]
                keys._client.rpush(name, "x")  # type: ignore[attr-defined]
        return cursor, names

    keys._client.scan = evicting  # type: ignore[attr-defined]
    done = small.guard.sessions.invalidate(by="ops")
    assert done.complete
    assert session_ids(small.client) == set()
    assert done.foreign > 0


# -- windows -------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["normal", "emergency"])
def test_a_window_ends_sessions_and_their_keys_follow(small: Site, mode: str) -> None:
    odd = OddCases(now=time.time() - 1)
    odd.write(small.client, small.application)
    small.client.set("user_platforms:2", '[{"access_token": "secret"}]')
    small.client.set("platform:7", '{"access_token": "secret"}')
    small.client.hset("platform:stats", "a", "hash")
    window = small.guard.enable(reason="x", by="ops", mode=mode)
    assert not small.guard.sessions.may_sign_in("VIEWER")
    assert small.guard.sessions.may_sign_in("ADMIN")
    assert not small.guard.sessions.is_accepted(created_at=odd.now, role="VIEWER")
    eventually(lambda: session_ids(small.client) == odd.lives, within=20, what="the keys to go")
    eventually(
        lambda: {name for name, on in small.application.rows().items() if on} == odd.rows_live,
        within=20,
        what="the rows to follow",
    )
    tokens = small.client.exists("user_platforms:2", "platform:7")
    assert tokens == (0 if mode == "emergency" else 2)
    assert small.client.exists("platform:stats")
    small.guard.disable(by="ops")
    assert window.warnings == () or window.proof
    eventually(lambda: small.guard.sessions.may_sign_in("VIEWER"), what="sign-in to be open again")
    assert not small.guard.sessions.is_accepted(created_at=odd.now, role="VIEWER"), "but no old session is"


def test_a_window_that_keeps_sessions_ends_none(small: Site) -> None:
    many_sessions(small.client, 20, created=time.time() - 60)
    small.guard.enable(reason="x", by="ops", sessions="keep")
    assert small.guard.sessions.may_sign_in("VIEWER")
    assert small.guard.sessions.is_accepted(created_at=time.time() - 60)
    assert small.guard.sessions.sweep().ended == 0
    assert len(session_ids(small.client)) == 20
    # said anew for the open window it counts from then on
    small.guard.change(by="ops", sessions="invalidate")
    eventually(lambda: not session_ids(small.client), within=20, what="the keys to go")
    eventually(lambda: not small.guard.sessions.may_sign_in("VIEWER"), what="sign-in to be barred")


def test_a_rehearsal_ends_none(small: Site) -> None:
    many_sessions(small.client, 20, created=time.time() - 60)
    small.guard.enable(reason="x", by="ops", mode="test", sessions="invalidate")
    small.guard.sessions.wait()
    assert small.guard.sessions.may_sign_in("VIEWER")
    assert small.guard.sessions.sweep().ended == 0
    assert len(session_ids(small.client)) == 20


def test_everybody_may_be_let_in_again_while_the_window_goes_on(small: Site) -> None:
    with pytest.raises(IllegalMove):
        small.guard.sessions.allow(by="ops")
    small.guard.enable(reason="x", by="ops")
    assert not small.guard.sessions.may_sign_in("VIEWER")
    window = small.guard.sessions.allow(by="ops")
    assert window.mode == "normal"
    eventually(lambda: small.guard.sessions.may_sign_in("VIEWER"), what="sign-in to be open")
    assert small.guard.is_active
    assert not small.guard.sessions.is_accepted(created_at=time.time() - 60), "what was ended stays ended"
    with pytest.raises(InvalidRequest):
        small.guard.sessions.allow(by="ops")


def test_what_the_caller_of_enable_left_is_deleted_by_the_housekeeping(small: Site) -> None:
    many_sessions(small.client, 20, created=time.time() - 60)
    small.guard.sessions.follow = lambda: None  # type: ignore[method-assign] # that process died
    small.guard.enable(reason="x", by="ops")
    assert len(session_ids(small.client)) == 20
    housekeeping = small.guard._parts._housekeeping()  # type: ignore[attr-defined]

    def swept() -> bool:
        housekeeping.sweep()
        return not session_ids(small.client)

    eventually(swept, within=15, what="the housekeeping to delete them")
    assert small.guard._parts._sessions_gone == 1  # type: ignore[attr-defined]


def test_enable_does_not_wait_for_the_application(valkey: Any, sqlite_url: str) -> None:
    """Its database hangs; the window opens all the same, at once."""
    nowhere = "mysql+pymysql://app:pw@127.0.0.1:1/app"
    with site_on(valkey, sqlite_url, guard_app_database_url=nowhere) as site:
        many_sessions(site.client, 20, created=time.time() - 60)
        window = site.guard.enable(reason="x", by="ops")
        assert window.proof != "none"
        site.guard.sessions.wait()
        assert len(session_ids(site.client)) == 20
        assert not site.guard.sessions.is_accepted(created_at=time.time() - 60)


# -- asking --------------------------------------------------------------------------------------


def test_while_nothing_is_known_admins_alone_are_let_in(valkey: Any, sqlite_url: str) -> None:
    with site_on(valkey, sqlite_url) as site:
        lost = site.another(redis_url="redis://127.0.0.1:1/0")
        try:
            assert lost.sessions.is_accepted(0, time.time(), "ADMIN")
            assert not lost.sessions.is_accepted(0, time.time(), "VIEWER")
            assert lost.sessions.may_sign_in("ADMIN")
            assert not lost.sessions.may_sign_in("VIEWER")
            assert lost.sessions.stamp() is None
        finally:
            lost.close()


def test_asking_costs_no_round_trip_while_the_lease_is_fresh(small: Site) -> None:
    sessions = small.guard.sessions
    assert sessions.is_accepted(created_at=time.time())
    before = small.client.info("commandstats")
    for _ in range(500):
        assert sessions.is_accepted(0, None, "VIEWER")
    after = small.client.info("commandstats")
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    calls = sum(entry["calls"] for entry in after.values()) - sum(entry["calls"] for entry in before.values())
    assert calls < 50, "renewals alone"


def test_a_guard_that_is_switched_off_refuses_nobody(valkey: Any, sqlite_url: str) -> None:
    with site_on(valkey, sqlite_url, maintenance_mode_enabled=False) as site:
        assert site.guard.sessions.is_accepted(role="VIEWER")
        assert site.guard.sessions.may_sign_in("VIEWER")
        with pytest.raises(InvalidRequest, match="switched off"):
            site.guard.sessions.invalidate(by="ops")


def test_stats(site: Site, odd: OddCases) -> None:
    seen: list[int] = []
    before = site.guard.sessions.stats(seen=seen.append)
    everything = odd.lives | odd.ends | odd.expired
    assert before.sessions == len(everything) == seen[-1]
    assert (
        before.admins + before.others + before.no_user + before.unknown + before.unreadable == before.sessions
    )
    assert (before.admins, before.no_user, before.unreadable, before.unknown) == (
        len(odd.lives) + 2, 1, 6, 0,
    )  # fmt: skip
    assert before.hashes == 4
    assert before.strings == len(everything) - 4
    assert (before.expired, before.refused, before.endless) == (len(odd.expired), 0, 6)
    assert (before.rows_active, before.rows_expired) == (
        len(odd.rows_live | odd.rows_end | odd.rows_go) - 1, len(odd.rows_go),
    )  # fmt: skip
    assert before.sign_in is True
    site.guard.sessions.invalidate(by="ops")
    after = site.guard.sessions.stats()
    assert (after.sessions, after.admins, after.refused, after.generation) == (len(odd.lives),) * 2 + (0, 1)


# -- lines ---------------------------------------------------------------------------------------


def test_each_session_has_the_guides_line_and_no_id_is_shown(
    small: Site, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "3de9307f-1b02-44a3-83da-6ca449e90ac1"
    small.client.set(PREFIX + secret, payload(ALICE, time.time() - 60, secret))
    with caplog.at_level(logging.DEBUG):
        small.guard.sessions.invalidate(by="ops")
    lines = [record.getMessage() for record in caplog.records]
    assert (
        '[MAINTENANCE] Session invalidated: session_id="sha256:6f9e2ad3f3d8" user="2" '
        'reason="session_invalidation"'
    ).replace("6f9e2ad3f3d8", _hash(secret)) in lines
    assert not any(secret in line for line in lines)


def _hash(secret: str) -> str:
    from hashlib import sha256

    return sha256(secret.encode()).hexdigest()[:12]


def test_a_flood_of_lines_is_summed_up(small: Site, caplog: pytest.LogCaptureFixture) -> None:
    many_sessions(small.client, 1200, created=time.time() - 60)
    with caplog.at_level(logging.INFO):
        small.guard.sessions.invalidate(by="ops")
    lines = [
        record.getMessage() for record in caplog.records if "[MAINTENANCE] Session" in record.getMessage()
    ]
    assert len(lines) == 1001
    assert lines[-1] == '[MAINTENANCE] Sessions invalidated: more="200" reason="session_invalidation"'
