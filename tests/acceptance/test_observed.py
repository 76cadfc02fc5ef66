"""What a worker and a publisher are seen to do: JSON lines and traces, by the real libraries."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import guard
from guard.core.headers import BYPASS_HEADER
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from opentelemetry.sdk.trace import ReadableSpan

    from tests.support.processes import LocalProcess
    from tests.support.shop import Shop

REASON = 'Say "hi" \\ Umzug 🚚'


@pytest.fixture
def tracing() -> Iterator[tuple[TracerProvider, InMemorySpanExporter]]:
    """This process, instrumented as an application would."""
    provider, exporter = TracerProvider(), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    CeleryInstrumentor().instrument(tracer_provider=provider)
    yield provider, exporter
    CeleryInstrumentor().uninstrument()
    provider.shutdown()


def told(worker: LocalProcess) -> list[dict[str, Any]]:
    """The guard's lines in a worker's log. Raises for one that is no whole JSON object."""
    return [json.loads(line) for line in worker.log.splitlines() if line.startswith("{")]


def named(spans: list[Any], name: str) -> Any:
    (found,) = [span for span in spans if span["name"] == name]
    return found


def as_dict(span: ReadableSpan) -> dict[str, Any]:
    return json.loads(span.to_json())  # type: ignore[no-any-return]


def spans_in(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def ours(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if name.startswith("guard.")}


def test_a_publisher(
    make_shop: Callable[..., Shop],
    tracing: tuple[TracerProvider, InMemorySpanExporter],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    provider, exporter = tracing
    shop = make_shop("redis")
    # The instrumentation looks tasks up in the current app, which a test before this one may have set.
    monkeypatch.setattr("celery._state._tls.current_app", shop.app)
    window, _ = shop.enable(reason="Brand")
    with (
        provider.get_tracer("tests").start_as_current_span("POST /captions"),
        pytest.raises(guard.MaintenanceActive),
    ):
        shop.send("job", 1)
    held = shop.send("job", 2, when_closed="hold")
    shop.send("free", 3)
    spans = [as_dict(span) for span in exporter.get_finished_spans()]

    request = named(spans, "POST /captions")
    attributes = ours(request["attributes"])
    epoch = attributes.pop("guard.epoch")
    assert epoch >= window.epoch  # it grows by itself while the window is being confirmed
    decided = {"guard.operation": "job_creation", "guard.window_id": window.window_id}
    assert attributes == {**decided, "guard.decision": "refused"}
    event = named(request["events"], "guard.job.refused")
    assert event["attributes"]["guard.task"] == "shop.job"
    assert event["attributes"]["guard.mode"] == "normal"

    published = named(spans, "apply_async/shop.job")
    assert published["attributes"]["messaging.message.id"] == held.id
    attributes = ours(published["attributes"])
    assert attributes.pop("guard.epoch") >= epoch
    assert attributes == {**decided, "guard.decision": "held"}
    assert ours(named(spans, "apply_async/shop.free")["attributes"]) == {}, "nothing was decided of it"


def test_a_worker(make_shop: Callable[..., Shop], tmp_path: Path) -> None:
    traces = tmp_path / "traces"
    shop = make_shop("redis")
    worker = shop.worker("w1", SHOP_TRACES=str(traces), GUARD_LOG_FORMAT="json")
    shop.send("add", 1, 2).get(timeout=10)
    tidy = shop.send("tidy", 60)
    eventually(lambda: len(shop.events()) == 2, within=10, what="a job that runs")
    shop.enable(reason=REASON)
    token = shop.guard.bypass("job_creation", by="ops", holder="alice", seconds=60)
    shop.send("job", 1, headers={BYPASS_HEADER: token}).get(timeout=10)
    shop.send("mixed_job", 2, when_closed="hold")
    eventually(lambda: shop.guard.status().parked == 1, within=10, what="a job that is parked")
    window = shop.guard.change(by="eve", mode="emergency", grace=20, sessions="keep")
    eventually(lambda: "job.interrupted" in worker.log, within=15, what="the job that listens to stop")
    eventually(lambda: len(spans_in(traces)) == 3, within=10, what="three spans")

    spans = spans_in(traces)
    assert ours(named(spans, "run/shop.add")["attributes"]) == {}, "while no window is open"
    passed = named(spans, "run/shop.job")
    assert ours(passed["attributes"]) == {"guard.decision": "bypass", "guard.operation": "job_creation"}
    assert [event["name"] for event in passed["events"]] == ["guard.bypass.used"]
    assert token not in json.dumps(spans)
    stopped = named(spans, "run/shop.tidy")
    assert stopped["attributes"]["guard.decision"] == "stopped"
    assert stopped["attributes"]["guard.epoch"] >= window.epoch

    lines = told(worker)
    by_event = {line["event"]: line for line in lines if "event" in line}
    assert {"worker.ready", "gate.acknowledged", "job.parked", "bypass.used", "job.asked"} <= by_event.keys()
    ended = by_event["job.interrupted"]
    assert (ended["task_id"], ended["level"]) == (tidy.id, "warning")
    assert ended["message"] == f'[EMERGENCY] Job terminated: job_id="{tidy.id}" reason="emergency_mode"'
    assert ended["reason"] == REASON, "whole, in its own field"
    used = by_event["bypass.used"]
    assert used["process_id"] == shop.events()[-1]["pid"] or used["holder"] == "alice", "from a pool child"
    assert used["process_id"] != by_event["worker.ready"]["process_id"]
    assert abs(time.time() - _seconds(used["timestamp"])) < 120
    assert token not in worker.log
    others = [line for line in worker.log.splitlines() if line and not line.startswith("{")]
    assert any("Task shop.add" in line and "received" in line for line in others), "Celery's are text"
    assert not any("guard.maintenance" in line or "[MAINTENANCE]" in line for line in others)
    shop.guard.disable(by="tests")


def _seconds(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()
