"""The publish gate: may this new job be accepted? Asked by every public way to publish.

`app.send_task` is where `Task.apply_async`, `delay`, signatures, canvas, retries and beat all meet.
Canvas calls ask once for the whole workflow (`guard.gates.canvas`), so that a group is never
published by halves.

Accepted while closed, although its operation is blocked:

- a continuation: what a running guarded job publishes, and what Celery publishes on behalf of a job
  that has just ended (next chain step, chord body, callbacks, retries). Refusing it would fail work
  that has finished (F10, E5). It waits in its queue;
- a job for which the call, the task or the settings ask `hold`;
- the first occurrence of a beat entry in a window; later ones are folded into it (F61);
- a step whose task says ``continuation="finish"``, while a normal window drains (`guard.gates.finishing`);
- whoever shows a valid bypass, and what such a job publishes within the token's scope. It travels in a
  lane of its own (`guard.core.lanes`).
"""

from __future__ import annotations

import json
import threading
import uuid
from contextlib import contextmanager
from functools import cached_property
from hashlib import sha256
from time import clock_gettime, perf_counter_ns
from typing import TYPE_CHECKING, Any

from guard.clock import BOOT
from guard.core.counts import Count
from guard.core.decision import Decision, Outcome, Place, Question, decide
from guard.core.headers import BYPASS_HEADER, FINISHING_HEADER, PUBLICATION_HEADER
from guard.core.modes import Gate
from guard.core.named_events import EventName
from guard.core.process_figures import Asked
from guard.errors import InvalidRequest, MaintenanceActive, StateUnknown, StoreUnavailable
from guard.gates.aborting import abort, finishes, is_aborted
from guard.gates.inner_celery import registered_task
from guard.gates.passing import leave_lane
from guard.gates.publication import next_publication
from guard.gates.scoping import Call, Scoping
from guard.settings import WhenClosed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from celery import Celery, Task

    from guard.core.named_events import Announces
    from guard.core.operations import OperationKind
    from guard.core.view import GateView
    from guard.gates.classify import Classifier
    from guard.gates.passing import Passing
    from guard.gates.runtime import Runtime
    from guard.ports import Clock, ParkedIndex

__all__ = ["BEAT_HEADER", "PublishGate"]

BEAT_HEADER = "celery_beat_task"
"""Celery's beat marks what it sends with this header."""


