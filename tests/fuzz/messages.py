"""Messages to begin with: a parked job as it lies on the broker, and what a worker receives."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

from guard.core.headers import PARKED_HEADER
from guard.core.parked import ParkedJob

__all__ = ["HEADERS", "PARKED", "message_headers", "parked_payload"]

PARKED = ParkedJob(
    park_id="p1",
    task_id="t1",
    task="shop.caption",
    operation="caption_generation",
    queue="images",
    retries=0,
    publication="pub1",
    generation="original",
    parked_at=1_700_000_000.5,
    window_id="w1",
    worker="celery@one",
    eta="2026-01-01T00:00:00+00:00",
    expires="2026-01-02T00:00:00",
    properties={"priority": 5, "correlation_id": "t1", "expiration": "60000"},
)
BODY = b64encode(
    json.dumps([["a.jpg"], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]).encode()
).decode()
HEADERS: dict[str, Any] = {
    "lang": "py",
    "task": "shop.caption",
    "id": "t1",
    "root_id": "t1",
    "parent_id": None,
    "group": None,
    "retries": 0,
    "timelimit": [None, None],
    "eta": None,
    "expires": None,
    "origin": "gen1@one",
    "argsrepr": "('a.jpg',)",
    "kwargsrepr": "{}",
    "guard_publication": "pub1",
}


def message_headers(job: ParkedJob = PARKED) -> dict[str, Any]:
    """Headers of a message in the parking queue."""
    return {**HEADERS, "id": job.task_id, PARKED_HEADER: job.to_header()}


def parked_payload(job: ParkedJob = PARKED) -> dict[str, Any]:
    """A message in the parking list of Redis, as kombu writes it."""
    return {
        "body": BODY,
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": message_headers(job),
        "properties": {
            "correlation_id": job.task_id,
            "reply_to": "r",
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": "guard.parked"},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": "d1",
        },
    }
