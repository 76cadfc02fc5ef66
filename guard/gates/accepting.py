"""Enters each guarded job in the ledger before it is published. Only where the ledger is switched on."""

from __future__ import annotations

import logging
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from guard.core.headers import PUBLICATION_HEADER
from guard.core.ledger import LedgerEntry
from guard.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Celery

    from guard.gates.classify import Classifier
    from guard.ports import Clock, Ledger

__all__ = ["Accepting"]

log = logging.getLogger(__name__)

_TASK_ID = 2
"""Its place among the positional arguments of `send_task` that follow name, args and kwargs."""


class Accepting:
    """Around `send_task`, after the publish gate has let the job through."""

    def __init__(self, *, app: Celery, classifier: Classifier, ledger: Ledger, clock: Clock) -> None:
        self._app = app
        self._classifier = classifier
        self._ledger = ledger
        self._clock = clock

    def publish(
        self, send_task: Callable[..., Any], name: str, args: Any, kwargs: Any, *rest: Any, **options: Any
    ) -> Any:
        """Enter the job, publish it, and strike it off if that fails."""
        entry = self._entry(name, args, kwargs, rest, options)
        if entry is None:
            return send_task(name, args, kwargs, *rest, **options)
        try:
            self._ledger.accept(entry)
        except StoreError as error:
            log.warning("job %s is published, but not in the ledger: %s", entry.task_id, error)
        try:
            return send_task(name, args, kwargs, *rest, **options)
        except BaseException:
            with suppress(StoreError):
                self._ledger.ended(entry.task_id)
            raise

    def _entry(
        self, name: str, args: Any, kwargs: Any, rest: tuple[Any, ...], options: dict[str, Any]
    ) -> LedgerEntry | None:
        routed = self._app.amqp.router.route(dict(options), name, args or (), kwargs or {})
        queue = getattr(routed.get("queue"), "name", None) or str(routed.get("routing_key") or "")
        kind = self._classifier.job(name, args, kwargs, queue=queue)
        if not kind.guarded or not queue:
            return None
        if len(rest) > _TASK_ID:
            task_id = rest[_TASK_ID]
        else:
            task_id = options["task_id"] = options.get("task_id") or str(uuid.uuid4())
        if not task_id:  # Celery will make one that nobody here knows
            return None
        return LedgerEntry(
            task_id=str(task_id),
            task=name,
            operation=kind.name,
            queue=queue,
            publication=str(options["headers"][PUBLICATION_HEADER]),
            accepted_at=self._clock.wall(),
        )
