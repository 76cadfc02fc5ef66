"""What lies in a session: text or the fields of a hash, of any application, and how it is judged."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from guard.core.generation import Generation
from guard.core.sessions import Session, Verdict, has_expired, is_accepted, is_admin, judge, read_session
from tests.fuzz.strange import any_json, as_text, damaged, damaged_bytes, odd_texts
from tests.fuzz.target import Target, on_nothing

NOW = 1_700_000_000.0
ADMIN, ALICE, GONE, UNASKED = 1, 2, 3, 4
_ROLES = {ADMIN: "ADMIN", ALICE: "REVIEWER", GONE: None}
_RIGHT = {
    "user_id": ADMIN,
    "created_at": "2023-11-14T22:00:00+00:00",
    "expires_at": None,
    "guard_generation": 2,
    "role": "admin",
}
_TEXT = json.dumps(_RIGHT).encode()
_ids = st.sampled_from(
    [ADMIN, ALICE, GONE, UNASKED, "1", " 1 ", "1.0", 1.0, True, "٣", "0x1", None, [1], 2**63, -1]
)
_payloads = st.one_of(
    damaged(_RIGHT).flatmap(as_text).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.builds(lambda right, user: json.dumps({**right, "user_id": user}).encode(), damaged(_RIGHT), _ids),
    damaged_bytes(_TEXT),
    any_json.flatmap(as_text).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.binary(max_size=40),
)
_hashes = st.dictionaries(
    st.sampled_from(["user_id", "created_at", "expires_at", "guard_generation", "x"]).map(str.encode)
    | st.binary(max_size=4),
    st.one_of(
        st.sampled_from(
            [b"1", b"2", b"", b"None", b"2023-11-14T22:00:00", b"1700000000", b"9" * 40, b"\xff"]
        ),
        odd_texts.map(lambda text: text.encode("utf-8", "surrogatepass")),
        st.none(),
    ),
    max_size=5,
)


def _really_an_admins(raw: Any) -> bool:
    """Whether a payload says, in so many words, that it is user 1's: written apart from the guard's reader."""
    if isinstance(raw, dict):
        user = raw.get(b"user_id")
        return user == b"1"
    try:
        fields = json.loads(raw.decode())
        return isinstance(fields, dict) and type(fields.get("user_id")) is int and fields["user_id"] == ADMIN
    except (ValueError, RecursionError, AttributeError):
        return False


def check(case: dict[str, Any]) -> str:
    raw = dict(case["payload"]) if isinstance(case["payload"], (dict, list)) else bytes(case["payload"])
    session = read_session(raw)
    assert isinstance(session, Session)
    assert session.user_id is None or (type(session.user_id) is int and 0 <= session.user_id < 2**63)
    for moment in (session.created_at, session.expires_at):
        assert moment is None or 0 <= moment < 253_402_300_800
    generation = Generation(number=case["number"], valid_after=NOW if case["number"] else None)
    verdict = judge(session, generation=generation, roles=_ROLES, now=NOW, lifetime=7200.0)
    if _really_an_admins(raw) and len(raw) <= 65_536:
        assert session.user_id == ADMIN, "an admin's session is not read as one"
        assert not verdict.deletes or has_expired(session, now=NOW, lifetime=7200.0), (
            "an admin's session ends by mistake"
        )
    if session.user_id == UNASKED:
        assert not verdict.deletes or verdict is Verdict.EXPIRED, (
            "a session is ended of somebody nobody could ask about"
        )
    if verdict is Verdict.ACCEPTED:
        assert is_accepted(generation, number=session.number, created_at=session.created_at)
    if verdict is Verdict.ADMIN:
        assert is_admin(_ROLES[session.user_id or 0])
    return f"{verdict.value}, {'of somebody' if session.user_id is not None else 'of nobody'}"


TARGET = Target(
    name="session_payload",
    promise="any payload is read, an admin's session is never ended by mistake, what nobody can read is said so",
    cases=st.fixed_dictionaries(
        {"payload": _payloads | _hashes.map(lambda one: list(one.items())), "number": st.integers(0, 3)}
    ),
    ready=on_nothing(check),
    seeds=[{"payload": _TEXT, "number": number} for number in (0, 2, 3)],
    of_bytes=lambda raw: {"payload": raw[1:], "number": (raw[:1] or b"\0")[0] % 4},
    few=800,
)
