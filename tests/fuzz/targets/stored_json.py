"""JSON that the guard keeps in Redis and SQL and reads again: what others may have written in its place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from guard.core.agents import AgentCard, AgentReport, RunningJob
from guard.core.audit_chain import Head
from guard.core.bypass import BypassUse
from guard.core.finishing import FinishingStep
from guard.core.found import Found
from guard.core.generation import Generation
from guard.core.holding import Holding
from guard.core.ledger import LedgerEntry, LostJob
from guard.core.modes import Mode, Phase
from guard.core.occurrence import Occurrence
from guard.core.outcome import Ended, JobOutcome, Went
from guard.core.plain import read_json
from guard.core.planned import Plan
from guard.core.planning import PlanRequest, check_plan
from guard.core.readings import Memory
from guard.errors import StateInvalid
from guard.store.redis.bypasses import _counts
from guard.store.redis.codec import card_of, card_text, report_of, report_text
from guard.store.redis.ledger import _entry, _lost
from guard.store.redis.outcomes import _outcome_of
from guard.store.redis.watched import _memory
from tests.fuzz.strange import any_json, as_text, damaged, damaged_bytes, odd_texts
from tests.fuzz.target import Target, on_nothing, words_of

if TYPE_CHECKING:
    from collections.abc import Callable

_ENTRY = LedgerEntry(
    task_id="t", task="x.y", operation="job_creation", queue="q", publication="p", accepted_at=1.5
)
_PLAN = check_plan(
    PlanRequest(
        name="weekly",
        reason="upgrade",
        by="ops",
        at="2025-01-05 02:00",
        zone="Europe/Berlin",
        every="FREQ=WEEKLY",
        duration=3600,
    ),
    now=1_700_000_000.0,
)
_OCCURRENCE = Occurrence(
    schedule_id="s", starts_at=1.0, given=(60,), said=("late",), wants=Holding(mode=Mode.NORMAL, reason="upgrade")
)
_OUTCOME = JobOutcome(
    attempt="a", window_id="w", task_id="t", task="x.y", operation="job_creation", worker="celery@one", pid=7,
    asked_at=1.0, ended_at=2.0, outcome=Ended.KILLED, went=Went.REQUEUED,
)  # fmt: skip


def _finishing(text: str) -> FinishingStep:
    try:
        return FinishingStep.from_dict(read_json(text))
    except (ValueError, TypeError) as error:  # as its store does
        raise StateInvalid("malformed") from error


def _found(text: str) -> Found:
    return Found.from_dict(read_json(text))


def _plan(text: str) -> Plan:
    return Plan.from_dict(read_json(text))


def _occurrence(text: str) -> Occurrence:
    return Occurrence.from_row(
        schedule_id="s", starts_at=1.0, stage="open", window_id="w", changed_at=2.0, detail=read_json(text)
    )


READERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "card": (
        card_of,
        card_text(AgentCard(agent_id="a", role="worker", node="n", host="h", pid=1, queues=("q",))),
    ),
    "report": (
        report_of,
        report_text(
            AgentReport(running=(RunningJob(task_id="t", task="x", since=1.0),), queues=("q",), reserved=1)
        ),
    ),
    "ledger": (_entry, json.dumps(_ENTRY.to_dict())),
    "lost": (_lost, json.dumps(LostJob(entry=_ENTRY, found_at=2.0).to_dict())),
    "outcome": (_outcome_of, json.dumps(_OUTCOME.to_dict())),
    "memory": (_memory, json.dumps(Memory(at=1.0, value=2.0, counts=(1.0, 2.0)).to_dict())),
    "finishing": (
        _finishing,
        json.dumps(FinishingStep(token="k", task_id="t", task="x", queue="q", since=1.0).to_dict()),
    ),
    "use": (
        lambda text: _counts({text: "1", "x": text}),
        BypassUse(bypass_id="b", holder="h", by="o", user="", operation="job_creation").to_text(),
    ),
    "head": (Head.of_text, Head(number=5, link="plain:x", seal="y").to_text()),
    "found": (
        _found,
        json.dumps(
            Found(at=1.0, epoch=2, phase=Phase.INACTIVE, mode=None, generation=Generation()).to_dict()
        ),
    ),
    "plan": (_plan, json.dumps(_PLAN.to_dict())),
    "occurrence": (_occurrence, json.dumps(_OCCURRENCE.detail())),
}
"""How each is read, and what a right one looks like."""
_FIELDS = {name: json.loads(text) for name, (_, text) in READERS.items() if text.startswith("{")}


@st.composite
def _cases(draw: st.DrawFn) -> dict[str, str]:
    name = draw(st.sampled_from(sorted(READERS)))
    how = draw(st.sampled_from(["fields", "fields", "fields", "bytes", "json", "odd"]))
    if how == "fields" and name in _FIELDS:
        text = draw(damaged(_FIELDS[name]).flatmap(as_text))
    elif how == "json":
        text = draw(any_json.flatmap(as_text))
    elif how == "odd":
        text = draw(odd_texts)
    else:
        text = draw(damaged_bytes(READERS[name][1].encode())).decode("utf-8", "replace")
    return {"reader": name, "text": text}


def check(case: dict[str, str]) -> str:
    name = case["reader"]
    try:
        read = READERS[name][0](case["text"])
    except StateInvalid as error:
        return f"{name}: {words_of(error)}"[:50]
    except ValueError as error:
        assert name in {"found", "plan", "occurrence"}, error  # no JSON: their stores say so
        return f"{name}: no JSON"
    assert _is_whole(read), f"a part of a {name} is of another type than its reader says"
    return f"{name}: {'nothing' if read is None else 'read'}"


_TYPES = {
    "str": str, "int": int, "bool": bool, "float": (int, float), "float | None": (int, float, type(None)),
    "int | None": (int, type(None)),
}  # fmt: skip


def _is_whole(read: Any) -> bool:
    """Whether the plain fields of what was read are of the types that they are declared as."""
    if not hasattr(read, "__dataclass_fields__"):
        return True
    declared = type(read).__dataclass_fields__
    for name in declared:
        value = getattr(read, name)
        kind = _TYPES.get(str(declared[name].type))
        if (kind is not None and not isinstance(value, kind)) or not _is_whole(value):
            return False
    return True


def _of_bytes(raw: bytes) -> dict[str, str]:
    names = sorted(READERS)
    return {"reader": names[(raw[:1] or b"\0")[0] % len(names)], "text": raw[1:].decode("utf-8", "replace")}


TARGET = Target(
    name="stored_json",
    promise="what is read back is whole, each part of its type, or said to be malformed",
    cases=_cases(),
    ready=on_nothing(check),
    seeds=[{"reader": name, "text": text} for name, (_, text) in READERS.items()],
    of_bytes=_of_bytes,
    few=500,
)
