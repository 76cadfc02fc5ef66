"""The question of a web application: may this request of this user go on here and now?

Rules:

- Nothing is blocked for a user that the same work would not be blocked for as a job; a request is the same
  operation, asked about before its view begins.
- An admin's request passes a normal window unless its operation makes jobs: being an admin does not let a
  heavy job into a drain; an explicit bypass does. In an emergency, and while nobody knows the state, an
  admin may read and nothing else: what is essential, administration, sign-in and health, is never blocked
  for anybody.
- A window that is narrowed to queues, tenants or long jobs blocks no request: of a request nobody knows
  these. The publish gate does, and its refusal becomes the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.core.decision import Decision, Outcome, Place, Question, decide
from guard.core.modes import Gate

if TYPE_CHECKING:
    from datetime import datetime

    from guard.core.operations import OperationKind
    from guard.core.view import GateView

__all__ = ["NEVER_GUARDED", "OPEN", "User", "admin_passes", "decide_request"]

OPEN = Decision(outcome=Outcome.ALLOW, blocked=False, why="open")
NEVER_GUARDED = Decision(outcome=Outcome.ALLOW, blocked=False, why="never guarded")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who makes a request, as the application says.

    Attributes:
        name: for log lines; untrusted text.
        role: as in `users`: read there for this request, not from a session, so that a demoted admin is none.
        generation: the ``guard_generation`` that the session carries; None: it carries none.
        created_at: when the session was made: ISO 8601, UTC seconds or a `datetime`; None: it does not say.
    """

    name: str = ""
    role: object = None
    generation: int | str | None = None
    created_at: float | str | datetime | None = None


def admin_passes(kind: OperationKind, gate: Gate) -> bool:
    """Whether an admin's request of this operation passes a gate that blocks it for others."""
    if gate is Gate.NORMAL:
        return not kind.makes_jobs
    return Gate.NORMAL not in kind.blocked_by  # reading, and what is blocked by nothing else


def decide_request(kind: OperationKind, view: GateView, *, admin: bool, bypass: bool, now: float) -> Decision:
    """The decision. Never raises.

    Args:
        admin: whether `users` says that it is an admin's request.
        bypass: a valid bypass for this operation was shown.
        now: UTC seconds, used for `retry_after` only.
    """
    question = Question(operation=kind, place=Place.PUBLISH, in_scope=_covers(view, kind), bypass=bypass)
    decision = decide(question, view, now)
    if not admin:
        return decision
    if decision.would is not None and admin_passes(kind, Gate.NORMAL):
        return Decision(outcome=Outcome.ALLOW, blocked=False, why=decision.why)
    if decision.outcome is Outcome.REFUSE and admin_passes(kind, view.gate):
        return Decision(outcome=Outcome.ALLOW, blocked=False, why="admin")
    return decision


def _covers(view: GateView, kind: OperationKind) -> bool:
    scope = view.scope
    if scope.queues or scope.tenants or scope.crossing is not None:
        return False
    return not scope.operations or kind.name in scope.operations
