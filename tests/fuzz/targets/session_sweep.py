"""A whole sweep over a Redis in which others have written, with the application's users in SQLite.

Three sessions are always there, beside the strange ones: an admin's, a user's of before, a user's of now.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from guard.core.generation import Generation
from guard.core.sessions import GENERATION_FIELD, read_session
from tests.contracts.site import Site, site_on
from tests.fuzz.records import CLOSED as STATE
from tests.fuzz.strange import damaged, odd_texts
from tests.fuzz.target import Target
from tests.support.application import ADMIN, ALICE, INDEX, PREFIX, RETIRED, USER_SETS, iso

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fuzz.target import Check, Place

_ids = st.sampled_from([ADMIN, ALICE, RETIRED, 99, "1", "2", None, True, 2**70, "x"])
_RIGHT = {"user_id": ADMIN, "created_at": "2020-01-01T00:00:00", "guard_generation": 0}
_payloads = st.builds(
    lambda right, user: json.dumps({**right, "user_id": user}).encode(), damaged(_RIGHT), _ids
) | st.binary(max_size=30)
_names = (odd_texts | st.sampled_from(["one", "two"])).map(
    lambda text: text.encode("utf-8", "surrogatepass")[:200]
)
_others = st.one_of(
    st.tuples(st.just("text"), _payloads),
    st.tuples(
        st.just("hash"),
        st.dictionaries(
            st.sampled_from([b"user_id", b"created_at", b"guard_generation"]),
            _payloads | st.sampled_from([b"1", b"2", b""]),
            min_size=1,
        ),
    ),
    st.tuples(st.sampled_from(["list", "set", "zset", "stream"]), st.just(b"")),
)


_MADE_BY = {"list": ("RPUSH",), "set": ("SADD",), "zset": ("ZADD",), "stream": ("XADD",)}
_ARGUMENTS = {"list": ("x",), "set": ("x",), "zset": ("1", "x"), "stream": ("*", "x", "y")}


@contextmanager
def _ready(place: Place) -> Iterator[Check]:
    with site_on(place.valkey, f"sqlite:///{place.folder / 'site.db'}", guard_session_batch=10) as site:
        yield lambda case: _sweep(site, case)


def _write(site: Site, case: dict[str, Any], now: float) -> Any:
    client = site.guard._parts.sessions.doers.keys._client  # gives bytes
    for key in client.scan_iter(match=PREFIX + "*"):
        client.delete(key)
    client.delete(INDEX)
    for name, (kind, value) in case["keys"]:
        key = PREFIX.encode() + bytes(name)
        if kind == "text":
            client.set(key, value)
        elif kind == "hash":
            client.hset(key, mapping={bytes(field): bytes(text) for field, text in dict(value).items()})
        elif not client.exists(key):
            client.execute_command(*_MADE_BY[kind], key, *_ARGUMENTS[kind])
    for name, user, number in (("-admin", ADMIN, 0), ("-before", ALICE, 0), ("-now", ALICE, 7)):
        client.set(
            PREFIX + name,
            json.dumps({"user_id": user, "created_at": iso(now - 60), GENERATION_FIELD: number}),
        )
    if case["index"]:
        client.sadd(INDEX, *(bytes(name) for name, _ in case["keys"]), b"gone")
        client.set(f"{USER_SETS}{ALICE}", b"no set")
    return client


def _is_endless_admins(raw: bytes) -> bool:
    read = read_session(raw)
    return read.user_id == ADMIN and read.created_at is None and read.expires_at is None


def _sweep(site: Site, case: dict[str, Any]) -> str:
    cleaning = site.guard._parts.sessions.cleaning
    now = site.guard._parts.stores.clock.wall()
    client = _write(site, case, now)
    done = cleaning.sweep(STATE, generation=Generation(number=7, valid_after=now))
    left = {key[len(PREFIX) :] for key in client.scan_iter(match=PREFIX + "*")}
    assert b"-admin" in left, "an admin's session was ended"
    assert b"-now" in left, "a session of now was ended"
    assert b"-before" not in left, "a session of before was not ended, because of strange ones"
    # An admin's who does not say when it was made is none that could be over.
    kept = {
        bytes(name)
        for name, (kind, value) in case["keys"]
        if kind == "text" and _is_endless_admins(bytes(value))
    }
    assert kept <= left, "an admin's session was ended"
    gone = 3 + len(case["keys"]) - len(left)
    assert gone == done.expired + done.ended, f"{gone} are gone, {done.expired + done.ended} were counted"
    return f"{min(done.ended, 4)} ended, {min(done.unreadable, 3)} unreadable, {min(done.foreign, 3)} foreign, {len(done.problems)} problems"


TARGET = Target(
    name="session_sweep",
    promise="a sweep ends what it should and nothing else, and counts exactly that, whatever lies beside it",
    cases=st.fixed_dictionaries(
        {
            "keys": st.lists(st.tuples(_names, _others), max_size=6, unique_by=lambda one: one[0]),
            "index": st.booleans(),
        }
    ),
    ready=_ready,
    seeds=[
        {"keys": [], "index": False},
        {"keys": [[b"a", ["text", b"\xff"]], [b"b", ["list", b""]]], "index": True},
    ],
    few=60,
)
