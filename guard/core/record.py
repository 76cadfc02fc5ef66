"""The guard state as text: what Redis holds and pub/sub carries, and how it is signed.

The text is canonical JSON (sorted keys, no spaces, ASCII), so one state has one text. With a key,
`mac` is HMAC-SHA256 over all other fields; a record whose mac does not fit is not a state.
Reading is strict: an unknown field, a wrong type or a value out of range makes the whole record
invalid, because a gate must never open on something half understood.
"""

from __future__ import annotations

import hmac
import json
from hashlib import sha256
from typing import Any

from guard.core.generation import Generation
from guard.core.modes import Mode, Phase
from guard.core.state import GuardState
from guard.core.terms import Terms
from guard.errors import StateInvalid

__all__ = ["read_record", "require_consistent", "write_record"]

_FIELDS: dict[str, tuple[type, ...]] = {
    "epoch": (int,),
    "phase": (str,),
    "mode": (str, type(None)),
    "window_id": (str,),
    "reason": (str,),
    "by": (str,),
    "started_at": (int, float, type(None)),
    "duration": (int, type(None)),
    "changed_at": (int, float),
    "store_id": (str,),
    "terms": (dict,),
    "generation": (dict,),
}
_LONGEST_RECORD = 32_768
_LATEST = 253_402_300_800
"""The year 10000, where calendars end."""


def write_record(state: GuardState, key: bytes | None) -> str:
    """The text of a state, signed when there is a key."""
    fields: dict[str, Any] = {
        "epoch": state.epoch,
        "phase": state.phase.value,
        "mode": state.mode.value if state.mode else None,
        "window_id": state.window_id,
        "reason": state.reason,
        "by": state.by,
        "started_at": state.started_at,
        "duration": state.duration,
        "changed_at": state.changed_at,
        "store_id": state.store_id,
        "terms": state.terms.to_dict(),
        "generation": state.generation.to_dict(),
    }
    fields["mac"] = _mac(fields, key)
    return _canonical(fields)


def read_record(text: str | bytes, key: bytes | None) -> GuardState:
    """The state that a text says.

    Raises:
        StateInvalid: it is no record, or the key does not fit. The message never quotes the record:
            a reason may be private and a forged record should not reach a log.
    """
    if len(text) > _LONGEST_RECORD:
        raise StateInvalid(f"the guard record is {len(text)} bytes long, more than {_LONGEST_RECORD}")
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StateInvalid("the guard record is not JSON") from error
    if not isinstance(fields, dict):
        raise StateInvalid("the guard record is not a JSON object")
    mac = fields.pop("mac", None)
    if key is not None and not _fits(mac, fields, key):
        raise StateInvalid(
            "the guard record is not signed with GUARD_SECRET_KEY: forged, or this process has another key"
        )
    _check_types(fields)
    state = _state(fields)
    require_consistent(state)
    if isinstance(text, bytes):
        text = text.decode("ascii", "replace")
    if text != _canonical({**fields, "mac": mac}):
        raise StateInvalid("the guard record is not in its canonical form")
    return state


def require_consistent(state: GuardState) -> None:
    """Check what the types do not say: ranges, and that phase and mode fit.

    Raises:
        StateInvalid: naming the first thing that is wrong.
    """
    times = {"changed_at": state.changed_at, "started_at": state.started_at}
    for name, moment in times.items():
        if moment is not None and not 0 <= moment < _LATEST:
            raise StateInvalid(f"the guard record's {name} is out of range")
    if state.duration is not None and not 0 < state.duration < 2**31:
        raise StateInvalid("the guard record's duration is out of range")
    if not 0 <= state.epoch < 2**63:
        raise StateInvalid("the guard record's epoch is out of range")
    if (state.phase is Phase.INACTIVE) != (state.mode is None):
        raise StateInvalid("the guard record's phase and mode contradict each other")


def _check_types(fields: dict[str, Any]) -> None:
    if fields.keys() != _FIELDS.keys():
        wrong = sorted(str(name)[:40] for name in fields.keys() ^ _FIELDS.keys())
        raise StateInvalid(f"the guard record has missing or unknown fields: {', '.join(wrong[:5])}")
    for name, types in _FIELDS.items():
        value = fields[name]
        if isinstance(value, bool) or not isinstance(value, types):
            raise StateInvalid(f"the guard record's {name} is a {type(value).__name__}")


def _state(fields: dict[str, Any]) -> GuardState:
    try:
        mode = Mode(fields["mode"]) if fields["mode"] is not None else None
        terms = Terms.from_dict(fields["terms"])
        generation = Generation.from_dict(fields["generation"])
        read = {"phase": Phase(fields["phase"]), "mode": mode, "terms": terms, "generation": generation}
        return GuardState(**{**fields, **read})
    except ValueError as error:
        raise StateInvalid("the guard record's phase or mode is unknown") from error


def _fits(mac: object, fields: dict[str, Any], key: bytes) -> bool:
    return (
        isinstance(mac, str)
        and mac.isascii()
        and hmac.compare_digest(mac.encode(), _mac(fields, key).encode())
    )


def _mac(fields: dict[str, Any], key: bytes | None) -> str:
    if key is None:
        return ""
    return hmac.new(key, _canonical(fields).encode(), sha256).hexdigest()


def _canonical(fields: dict[str, Any]) -> str:
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
