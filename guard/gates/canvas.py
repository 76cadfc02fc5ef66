"""Canvas at the publish gate: a workflow is accepted or refused as a whole.

`group`, `chain` and `chord` publish several jobs in one call. Asking per job could refuse the third
after two were published. So their `apply_async` asks once for all jobs inside, and what it then
publishes is accepted. The classes are Celery's and shared by all apps: the wrappers look up the
guard of the app that the workflow belongs to, and do nothing for apps without one.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any

from guard.core.headers import BYPASS_HEADER
from guard.gates.inner_celery import WORKFLOWS
from guard.gates.scoping import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from celery import Celery

    from guard.core.operations import OperationKind
    from guard.gates.publish import PublishGate

__all__ = ["gate_of", "guard_canvas", "unguard_canvas"]

_GATES: weakref.WeakKeyDictionary[Celery, PublishGate] = weakref.WeakKeyDictionary()
_MARK = "__guard_canvas__"


def guard_canvas(app: Celery, gate: PublishGate) -> None:
    """Make this app's workflows ask its gate."""
    _GATES[app] = gate
    for kind in WORKFLOWS:
        if not getattr(kind.apply_async, _MARK, False):
            kind.apply_async = _asking(kind.apply_async)


def unguard_canvas(app: Celery) -> None:
    """This app's workflows ask nobody any more."""
    _GATES.pop(app, None)


def gate_of(app: Celery) -> PublishGate | None:
    """The gate of an app; None when it has no guard."""
    return _GATES.get(app)


def _asking(apply_async: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(apply_async)
    def guarded_apply_async(self: Any, *args: Any, **options: Any) -> Any:
        app = _app_of(self)
        gate = _GATES.get(app) if app is not None else None
        asked = options.pop("when_closed", None) or self.options.get("when_closed")
        if gate is None:
            return apply_async(self, *args, **options)
        if not gate.deciding:
            bypass = (options.get("headers") or {}).get(BYPASS_HEADER)
            gate.admit_workflow(list(_calls(self, gate)), asked, bypass)
        with gate.accepted():
            return apply_async(self, *args, **options)

    setattr(guarded_apply_async, _MARK, True)
    return guarded_apply_async


def _app_of(workflow: Any) -> Celery | None:
    app: Any = workflow.app
    behind_proxy = getattr(app, "_get_current_object", None)
    found: Celery | None = behind_proxy() if behind_proxy is not None else app
    return found


def _calls(workflow: Any, gate: PublishGate) -> Iterator[tuple[OperationKind, Call]]:
    for call in _jobs(workflow):
        yield gate.classifier.job(call.name, call.args, call.kwargs), call


def _jobs(signature: Any) -> Iterator[Call]:
    """Every job inside a workflow, whether its parts are signatures or plain dicts."""
    if not isinstance(signature, Mapping):
        return
    kwargs = signature.get("kwargs") or {}
    name = signature.get("task")
    if name in {"celery.group", "celery.chain", "celery.chord"}:
        parts = list(kwargs.get("tasks") or ())
        header = kwargs.get("header")
        if header is not None:
            parts += list(header.tasks) if hasattr(header, "tasks") else list(_parts(header))
        if kwargs.get("body") is not None:
            parts.append(kwargs["body"])
        for part in parts:
            yield from _jobs(part)
    elif isinstance(name, str):
        yield Call(name, signature.get("args") or (), kwargs, signature.get("options") or {})


def _parts(header: Any) -> Any:
    if isinstance(header, Mapping):
        return (header.get("kwargs") or {}).get("tasks") or ()
    return header