class PublishGate:
    """The gate of one app in one process."""

    def __init__(
        self,
        *,
        app: Celery,
        runtime: Runtime,
        classifier: Classifier,
        index: ParkedIndex,
        clock: Clock,
        when_closed: WhenClosed,
        names_messages: Callable[[], bool],
        passing: Passing,
        announce: Announces,
    ) -> None:
        self._app = app
        self.runtime = runtime
        self.classifier = classifier
        self._index = index
        self._clock = clock
        self._when_closed = when_closed
        self.passing = passing
        self._announce = announce
        self.scoping = Scoping(app, runtime, clock.wall)
        self._ask_names_messages = names_messages
        self._inside = threading.local()

    @cached_property
    def _names_messages(self) -> bool:
        """Whether each message is given a name of its own. Asked once: it looks at the app's broker."""
        return self._ask_names_messages()

    @contextmanager
    def accepted(self) -> Iterator[None]:
        """Everything published in this block belongs to a workflow that was accepted as a whole."""
        self._inside.depth = self.deciding + 1
        try:
            yield
        finally:
            self._inside.depth -= 1
            if not self._inside.depth:
                self._inside.would_refuse = False

    @contextmanager
    def body_of_unguarded(self) -> Iterator[None]:
        """In the body of a job that is never blocked: what it publishes is new work, not a continuation."""
        self._inside.body = getattr(self._inside, "body", 0) + 1
        try:
            yield
        finally:
            self._inside.body -= 1

    @property
    def in_body_of_unguarded(self) -> bool:
        """Whether this thread is in the body of a job that is never blocked."""
        return bool(getattr(self._inside, "body", 0))

    @property
    def deciding(self) -> int:
        """How many accepted workflows this thread is publishing, one inside the other."""
        return getattr(self._inside, "depth", 0)

    def admit(
        self, name: str, args: Sequence[Any] | None, kwargs: Mapping[str, Any] | None, options: dict[str, Any]
    ) -> str | None:
        """Let one publish through, or raise.

        Args:
            options: of `send_task`; ``when_closed`` is taken out of it.

        Returns:
            The id of a job that already waits and stands for this one (beat only), else None.

        Raises:
            MaintenanceActive: refused; nothing was published.
            InvalidRequest: ``when_closed`` is neither ``refuse`` nor ``hold``.
        """
        asked = options.pop("when_closed", None)
        if asked is not None:
            _check(asked)
        if self._names_messages:
            options["headers"] = {**(options.get("headers") or {}), PUBLICATION_HEADER: next_publication()}
        if self.runtime.is_worker and "queue" in options:
            leave_lane(options)
        # `is_open` without the call, which a pool child needs: this is for every publish.
        if clock_gettime(BOOT) < self.runtime.belief.open_until or self.runtime.is_open():
            return None
        kind = self.classifier.job(name, args, kwargs, queue=_queue_name(options))
        return self._admit_closed(kind, name, args, kwargs, options, asked) if kind.guarded else None

    def _admit_closed(
        self,
        kind: OperationKind,
        name: str,
        args: Any,
        kwargs: Any,
        options: dict[str, Any],
        asked: str | None,
    ) -> str | None:
        """The same for a guarded job, where the gate is not known to be open."""
        headers = dict(options.get("headers") or {})
        if headers.pop(FINISHING_HEADER, None) is not None:  # of the job that is tried again
            options["headers"] = headers
        hold = self._hold(asked, name)
        # Celery copies custom headers into retries, so the header alone does not prove beat.
        from_beat = (
            BEAT_HEADER in headers
            and asked is None
            and not options.get("retries")
            and self._app.current_worker_task is None
        )
        is_inside = not from_beat and self._is_continuation(options)
        token = headers.get(BYPASS_HEADER) or self.passing.token_of_this_job()
        decision, view = self._decide(
            kind,
            Call(name, args, kwargs, options),
            hold=hold or from_beat,
            continuation=bool(self.deciding) or is_inside,
            bypass=token,
        )
        if decision.why == "bypass":
            self.passing.publish_with_bypass(token, name, args, kwargs, options)
            return None
        if decision.why == "continuation" and is_inside:
            task = registered_task(self._app, name)
            if not self.deciding and is_aborted(task, options):
                self.runtime.count(Count.ABORTED, kind.name)
                task_id = abort(self._app, name, args, kwargs, options, reason=self._reason())
                self._announce(EventName.JOB_ABORTED, **self._job(kind, name, task_id))
                return task_id
            if finishes(task) and self.passing.publish_step(name, args, kwargs, options):
                return None
        self._record(kind, decision, name, options.get("task_id"))
        if decision.outcome is Outcome.REFUSE:
            raise self._refused(kind, decision, view, name, options.get("task_id"))
        if from_beat and decision.outcome is Outcome.HOLD and view.gate is not Gate.UNKNOWN:
            return self._coalesce(name, args, kwargs, options, kind, view)
        if decision.blocked:
            self._held(kind, decision, name, options)
        return None

    def _held(self, kind: OperationKind, decision: Decision, name: str, options: dict[str, Any]) -> None:
        """Tell of a job that is published, and will wait in its queue."""
        if decision.outcome is Outcome.HOLD and not self.runtime.is_worker:
            options["task_id"] = options.get("task_id") or str(uuid.uuid4())
        job = self._job(kind, name, options.get("task_id"))
        self._announce(EventName.JOB_HELD, **job, queue=None, retries=None)

    def admit_workflow(
        self, jobs: Sequence[tuple[OperationKind, Call]], asked: str | None, bypass: object = None
    ) -> None:
        """Let a whole workflow through, or raise: it is refused if any of its jobs would be.

        Args:
            bypass: a token that comes with the call; each job that it covers passes.

        Raises:
            MaintenanceActive: refused; nothing of it was published.
        """
        for kind, call in jobs:
            if not kind.guarded:
                continue
            hold = self._hold(asked, call.name)
            decision, view = self._decide(
                kind, call, hold=hold, continuation=self._is_continuation({}), bypass=bypass
            )
            if Outcome.REFUSE in {decision.outcome, decision.would}:
                self._record(kind, decision, call.name, call.options.get("task_id"))
            if decision.outcome is Outcome.REFUSE:
                raise self._refused(kind, decision, view, call.name, call.options.get("task_id"))
            if decision.would is Outcome.REFUSE:  # said once, as for a real one: its steps are not told apart
                self._inside.would_refuse = True
                return

    def check_call(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """For a direct or eager call, which would run here and now: raise if it may not.

        Raises:
            MaintenanceActive: refused; nothing ran.
        """
        kind = self.classifier.job(name, args, kwargs)
        if not kind.guarded:
            return
        call = Call(name, args, kwargs, {})
        decision, view = self._decide(kind, call, hold=False, continuation=False, bypass=None)
        self._record(kind, decision, name, None)
        if decision.blocked:
            raise self._refused(kind, decision, view, name, None)

    def job_not_started(self, kind: OperationKind, task: Task[..., Any]) -> None:
        """In a child: the gate was closed at the start of a job."""
        self._announce(EventName.JOB_NOT_STARTED, **self._job(kind, task.name, task.request.id))

    def job_stopped(self, task: Task[..., Any]) -> None:
        """In a child: a job that was asked to stop does."""
        kind = self.classifier.task(task.name)
        self._announce(EventName.JOB_STOPPED, **self._job(kind, task.name, task.request.id))

    def _refused(
        self, kind: OperationKind, decision: Decision, view: GateView, name: str, task_id: str | None
    ) -> MaintenanceActive:
        """The error of a refused job, of which it tells."""
        error = _refusal(kind, decision, view)
        state = self.runtime.belief.state  # not by `_job`: a storm of refusals makes one dict of each
        self._announce(
            EventName.JOB_REFUSED,
            window_id=state.window_id if state is not None else "",
            epoch=view.epoch,
            task_id=task_id or "",
            task=name,
            operation=kind.name,
            mode=error.mode,
            refusal=type(error).__name__,
            told=error.message,
            retry_after=decision.retry_after,
        )
        return error

    def _job(self, kind: OperationKind, name: str, task_id: str | None) -> dict[str, Any]:
        """What each event of a job says."""
        return {**self.runtime.where(), "task_id": task_id or "", "task": name, "operation": kind.name}

    def _decide(
        self, kind: OperationKind, call: Call, *, hold: bool, continuation: bool, bypass: object
    ) -> tuple[Decision, GateView]:
        begun = perf_counter_ns()
        view = self.runtime.view()
        question = Question(
            operation=kind,
            place=Place.PUBLISH,
            hold=hold,
            continuation=continuation,
            in_scope=self.scoping.covers_call(kind, call),
            bypass=bypass is not None and self.passing.is_valid_bypass(bypass, kind),
        )
        decision = decide(question, view, self._clock.wall())
        self.runtime.figures.decided(Asked.PUBLISH, perf_counter_ns() - begun)
        return decision, view

    def _reason(self) -> str:
        """Of the window, where it is known: a pool child only sees that the gate is closed."""
        state = self.runtime.belief.state
        return state.reason if state is not None and state.reason else "a window is open"

    def _record(self, kind: OperationKind, decision: Decision, name: str, task_id: str | None) -> None:
        if decision.would is not None:
            if self.deciding and getattr(self._inside, "would_refuse", False):
                return
            held = decision.would is Outcome.HOLD
            self.runtime.count(Count.WOULD_HOLD if held else Count.WOULD_REFUSE, kind.name)
            would = "hold" if held else "refuse"
            self._announce(EventName.JOB_REHEARSED, **self._job(kind, name, task_id), would=would)
        elif decision.outcome is Outcome.REFUSE:
            self.runtime.count(Count.REFUSED, kind.name)
        elif decision.blocked:
            self.runtime.count(Count.HELD, kind.name)

    def _hold(self, asked: str | None, name: str) -> bool:
        if asked is None:
            asked = getattr(registered_task(self._app, name), "when_closed", None)
        if asked is None:
            return self._when_closed is WhenClosed.HOLD
        return _check(asked) is WhenClosed.HOLD

    def _is_continuation(self, options: Mapping[str, Any]) -> bool:
        if options.get("replaced_task_nesting"):
            return True
        if not self.runtime.is_worker:
            return False
        task = self._app.current_worker_task
        if task is None:
            # The worker's main process itself (error callbacks, retries of lost children), or a
            # thread that a running job has started.
            return True
        # Past the body, what is published is Celery's own doing on behalf of a job that has ended.
        return self.classifier.task(task.name).guarded or not self.in_body_of_unguarded

    def _coalesce(
        self, name: str, args: Any, kwargs: Any, options: dict[str, Any], kind: OperationKind, view: GateView
    ) -> str | None:
        text = json.dumps([name, args, kwargs, options.get("queue")], default=str, sort_keys=True)
        entry = sha256(text.encode()).hexdigest()[:32]
        state = self.runtime.belief.state
        window_id = state.window_id if state else f"epoch-{view.epoch}"
        task_id = options.get("task_id") or str(uuid.uuid4())
        options["task_id"] = task_id
        try:
            first = self._index.first_of(window_id, entry, task_id)
        except StoreUnavailable:
            first = task_id  # it waits in its queue like any held job; at worst it runs once more
        if first == task_id:
            self._announce(
                EventName.JOB_HELD, **self._job(kind, name, task_id), queue=None, retries=None
            )
            return None
        self.runtime.count(Count.COALESCED, kind.name)
        self._announce(EventName.JOB_COALESCED, **self._job(kind, name, first))
        return first


def _check(asked: str) -> WhenClosed:
    try:
        return WhenClosed(asked)
    except ValueError:
        raise InvalidRequest(f"when_closed={asked!r} is unknown: use 'refuse' or 'hold'") from None


def _queue_name(options: Mapping[str, Any]) -> str | None:
    queue = options.get("queue")
    return queue if isinstance(queue, str) else getattr(queue, "name", None)


def _refusal(kind: OperationKind, decision: Decision, view: GateView) -> MaintenanceActive:
    unknown = view.gate is Gate.UNKNOWN
    error = StateUnknown if unknown else MaintenanceActive
    return error(
        kind.message,
        operation=kind.name,
        mode=None if unknown else view.gate.name.lower(),
        reason=view.reason,
        retry_after=decision.retry_after,
        epoch=view.epoch,
    )
