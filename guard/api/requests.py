"""`Guard.requests`: what a web application asks before it serves a request. Needs no framework.

Costs no round trip while this process has a fresh lease (docs/flask.md says for how long it may be wrong);
with no window open it costs a comparison. After a fork each process has a lease of its own, from its first
question on.
"""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING

from guard.clock import boot_ms
from guard.core.counts import Count
from guard.core.decision import Outcome, retry_after
from guard.core.modes import Gate
from guard.core.process_figures import Asked
from guard.core.requests import NEVER_GUARDED, OPEN, decide_request
from guard.core.sessions import is_admin
from guard.errors import MaintenanceActive, StateUnknown

if TYPE_CHECKING:
    from enum import Enum

    from guard.api.parts import Parts
    from guard.core.decision import Decision
    from guard.core.operations import OperationKind
    from guard.core.requests import User
    from guard.core.state import GuardState
    from guard.core.view import GateView

__all__ = ["Requests"]

_MODES = {Gate.NORMAL: "normal", Gate.EMERGENCY: "emergency"}
_ASK_AGAIN_SECONDS = 1.0
_MOST_REMEMBERED = 1024
_LONGEST_REMEMBERED = 200


class Requests:
    """The requests of one app."""

    def __init__(self, parts: Parts) -> None:
        self.use(parts)

    def use(self, parts: Parts) -> None:
        """Ask these parts from now on."""
        self._parts = parts
        self.runtime = parts.runtime
        """What `nothing_to_ask` looks at, for one to whom even asking that costs too much."""
        self._registry = parts.registry
        self._enabled = parts.settings.maintenance_mode_enabled
        self._known: dict[tuple[str, str], OperationKind] = {}
        self._known_by: object = None
        self._judged: dict[tuple[str, bool], tuple[Decision, MaintenanceActive]] = {}
        self._judged_by: object = None
        self._in_vain = False
        self._ask_again_at = 0.0

    @property
    def nothing_to_ask(self) -> bool:
        """Whether every request may go on whoever makes it: no gate is closed, and no session was ever
        ended."""
        return boot_ms() / 1000 < self.runtime.belief.quiet_until or not self._enabled

    @property
    def is_open(self) -> bool:
        """Whether every gate is open as far as this process may believe."""
        return not self._enabled or self.runtime.is_open()

    def operation(self, method: str, path: str) -> OperationKind:
        """The operation of a request; `guard.operations.add_endpoint` adds rules."""
        rules = self._registry.endpoints
        if self._known_by is not rules or len(self._known) > _MOST_REMEMBERED:
            self._known, self._known_by = {}, rules
        kind = self._known.get((method, path))
        if kind is None:
            kind = self._registry.of_endpoint(method, path)
            if len(path) <= _LONGEST_REMEMBERED:
                self._known[method, path] = kind
        return kind

    def check(
        self, operation: str | Enum, *, user: User | None = None, bypass: str | None = None
    ) -> Decision:
        """Whether a request of this operation may go on now.

        Args:
            operation: by name.
            user: who makes it; None: nobody that is signed in.
            bypass: a token that `Guard.bypass` gave, for this operation; one for a user counts in requests
                whose `user.name` is that one. If it lets the request pass, that is a use, which is journaled.

        Raises:
            InvalidRequest: there is no such operation.
        """
        return self.decide(self._registry.kind(operation), user=user, bypass=bypass)

    def check_request(
        self, method: str, path: str, *, user: User | None = None, bypass: str | None = None
    ) -> Decision:
        """The same for a request by its method and path. Never raises.

        Args:
            path: decoded, below the application's own prefix, without the query: what WSGI calls PATH_INFO.
        """
        return self.decide(self.operation(method, path), user=user, bypass=bypass)

    def decide(self, kind: OperationKind, *, user: User | None = None, bypass: str | None = None) -> Decision:
        """The same for an operation that was looked up."""
        if self.is_open:
            return OPEN
        if not kind.guarded:
            return NEVER_GUARDED
        decision = self._judge(kind, admin=user is not None and is_admin(user.role))[0]
        if bypass is not None and decision.outcome is Outcome.REFUSE:
            return self._by_bypass(kind, bypass, decision, user)
        return decision

    def refused(self, kind: OperationKind, *, user: User | None = None) -> MaintenanceActive:
        """The error for a request that `decide` has refused."""
        return self._judge(kind, admin=user is not None and is_admin(user.role))[1]

    def refusal_of_anybody(self, kind: OperationKind) -> MaintenanceActive | None:
        """The error for a request of this operation that is refused whoever makes it, unless a bypass is
        shown.
        None: it is not, or depends on who asks."""
        if not kind.guarded or self.is_open:
            return None
        decision, error = self._judge(kind, admin=True)
        return error if decision.outcome is Outcome.REFUSE else None

    def _judge(self, kind: OperationKind, *, admin: bool) -> tuple[Decision, MaintenanceActive]:
        """The decision without a bypass, and its refusal. Made once for each belief of this process: there is
        another after each renewal, so what they say of time is a second old at most."""
        runtime = self.runtime
        belief = runtime.belief
        fresh = not runtime.is_pool_child and boot_ms() / 1000 < belief.trusted_until
        if self._judged_by is not belief or not fresh:
            self._judged, self._judged_by = {}, belief
        judged = self._judged
        found = judged.get((kind.name, admin))
        if found is None:
            begun = perf_counter_ns()  # not of those that are remembered: it would take longer than they do
            view = self.view()
            decision = decide_request(kind, view, admin=admin, bypass=False, now=self.now())
            found = decision, self.refusal(kind, decision, view=view)
            self.runtime.figures.decided(Asked.REQUEST, perf_counter_ns() - begun)
            if fresh and runtime.belief is belief:
                judged[kind.name, admin] = found
        return found

    def _by_bypass(self, kind: OperationKind, bypass: str, refused: Decision, user: User | None) -> Decision:
        from guard.api.bypasses import Bypasses

        name = user.name if user is not None else ""
        if not Bypasses(self._parts).lets_pass(bypass, operation=kind.name, user=name):
            return refused
        decision = decide_request(kind, self.view(), admin=False, bypass=True, now=self.now())
        if decision.why == "bypass":
            self.runtime.count(Count.BYPASSED, kind.name)
        return decision

    def refusal(
        self,
        kind: OperationKind,
        decision: Decision | None = None,
        *,
        message: str = "",
        view: GateView | None = None,
    ) -> MaintenanceActive:
        """The error that says what a refusing decision says, for those who handle errors.

        Args:
            decision: None: made from what is believed now.
            message: in place of the operation's own.
            view: what the decision was made by; None: asked for again.
        """
        view = view or self.view()
        unknown = view.gate not in {Gate.NORMAL, Gate.EMERGENCY}
        error = StateUnknown if unknown else MaintenanceActive
        wait = decision.retry_after if decision else retry_after(view.planned_end, self.now())
        return error(
            message or kind.message,
            operation=kind.name,
            mode=None if unknown else _MODES[view.gate],
            reason=view.reason,
            retry_after=wait,
            epoch=view.epoch,
        )

    def view(self) -> GateView:
        """What this process may believe of the gate now. When it may believe nothing it asks the control
        plane, once a second: requests do not queue up behind a server that is away."""
        runtime, now = self.runtime, boot_ms() / 1000
        if runtime.is_pool_child:
            return runtime.view()
        view = runtime.belief.view(now)
        if view.gate is not Gate.UNKNOWN or (self._in_vain and now < self._ask_again_at):
            return view
        self._ask_again_at = now + _ASK_AGAIN_SECONDS
        view = runtime.view()
        self._in_vain = view.gate is Gate.UNKNOWN
        return view

    def state(self) -> GuardState | None:
        """The state that this process may believe now; None: it knows none. Reaches for no server while its
        lease is fresh."""
        if self.runtime.is_pool_child:
            return None
        self.view()
        return self.runtime.belief.believed(boot_ms() / 1000)

    def now(self) -> float:
        """UTC seconds."""
        return self._parts.clock.wall()

    def rehearsed(self, kind: OperationKind) -> None:
        """Count a request that a real window would have refused. Where it makes jobs, their publish is
        counted."""
        if not kind.makes_jobs:
            self.runtime.count(Count.WOULD_REFUSE, kind.name)
