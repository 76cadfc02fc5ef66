"""The header of a parked job: what a reader of it, a release and an index make of it."""

from __future__ import annotations

import json
import time
from typing import Any

from hypothesis import strategies as st

from guard.core.expiry import ExpiryPolicy
from guard.core.parked import ParkedJob, kept_properties
from guard.core.release import Fate, rule
from guard.errors import InvalidRequest, StateInvalid
from guard.store.redis.parked import _parked_of, _parked_text
from tests.fuzz.messages import PARKED
from tests.fuzz.strange import any_json, as_text, damaged, odd_texts, odd_values
from tests.fuzz.target import Target, on_nothing, words_of

_MOMENTS = (
    "2026-01-01T00:00:00",
    "9999-12-31T23:59:59+00:00",
    "0001-01-01T00:00:00+14:00",
    "2026-01-01",
    "20260101T000000Z",
)
_changed = damaged(PARKED.to_header(), also=odd_values | st.sampled_from(_MOMENTS))


def check(case: dict[str, Any]) -> str:
    kept = kept_properties(case["properties"])
    try:
        job = ParkedJob.from_header(case["header"])
    except InvalidRequest as error:
        word = words_of(error)
    else:
        assert job.to_header() == dict(case["header"]), "a header is read as something else"
        word = _judge(job)
    for text in (case["text"], json.dumps(case["header"])):
        try:
            assert _parked_of(text).to_header() == json.loads(text)
        except StateInvalid:
            continue
    assert ParkedJob.from_header({**PARKED.to_header(), "properties": kept}).properties == kept
    return word


def _judge(job: ParkedJob) -> str:
    _parked_text(job)
    for policy in ExpiryPolicy:
        ruling = rule(job, known_tasks={job.task}, policy=policy, now=time.time())
        assert ruling.fate is not Fate.WAIT, "a job whose task is known waits"
    assert rule(job, known_tasks=set(), policy=ExpiryPolicy.REPORT, now=time.time()).fate is Fate.WAIT
    return f"read: {ruling.fate.value}"


TARGET = Target(
    name="parked_header",
    promise="a header is a parked job's, with every field right, or malformed; never anything between",
    cases=st.fixed_dictionaries(
        {
            "header": _changed | any_json,
            "text": _changed.flatmap(as_text) | odd_texts,
            "properties": damaged({"priority": "5", "expiration": "60000", "timestamp": 1, "reply_to": "x"}),
        }
    ),
    ready=on_nothing(check),
    seeds=[{"header": PARKED.to_header(), "text": json.dumps(PARKED.to_header()), "properties": {}}],
    few=600,
)
