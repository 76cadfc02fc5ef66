"""A worker tells the release that it runs, also when another was installed beneath it since it started."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from celery import Celery
from celery.worker.control import Panel

from guard.core.agents import QUEUES_QUESTION
from guard.worker import panel

if TYPE_CHECKING:
    import pytest


def test_the_release_is_noted_when_the_worker_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(Panel.data, QUEUES_QUESTION, None)
    monkeypatch.setitem(Panel.meta, QUEUES_QUESTION, None)
    monkeypatch.setattr(panel, "release", lambda: "1.0.0 on Celery 5.7.0")
    panel.answer_questions(lambda: "worker-1", key="")
    monkeypatch.setattr(panel, "release", lambda: "2.0.0 on Celery 5.7.1")
    state = SimpleNamespace(app=Celery("shop", broker="memory://"), consumer=SimpleNamespace(controller=None))
    assert Panel.data[QUEUES_QUESTION](state)["release"] == "1.0.0 on Celery 5.7.0"
