"""Sessions, read and judged."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from guard.core import changes
from guard.core.changes import WindowRequest
from guard.core.generation import Generation, SessionPolicy
from guard.core.modes import Gate, Phase
from guard.core.sessions import (
    GENERATION_FIELD,
    SESSION_FIELDS,
    FoundSession,
    Session,
    Verdict,
    has_expired,
    is_accepted,
    is_admin,
    judge,
    may_sign_in,
    moment_of,
    read_session,
    stamp_of,
)
from guard.core.state import GuardState
from tests.core.strategies import generations, json_values, many, moments, states

NOW = 1_800_000_000.0
ENDED = Generation(number=3, valid_after=NOW)
AT = "2026-11-21T04:47:52.778291+00:00"
AT_SECONDS = datetime(2026, 11, 21, 4, 47, 52, 778291, UTC).timestamp()
LIFETIME = 7200


class UserRole(Enum):
    """As the application has it."""

    ADMIN = "admin"
    VIEWER = "viewer"


HEAD = {"user_id": 2, "platform_connection_id": None, "created_at": AT, "session_id": "3de9307f"}


@pytest.mark.parametrize(
    ("raw", "session"),
    [
        (json.dumps(HEAD), Session(user_id=2, created_at=AT_SECONDS)),
        (json.dumps(HEAD).encode(), Session(user_id=2, created_at=AT_SECONDS)),
        (json.dumps(HEAD | {"user_id": "2"}), Session(user_id=2, created_at=AT_SECONDS)),
        (json.dumps(HEAD | {GENERATION_FIELD: 7}), Session(user_id=2, created_at=AT_SECONDS, number=7)),
        (json.dumps(HEAD | {GENERATION_FIELD: "x"}), Session(user_id=2, created_at=AT_SECONDS, number=-1)),
        (json.dumps(HEAD | {"user_id": True}), Session(created_at=AT_SECONDS)),
        (json.dumps(HEAD | {"user_id": 2.0}), Session(created_at=AT_SECONDS)),
        (json.dumps(HEAD | {"user_id": -2}), Session(created_at=AT_SECONDS)),
        (json.dumps(HEAD | {"user_id": 2**63}), Session(created_at=AT_SECONDS)),
        ('{"user_id": 2}', Session(user_id=2)),
        ('{"user_id": 2, "created_at": NaN}', Session(user_id=2)),
        ("{'user_id': 2}", Session()),
        ("[2]", Session()),
        ("", Session()),
        (b"\x80\x81", Session()),
        (json.dumps(HEAD).encode("utf-16"), Session()),
        ("[" * 5000, Session()),
        (json.dumps(HEAD | {"x": "y" * 70_000}), Session()),
        (
            {b"user_id": b"2", b"created_at": AT.encode(), b"expires_at": AT.encode(), b"role": b"admin"},
            Session(user_id=2, created_at=AT_SECONDS, expires_at=AT_SECONDS),
        ),
        ({"user_id": b"2", "created_at": b"", "expires_at": None, GENERATION_FIELD: b""}, Session(user_id=2)),
        ({"user_id": b"\xff", GENERATION_FIELD: b"4"}, Session(number=4)),
        ({}, Session()),
    ],
)  # fmt: skip
def test_a_payload_is_read_as_it_is_found(raw: object, session: Session) -> None:
    assert read_session(raw) == session  # type: ignore[arg-type]


@given(json_values | st.binary(max_size=40) | st.dictionaries(st.text(max_size=5), json_values, max_size=3))
@many
def test_no_payload_stumbles_the_reader(raw: object) -> None:
    text = raw if isinstance(raw, bytes) else json.dumps(raw)
    session = read_session(text)
    assert session.user_id is None or session.user_id >= 0
    if isinstance(raw, dict):
        read_session(raw)


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        (AT, AT_SECONDS),
        ("2026-11-21T04:47:52.778291Z", AT_SECONDS),
        ("2026-11-21 04:47:52.778291", AT_SECONDS),
        ("2026-11-21T05:47:52.778291+01:00", AT_SECONDS),
        (datetime(2026, 11, 21, 4, 47, 52, 778291), AT_SECONDS),  # noqa: DTZ001 - as the application's models give it
        (datetime(2026, 11, 21, 5, 47, 52, 778291, timezone(timedelta(hours=1))), AT_SECONDS),
        (AT_SECONDS, AT_SECONDS),
        (str(AT_SECONDS), AT_SECONDS),
        ("1800000000", 1_800_000_000.0),
        ("20261121", datetime(2026, 11, 21, tzinfo=UTC).timestamp()),
        (0, 0.0),
        ("yesterday", None),
        ("", None),
        ("0001-01-01T00:00:00", None),
        (-1, None),
        (1e300, None),
        (float("nan"), None),
        (True, None),
        (None, None),
        ([], None),
    ],
)  # fmt: skip
def test_moments(raw: object, seconds: float | None) -> None:
    assert moment_of(raw) == seconds


@pytest.mark.parametrize(
    ("raw", "number"),
    [(None, None), ("", None), (0, 0), ("7", 7), (7, 7), (True, -1), (-7, -1), ("x", -1), (2**63, -1)],
)  # fmt: skip
def test_stamps(raw: object, number: int | None) -> None:
    assert stamp_of(raw) == number


@pytest.mark.parametrize("role", ["ADMIN", "admin", " Admin ", UserRole.ADMIN])
def test_admins(role: object) -> None:
    assert is_admin(role)


@pytest.mark.parametrize(
    "role", ["", None, "administrator", "MODERATOR", UserRole.VIEWER, 1, True, "admin,viewer"]
)
def test_others_are_no_admins(role: object) -> None:
    assert not is_admin(role)


@pytest.mark.parametrize(
    ("number", "created_at", "accepted"),
    [
        (3, None, True),
        (4, None, True),
        (2, None, False),
        (2, NOW + 1, False),
        (3, NOW - 1, True),
        (-1, NOW + 1, False),
        (None, NOW + 0.001, True),
        (None, NOW, False),
        (None, NOW - 1, False),
        (None, None, False),
    ],
)
def test_accepted_by_number_or_else_by_time(
    number: int | None, created_at: float | None, accepted: bool
) -> None:
    assert is_accepted(ENDED, number=number, created_at=created_at) is accepted
    assert is_accepted(ENDED, number=number, created_at=created_at, admin=True)
    assert is_accepted(Generation(), number=number, created_at=created_at), "never invalidated"


numbers = st.none() | st.integers(min_value=-1, max_value=1000)
times = st.none() | moments


@given(generations, numbers, times, moments)
@many
def test_what_was_refused_once_is_never_accepted_again(
    generation: Generation, number: int | None, created_at: float | None, later: float
) -> None:
    if not is_accepted(generation, number=number, created_at=created_at):
        assert not is_accepted(generation.next(later), number=number, created_at=created_at)


@given(generations, times, moments)
@many
def test_invalidating_ends_every_session_made_before_it(
    generation: Generation, created_at: float | None, now: float
) -> None:
    after = generation.next(now)
    assert not is_accepted(after, number=generation.number, created_at=created_at)
    if created_at is None or created_at <= now:
        assert not is_accepted(after, number=None, created_at=created_at)
    assert is_accepted(after, number=after.number, created_at=created_at)


sessions = st.builds(
    Session,
    user_id=st.none() | st.integers(min_value=0, max_value=5),
    created_at=times,
    expires_at=times,
    number=numbers,
)
role_books = st.dictionaries(
    st.integers(min_value=0, max_value=5), st.sampled_from([None, "", "ADMIN", "VIEWER"]), max_size=6
)


@given(sessions, generations, role_books, moments)
@example(Session(user_id=1, created_at=5.0), ENDED, {1: "ADMIN"}, 6.0)
@many
def test_a_verdict_follows_from_the_rules(
    session: Session, generation: Generation, roles: dict[int, str | None], now: float
) -> None:
    verdict = judge(session, generation=generation, roles=roles, now=now, lifetime=LIFETIME)
    accepted = is_accepted(generation, number=session.number, created_at=session.created_at)
    role = roles.get(session.user_id) if session.user_id is not None else None
    known = session.user_id is None or session.user_id in roles
    if has_expired(session, now=now, lifetime=LIFETIME):
        assert verdict is Verdict.EXPIRED
    elif accepted:
        assert verdict is Verdict.ACCEPTED
    else:
        # an admin is kept, and so is one who might be one
        assert verdict.deletes is (known and role != "ADMIN")


@given(sessions, generations, role_books, moments, moments)
@many
def test_a_session_that_is_deleted_would_be_deleted_by_every_later_pass(
    session: Session, generation: Generation, roles: dict[int, str | None], now: float, later: float
) -> None:
    if judge(session, generation=generation, roles=roles, now=now, lifetime=LIFETIME).deletes:
        again = judge(
            session, generation=generation.next(later), roles=roles, now=now + later, lifetime=LIFETIME
        )
        assert again.deletes


@pytest.mark.parametrize(
    ("session", "expired"),
    [
        (Session(created_at=NOW - LIFETIME), True),
        (Session(created_at=NOW - LIFETIME + 1), False),
        (Session(created_at=NOW - LIFETIME - 1, expires_at=NOW + 1), False),
        (Session(created_at=NOW, expires_at=NOW), True),
        (Session(created_at=NOW + 999), False),
        (Session(), False),
    ],
)
def test_age_is_the_payloads(session: Session, expired: bool) -> None:
    assert has_expired(session, now=NOW, lifetime=LIFETIME) is expired


# -- sign-in -------------------------------------------------------------------------------------


def window(mode: str, sessions: str | None) -> GuardState:
    request = WindowRequest.check(mode=mode, reason="x", duration=60, by="x", sessions=sessions)
    return changes.close(GuardState.first("s", NOW), request, window_id="w", now=NOW)


@pytest.mark.parametrize(
    ("mode", "sessions", "allowed"),
    [
        ("normal", "invalidate", False),
        ("emergency", "invalidate", False),
        ("test", "invalidate", True),
        ("normal", "keep", True),
        ("emergency", "keep", True),
        ("normal", None, True),
    ],
)
def test_a_window_that_ends_sessions_lets_admins_alone_sign_in(
    mode: str, sessions: str | None, allowed: bool
) -> None:
    state = window(mode, sessions)
    assert may_sign_in("VIEWER", state) is allowed
    assert may_sign_in("ADMIN", state)


def test_nobody_but_admins_while_nobody_knows() -> None:
    assert may_sign_in("ADMIN", None)
    assert may_sign_in("MODERATOR", None) is False


def test_sign_in_is_barred_exactly_as_long_as_the_window_lasts() -> None:
    state = window("normal", "invalidate")
    for after in (
        changes.confirm(state, now=NOW),
        changes.drained(changes.confirm(state, now=NOW), now=NOW),
        changes.change(state, by="x", now=NOW, mode="emergency"),
        changes.invalidate_sessions(state, by="x", now=NOW),
    ):
        assert not may_sign_in(None, after)
    released = changes.release(state, by="x", now=NOW)
    assert may_sign_in(None, released)
    assert may_sign_in(None, changes.finish_release(released, now=NOW))
    allowed = changes.change(state, by="x", now=NOW, sessions="keep")
    assert may_sign_in(None, allowed)
    assert allowed.generation == state.generation, "sessions that were ended stay ended"


@given(states())
@many
def test_only_a_closed_gate_bars_sign_in(state: GuardState) -> None:
    barred = not may_sign_in("VIEWER", state)
    assert may_sign_in("ADMIN", state)
    if barred:
        assert state.gate in {Gate.NORMAL, Gate.EMERGENCY}
        assert state.phase not in {Phase.INACTIVE, Phase.RELEASING}
    kept = replace(state, terms=replace(state.terms, sessions=SessionPolicy.KEEP))
    assert may_sign_in("VIEWER", kept)


def test_words_and_what_deletes() -> None:
    assert [(verdict.value, verdict.deletes) for verdict in Verdict] == [
        ("accepted", False),
        ("admin", False),
        ("expired", True),
        ("ended", True),
        ("unreadable", True),
        ("unknown", False),
    ]
    assert GENERATION_FIELD == "guard_generation"
    assert SESSION_FIELDS == ("user_id", "created_at", "expires_at", "guard_generation")
    assert FoundSession(key=b"k", session_id="i", session=Session()).is_hash is False
    assert Session() == Session(user_id=None, created_at=None, expires_at=None, number=None)


@pytest.mark.parametrize(
    ("session", "roles", "verdict"),
    [
        (Session(created_at=NOW - LIFETIME - 1), {}, "expired"),
        (Session(user_id=1, number=3), {}, "accepted"),
        (Session(number=2), {}, "unreadable"),
        (Session(user_id=1, number=2), {}, "unknown"),
        (Session(user_id=1, number=2), {2: "ADMIN"}, "unknown"),
        (Session(user_id=1, number=2), {1: "ADMIN"}, "admin"),
        (Session(user_id=1, number=2), {1: "VIEWER"}, "ended"),
        (Session(user_id=1, number=2), {1: None}, "ended"),
        (Session(user_id=0, number=2), {0: "ADMIN"}, "admin"),
    ],
)
def test_each_verdict(session: Session, roles: dict[int, str | None], verdict: str) -> None:
    assert judge(session, generation=ENDED, roles=roles, now=NOW, lifetime=LIFETIME).value == verdict


def test_a_generation_that_has_no_time_accepts_what_carries_no_number() -> None:
    generation = Generation(number=1, valid_after=None)
    assert is_accepted(generation, number=None, created_at=None)
    assert not is_accepted(generation, number=0, created_at=None)


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        ("123456789", 123_456_789.0),
        ("123456789.5", 123_456_789.5),
        (" 123456789 ", 123_456_789.0),
        ("123456789.x", None),
        ("123456789.", 123_456_789.0),
        ("12345678", None),
        ("1234-1234567", None),
        ("\u0661" * 10, None),
        (" 2026-11-21T04:47:52.778291 ", AT_SECONDS),
        ("1970-01-01T00:00:00+00:00", 0.0),
        (253_402_300_799, 253_402_300_799.0),
        (253_402_300_800, None),
        (float("inf"), None),
        (10**400, None),
        (False, None),
    ],
)
def test_moments_at_their_edges(raw: object, seconds: float | None) -> None:
    assert moment_of(raw) == seconds


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        (2**63 - 1, 2**63 - 1), ("0", 0), (" 7 ", 7), ("9" * 19, -1), ("1" * 19, 1_111_111_111_111_111_111),
        ("1" * 20, -1), ("0" * 18 + "7", 7), ("0" * 19 + "7", -1), ("\u00b2", -1), (7.0, -1), (b"7", -1),
    ],
)  # fmt: skip
def test_stamps_at_their_edges(raw: object, number: int) -> None:
    assert stamp_of(raw) == number


def test_users_at_their_edges() -> None:
    assert read_session({"user_id": 0}).user_id == 0
    assert read_session({"user_id": 2**63 - 1}).user_id == 2**63 - 1
    assert read_session({"user_id": "x"}).user_id is None


def test_the_longest_payload_that_is_read() -> None:
    empty = '{"user_id": 2, "x": ""}'
    for more, user_id in ((0, 2), (1, None)):
        text = empty.replace('""', f'"{"y" * (65_536 - len(empty) + more)}"')
        assert read_session(text).user_id == user_id


def test_a_moment_without_a_zone_is_utc_wherever_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        monkeypatch.setenv("TZ", "Asia/Kathmandu")
        time.tzset()
        assert moment_of("2026-11-21 04:47:52.778291") == AT_SECONDS
    finally:
        monkeypatch.undo()
        time.tzset()
