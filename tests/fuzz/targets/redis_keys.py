"""What Redis holds for the control plane, written by somebody else: read by the real one on a real server.

A case gives the value of each key: a hash (a mapping), a set (a list), a text (bytes), or nothing.
"""

from __future__ import annotations

from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from redis import Redis

from guard.core.agents import AgentCard, AgentReport, RunningJob
from guard.core.record import write_record
from guard.errors import StaleEpoch, StateInvalid, StoreError
from guard.store.redis.codec import card_text, report_text
from guard.store.redis.keys import Keys
from guard.store.redis.plane import RedisControlPlane
from tests.fuzz.gatehouse import Gatehouse
from tests.fuzz.records import CLOSED, KEY, STATES, is_signed, says_open
from tests.fuzz.strange import as_text, damaged, damaged_bytes, odd_texts
from tests.fuzz.target import Target, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fuzz.target import Check, Place

CARD = AgentCard(agent_id="a", role="worker", node="celery@one", host="one", pid=17, pool="prefork", slots=4)
REPORT = AgentReport(
    running=(RunningJob(task_id="t", task="x.y", since=1_700_000_000.0),), queues=("images",)
)
_KEYS = Keys("fuzz")
_PLACES = ("state", "agents", "seen", "acks", "reports", "registry", "waiting", "departed")
_RIGHT: dict[str, Any] = {
    "state": {"epoch": b"41", "record": write_record(CLOSED, KEY).encode()},
    "agents": {"a": card_text(CARD).encode()},
    "seen": {"a": b"1700000000000"},
    "acks": {"a": b"41"},
    "reports": {"a": report_text(REPORT).encode()},
    "registry": {"server": b"x", "born": b"1700000000000", "checked": b"1700000000000"},
    "waiting": [b"a"],
    "departed": {"b": b"1"},
}


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")


_plain = odd_texts.map(_bytes) | st.binary(max_size=20)


@st.composite
def _values(draw: st.DrawFn, name: str) -> Any:
    """What lies under one key."""
    how = draw(st.sampled_from(["right", "right", "right", "inner", "inner", "type", "field", "none"]))
    right = _RIGHT[name]
    if how == "none":
        return None
    if how == "type":
        return draw(st.sampled_from([{"x": b"y"}, [b"a"], b"text"]))
    if name == "state" and how == "inner":
        record = write_record(draw(st.sampled_from(STATES)), draw(st.sampled_from([KEY, None]))).encode()
        return {"epoch": draw(st.sampled_from([b"41", b"9" * 30, b"nan", b"-1", b"1e3", b""])), "record": draw(
            st.just(record) | damaged_bytes(record)
        )}  # fmt: skip
    if isinstance(right, dict) and how == "inner":
        field = draw(st.sampled_from(sorted(right)))
        text = right[field]
        if text.startswith(b"{"):
            import json

            text = _bytes(draw(damaged(json.loads(text)).flatmap(as_text)))
        else:
            text = draw(_plain)
        return {**right, field: text}
    if isinstance(right, dict) and how == "field":
        return {**right, draw(odd_texts.filter(bool)): draw(_plain)}
    return right


def _write(client: Redis, case: dict[str, Any]) -> None:
    client.flushdb()
    for name in _PLACES:
        value, key = case.get(name), getattr(_KEYS, name)
        if isinstance(value, dict) and value:
            client.hset(
                key,
                mapping={
                    _bytes(field) if isinstance(field, str) else field: text for field, text in value.items()
                },
            )
        elif isinstance(value, list) and value:
            client.sadd(key, *value)
        elif isinstance(value, bytes):
            client.set(key, value)


@contextmanager
def _ready(place: Place) -> Iterator[Check]:
    number = place.valkey.fresh_db()
    url = place.valkey.url(number)
    with closing(Redis.from_url(url)) as client:
        planes = {
            secret: RedisControlPlane(url, _KEYS, secret=secret, timeout=5.0, name="fuzz")
            for secret in (KEY, None)
        }

        def check(case: dict[str, Any]) -> str:
            _write(client, case)
            return _read_all(planes[KEY if case["key"] else None], KEY if case["key"] else None, case)

        try:
            yield check
        finally:
            for plane in planes.values():
                plane.close()


def _read_all(plane: RedisControlPlane, secret: bytes | None, case: dict[str, Any]) -> str:
    house = Gatehouse(CLOSED, secret)
    word = "read"
    try:
        plane.read()
    except StoreError as error:
        word = words_of(error)
    house.renew(lambda: plane.renew(CARD, REPORT, register=True).state)
    others_fit = all(isinstance(case.get(name), (type(_RIGHT[name]), type(None))) for name in _PLACES[1:])
    if others_fit:
        assert "did not do what was asked" not in house.agent.problem, "what others wrote stops every renewal"
    if house.admits:
        state = case.get("state")
        record = state.get("record", b"") if isinstance(state, dict) else b""
        assert says_open(record), "the gate is open, and nothing says so"
        assert secret is None or is_signed(record, secret), "the gate is open by what is not signed"
        word = "open"
    for ask in (plane.barrier, plane.roster, lambda: plane.departed("b")):
        with suppress(StoreError):
            ask()
    with suppress(StoreError):
        plane.acknowledge("a", 41, REPORT)
    with suppress(StoreError, StaleEpoch):
        plane.compare_and_set(41, replace(CLOSED, epoch=42))
    with suppress(StateInvalid):
        plane.overwrite(CLOSED)  # what `enable` does in the end: the next change mends what was there
        assert plane.read() == CLOSED, "a change does not mend what was there"
        return word
    assert not others_fit, "a change does not mend what was there"
    return f"not mended, {word}"


TARGET = Target(
    name="redis_keys",
    promise="whatever Redis holds is a state of ours, or an error of ours; no gate opens by it",
    cases=st.fixed_dictionaries({"key": st.booleans(), **{name: _values(name) for name in _PLACES}}),
    ready=_ready,
    seeds=[{"key": True, **_RIGHT}, {"key": False, **_RIGHT}, {"key": True}],
    few=150,
)
