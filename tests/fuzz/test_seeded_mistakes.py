"""Mistakes put into the guard on purpose: each must be found, or the fuzzing shows nothing."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from guard.core import record
from guard.core.modes import Phase
from guard.core.parked import ParkedJob
from guard.core.scope import EVERYTHING, Scope
from guard.fleet import parked_queue
from guard.gates import page_scope
from tests.fuzz.running import by_hypothesis
from tests.fuzz.target import Place
from tests.fuzz.targets import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.valkey import Valkey

SEED = 20_261_122
"""The same inputs each time: whether a mistake is found must not be a matter of luck."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


def found(name: str, inputs: int, valkey: Valkey) -> str:
    """What a run says that was found."""
    target = load(name)
    with Place(valkey) as place, target.ready(place) as check:
        outcomes = by_hypothesis(target, check, inputs, SEED)
    return "; ".join(one.said for one in outcomes.findings)


def test_no_signature_is_looked_at(monkeypatch: pytest.MonkeyPatch, valkey: Valkey) -> None:
    monkeypatch.setattr(record, "_fits", lambda *_: True)
    assert "not signed" in found("state_record", 300, valkey)


def test_a_missing_phase_counts_as_open(monkeypatch: pytest.MonkeyPatch, valkey: Valkey) -> None:
    """``.get("phase", "inactive")``: what was half understood opens the gate."""
    real = record._check_types

    def careless(fields: dict[str, Any]) -> None:
        if isinstance(fields, dict) and "phase" not in fields:
            fields.update(phase=Phase.INACTIVE.value, mode=None)
        real(fields)

    monkeypatch.setattr(record, "_check_types", careless)
    monkeypatch.setattr(record, "_canonical", json.dumps)
    monkeypatch.setattr(record, "_fits", lambda mac, *_: mac is not None)
    assert "AssertionError" in found("state_record", 1500, valkey)


def test_a_header_is_read_without_a_look(monkeypatch: pytest.MonkeyPatch, valkey: Valkey) -> None:
    """A KeyError of a reader that trusts its header ends the release of all jobs behind that message."""

    def trusting(headers: Any) -> tuple[ParkedJob | None, str]:
        raw = dict(headers["guard_parked"])
        raw.pop("version")
        return ParkedJob(**{name: raw[name] for name in ParkedJob.__dataclass_fields__}), ""

    monkeypatch.setattr(parked_queue, "_read", trusting)
    assert "KeyError" in found("parked_queue", 60, valkey)


def test_a_scope_is_read_without_a_look(monkeypatch: pytest.MonkeyPatch, valkey: Valkey) -> None:
    monkeypatch.setattr(
        page_scope, "_scope_of", lambda text: Scope.from_dict(json.loads(text)) if text else EVERYTHING
    )
    assert "page_scope" in found("shared_page", 200, valkey) or "scope" in found("shared_page", 200, valkey)
