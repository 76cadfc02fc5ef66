"""Records as text, from a reader up to the gate.

A case is `text` (bytes), whether this process has a key, and whether the text comes by the wake-up channel.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from guard.core.record import read_record, write_record
from guard.errors import StateInvalid
from tests.fuzz.gatehouse import Gatehouse
from tests.fuzz.records import CLOSED, KEY, STATES, fields_of, is_signed, says_open
from tests.fuzz.strange import as_text, damaged, damaged_bytes, odd_values
from tests.fuzz.target import Target, on_nothing, words_of

_PHASES = st.sampled_from(
    ["inactive", "releasing", "active", "open", None, "INACTIVE", "normal", "test", "emergency"]
)
_SIGNED = [write_record(state, KEY).encode() for state in STATES]
_UNSIGNED = [write_record(state, None).encode() for state in STATES]


@st.composite
def _texts(draw: st.DrawFn) -> bytes:
    state = draw(st.sampled_from(STATES))
    key = draw(st.sampled_from([KEY, KEY, None, b"another key of 16"]))
    how = draw(st.sampled_from(["fields", "fields", "bytes", "canonical", "splice", "right", "noise"]))
    if how == "fields":
        right = damaged(fields_of(state, key), also=_PHASES | odd_values)
        return draw(right.flatmap(as_text)).encode("utf-8", "surrogatepass")
    if how == "canonical":
        changed = draw(
            damaged({name: value for name, value in fields_of(state, key).items() if name != "mac"})
        )
        return draw(as_text({**changed, "mac": fields_of(state, key)["mac"]})).encode(
            "utf-8", "surrogatepass"
        )
    right = write_record(state, key).encode()
    if how == "bytes":
        return draw(
            damaged_bytes(right, pieces=(b'"phase":"inactive"', b'"mode":null', b'"phase":"releasing"'))
        )
    if how == "splice":
        other = write_record(draw(st.sampled_from(STATES)), KEY).encode()
        cut = draw(st.integers(0, min(len(right), len(other))))
        return right[:cut] + other[cut:]
    return right if how == "right" else draw(st.binary(max_size=200))


def check(case: dict[str, Any]) -> str:
    text, key = bytes(case["text"]), KEY if case["key"] else None
    house = Gatehouse(CLOSED, key)
    house.renew(lambda: CLOSED)
    assert not house.admits, "the house is open before anything was said"
    try:
        state = read_record(text, key)
    except StateInvalid as error:
        word = words_of(error)
    else:
        word = f"believed: {state.gate.name}"
        assert key is None or is_signed(text, key), "a text is believed that is not signed"
    if case["pushed"]:
        house.push(text.decode("utf-8", "surrogateescape"))
        assert not house.admits, "what was pushed has opened the gate"
        return f"pushed, {word}"
    house.renew(lambda: read_record(text, key))
    if house.admits:
        assert says_open(text), "the gate is open, and the text does not say so"
        assert key is None or is_signed(text, key), "the gate is open by a text that is not signed"
        assert state.store_id == CLOSED.store_id, "another installation has opened the gate"
        assert state.epoch >= CLOSED.epoch, "an older state has opened the gate"
        return f"open: {word}"
    return word


def _of_bytes(raw: bytes) -> dict[str, Any]:
    how = raw[0] if raw else 0
    return {"text": raw[1:], "key": bool(how & 1), "pushed": bool(how & 2)}


TARGET = Target(
    name="state_record",
    promise="a record is a state of ours, rightly signed, or none; nothing else opens a gate",
    cases=st.fixed_dictionaries(
        {"text": _texts(), "key": st.booleans(), "pushed": st.sampled_from([False, False, True])}
    ),
    ready=on_nothing(check),
    seeds=[
        {"text": text, "key": key, "pushed": pushed}
        for key in (True, False)
        for text in (*_SIGNED, *_UNSIGNED)
        for pushed in (False, True)
    ],
    of_bytes=_of_bytes,
    few=700,
)
