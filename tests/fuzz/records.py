"""Guard records to begin with, and a second opinion on what a text says: written apart from the guard's reader."""

from __future__ import annotations

import hmac
import json
from dataclasses import replace
from hashlib import sha256
from typing import Any

from guard.core.generation import Generation, SessionPolicy
from guard.core.modes import Mode, Phase
from guard.core.record import write_record
from guard.core.scope import Scope
from guard.core.state import GuardState
from guard.core.terms import AtDeadline, Terms

__all__ = ["CLOSED", "KEY", "OPEN_AGAIN", "STATES", "is_signed", "says_open"]

KEY = b"a key of sixteen"
STORE = "0b51c9a2-6f4e-4c87-b111-8f5b1a3e2d10"
FIRST = GuardState.first(STORE, 1_700_000_000.0)
CLOSED = replace(
    FIRST,
    epoch=41,
    phase=Phase.ACTIVE,
    mode=Mode.NORMAL,
    window_id="5d2a2c5e-3b8b-4f7b-9d0d-5f2a2b1c7e11",
    reason="Déménagement",
    by="ops",
    started_at=1_700_000_100.5,
    duration=3600,
    changed_at=1_700_000_101.25,
    generation=Generation(number=3, valid_after=1_700_000_100.0),
)
"""What the durable store says in all these runs: a window is open, jobs may not start."""
EMERGENCY = replace(CLOSED, epoch=42, mode=Mode.EMERGENCY, phase=Phase.CLOSING)
NARROW = replace(
    CLOSED,
    terms=Terms(
        grace=30,
        drain_within=600,
        at_deadline=AtDeadline.ESCALATE,
        verify=True,
        sessions=SessionPolicy.KEEP,
        scope=Scope(operations=("caption_generation",), queues=("images",), crossing=1_700_009_000.0),
        notify=False,
    ),
)
REHEARSAL = replace(CLOSED, epoch=43, mode=Mode.TEST)
RELEASING = replace(CLOSED, epoch=44, phase=Phase.RELEASING)
OPEN_AGAIN = replace(FIRST, epoch=45, changed_at=1_700_000_900.0, window_id=CLOSED.window_id, by="ops")
STATES = (FIRST, CLOSED, EMERGENCY, NARROW, REHEARSAL, RELEASING, OPEN_AGAIN)


def fields_of(state: GuardState, key: bytes | None) -> dict[str, Any]:
    """The fields of a state's record."""
    fields: dict[str, Any] = json.loads(write_record(state, key))
    return fields


def says_open(text: str | bytes) -> bool:
    """Whether a text says, in so many words, that guarded jobs may start: no window, a release, or a window in
    test mode."""
    try:
        said = json.loads(text)
        phase, mode = said["phase"], said["mode"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return False
    if phase == "inactive":
        return mode is None
    return (phase == "releasing" and mode in {"normal", "emergency", "test"}) or (
        mode == "test" and phase in {"closing", "draining", "active", "verifying"}
    )


def is_signed(text: str | bytes, key: bytes) -> bool:
    """Whether the mac in a text is right for the rest of it, worked out from the text alone."""
    try:
        said = json.loads(text)
        mac = said.pop("mac")
        body = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return False
    return bool(mac == hmac.new(key, body, sha256).hexdigest())
