"""`Guard`: the Python API, for web apps, scripts and the command line.

Every worker has one, and few ask it anything: what answers is imported when it is asked.
"""

from __future__ import annotations

import functools
import uuid
from typing import TYPE_CHECKING, Any

from guard.api.areas import Areas
from guard.core.counts import Count
from guard.core.decision import Place, Question, decide
from guard.core.generation import SessionPolicy
from guard.core.modes import Gate, Mode
from guard.core.requests import OPEN
from guard.errors import GuardError, InvalidRequest, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from guard.api.schedule import PlannedWindows
    from guard.core.account import Account
    from guard.core.decision import Decision
    from guard.core.requests import User
    from guard.core.roster import RosterEntry
    from guard.core.state import GuardState
    from guard.orchestrator.advancing import Progress
    from guard.orchestrator.report import Report
    from guard.orchestrator.rollback import Comparison, RolledBack
    from guard.orchestrator.status import Status
    from guard.orchestrator.whereabouts import JobView
    from guard.orchestrator.window import Window

__all__ = ["Guard"]


class Guard(Areas):
    """The maintenance guard of one Celery app. `guard.install(app)` gives it."""

    def __repr__(self) -> str:
        return f"<Guard of {self._parts.app.main!r}>"

    @functools.cached_property
    def schedule(self) -> PlannedWindows:
        """The planned windows: added, listed, changed, cancelled, and brought on."""
        from guard.api.schedule import PlannedWindows

        return PlannedWindows(self._parts, self)

    @property
    def is_active(self) -> bool:
        """Whether guarded work is blocked as far as this process may believe. Unknown counts as active.

        Costs no round trip while this process has a fresh lease.
        """
        return self._parts.runtime.view().gate not in {Gate.OPEN, Gate.TEST}

    def enable(
        self,
        *,
        reason: str,
        by: str,
        mode: str = Mode.NORMAL.value,
        duration: float | None = None,
        grace: float | None = None,
        drain_within: float | None = None,
        at_deadline: str = "wait",
        verify: bool = False,
        sessions: str | None = None,
        scope: Mapping[str, Any] | None = None,
        window_id: str | None = None,
        notify_users: bool = True,
    ) -> Window:
        """Open a window. Returns when the gates are closed: with an acknowledgement from every worker
        after some milliseconds, or after one lease (5.6 s) when a worker is silent. Jobs that run go on;
        `drain` waits for them.

        Args:
            reason: why, 1 to 500 characters on one line; users see it.
            by: who, for the journal.
            mode: ``normal``, ``emergency`` or ``test``.
            duration: planned length in seconds; the setting MAINTENANCE_DEFAULT_TIMEOUT when None.
            grace: in an emergency, seconds between asking a running job to stop and ending it, 0 to 300;
                the setting EMERGENCY_MODE_JOB_GRACE_PERIOD when None.
            drain_within: seconds in which all guarded jobs should have ended; None: no deadline.
            at_deadline: what happens then if they have not: ``wait``, ``extend``, ``escalate`` (to an
                emergency) or ``abort`` (end the window).
            verify: keep a stage for `verify` before the release: until then no bypass counts, and `disable`
                insists on it.
            sessions: ``invalidate`` or ``keep`` those of non-admins; the setting for this mode when None.
            scope: what the window is narrowed to, as `guard.core.scope.Scope` names it: ``operations``,
                ``queues``, ``tenant_key`` with ``tenants``; everything that the mode blocks when None.
            window_id: a UUID of yours, so that the call may be repeated: if the window of this id is open
                already nothing is changed.
            notify_users: whether users are told that it begins, changes and ends; operators are always.

        Raises:
            InvalidRequest: with every problem. Nothing was changed.
            IllegalMove: a window is open already. Nothing was changed.
            StoreUnavailable: the durable store did not answer. Nothing was announced.
        """
        from guard.api.checking import together_with, unknown_operations
        from guard.core.changes import WindowRequest

        self._require_switched_on()
        with together_with(unknown_operations(self._parts.registry, scope)):
            request = WindowRequest.check(
                mode=mode,
                reason=reason,
                duration=duration if duration is not None else self.settings.maintenance_default_timeout,
                by=by,
                grace=grace,
                drain_within=drain_within,
                at_deadline=at_deadline,
                verify=verify,
                sessions=sessions if sessions is not None else self.settings.sessions_policy(mode),
                scope=scope,
                notify_users=notify_users,
            )
        if window_id is not None and not _is_uuid(window_id):
            raise InvalidRequest(f"window_id {window_id[:40]!r} is no UUID")
        window = self._parts.conducting.conductor.enable(request, window_id=window_id)
        if request.terms.sessions is SessionPolicy.INVALIDATE and request.mode is not Mode.TEST:
            self.sessions.follow()
        self.notifications.follow()
        return window

    def change(
        self,
        *,
        by: str,
        mode: str | None = None,
        reason: str | None = None,
        duration: float | None = None,
        grace: float | None = None,
        drain_within: float | None = None,
        at_deadline: str | None = None,
        sessions: str | None = None,
        scope: Mapping[str, Any] | None = None,
        epoch: int | None = None,
    ) -> Window:
        """Change the open window; what is None stays. From normal to emergency and back too: a stricter
        mode returns when its gates are closed.

        Args:
            epoch: only if the guard is still at this epoch, on which you decided.

        Raises:
            StaleEpoch: the guard is not at this epoch any more. Nothing was changed.
            InvalidRequest, IllegalMove, StoreUnavailable: as `enable`.
        """
        if sessions is None and mode == Mode.EMERGENCY:
            # Said anew, so it ends those that the normal window kept. Easing an emergency ends none again.
            sessions = self.settings.sessions_policy(mode)
        from guard.api.checking import unknown_operations

        if unknown := unknown_operations(self._parts.registry, scope):
            raise InvalidRequest(*unknown)
        window = self._parts.conducting.conductor.change(
            by,
            mode=mode,
            reason=reason,
            duration=duration,
            grace=grace,
            drain_within=drain_within,
            at_deadline=at_deadline,
            sessions=sessions,
            scope=scope,
            epoch=epoch,
        )
        if sessions == SessionPolicy.INVALIDATE:
            self.sessions.follow()
        self.notifications.follow()
        return window

    def drain(
        self, *, within: float | None = None, seen: Callable[[Progress], None] | None = None
    ) -> Progress:
        """Wait until no guarded job is left in any worker, and bring the window on meanwhile. Any number
        of processes may; when none does, the workers' housekeeping goes on by itself.

        Args:
            within: seconds to wait at most; None: as long as it takes.
            seen: called with each look, for a progress bar.

        Returns:
            The last look: drained if its state's phase is past ``draining``.

        Raises:
            StoreUnavailable: the durable store did not answer. Nothing was changed.
        """
        until = self._parts.clock.boot() + within if within is not None else None
        return self._parts.conducting.advancing.run(until=until, seen=seen)

    def advance(self) -> Progress:
        """Do the next act of the window, if there is one, and return. Safe at any time, by anybody.

        Raises:
            StoreUnavailable: the durable store did not answer. Nothing was changed.
        """
        return self._parts.conducting.advancing.advance()

    def look(self) -> Progress:
        """Where the window stands, what blocks its drain, and what is to be done next.

        Raises:
            StoreUnavailable: the durable store did not answer.
        """
        return self._parts.conducting.advancing.look()

    def vouch(self, worker: str, *, by: str) -> None:
        """Say that a worker which does not answer runs nothing any more, so that it no longer blocks the
        drain; or that a step which goes on is lost. The journal keeps who said so. Only after you have
        looked: it is believed.

        Args:
            worker: node name, or the agent's id where several have one name; or the step's task id.

        Raises:
            InvalidRequest: no silent worker and no step of the window has this name.
        """
        parts = self._parts
        parts.conducting.draining.vouch(parts.stores.durable.read(), worker, by=by)

    def verify(self, *, by: str, epoch: int | None = None) -> Window:
        """Let holders of a bypass run jobs while everybody else still may not; `disable` releases.

        Args:
            epoch: only if the guard is still at this epoch, on which you decided.

        Raises:
            StaleEpoch: the guard is not at this epoch any more. Nothing was changed.
            IllegalMove: the window is not drained yet.
        """
        return self._parts.conducting.conductor.verify(by, epoch=epoch)

    def disable(
        self,
        *,
        by: str,
        unverified: bool = False,
        rollback: bool = False,
        progress: Callable[[int], None] | None = None,
        epoch: int | None = None,
    ) -> Window:
        """End the window: the gate opens and parked jobs go back to their queues.

        If this process dies meanwhile, a worker goes on with the release.

        Args:
            by: who, for the journal.
            unverified: also when `enable(verify=True)` asked for a stage before it that has not begun.
            rollback: then restore what the window found, as far as that can be undone from here: see
                `differences` for what it would do, and the window's `rolled_back` for what it did. If it
                cannot begin, the window has ended all the same, its warnings say so, and `rollback` does it.
            progress: called with the number of jobs released so far.
            epoch: only if the guard is still at this epoch, on which you decided.

        Raises:
            StaleEpoch: the guard is not at this epoch any more. Nothing was changed.
            InvalidRequest, IllegalMove, StoreUnavailable: as `enable`.
        """
        self._require_switched_on()
        window = self._parts.conducting.conductor.disable(
            by, unverified=unverified, progress=progress, epoch=epoch
        )
        self.notifications.follow()
        return self._rolled_back(window, by) if rollback else window

    def _rolled_back(self, window: Window, by: str) -> Window:
        from dataclasses import replace

        try:
            done = self._parts.conducting.rollback.restore(by, window.window_id)
        except GuardError as error:
            warning = f"the window has ended and nothing was rolled back, repeat it: {error}"
            return replace(window, warnings=(*window.warnings, warning))
        return replace(window, rolled_back=done)

    def differences(self, window_id: str | None = None) -> Comparison:
        """What differs from what a window found when it opened, and what of it a rollback would undo. While
        the window is open: what will differ once it has ended.

        Args:
            window_id: the current or last window when None.

        Raises:
            InvalidRequest: there is no such window.
            StoreUnavailable: the durable store did not answer.
        """
        return self._parts.conducting.rollback.compare(window_id)

    def rollback(self, window_id: str | None = None, *, by: str) -> RolledBack:
        """Restore what the last window found, when it is over; may be repeated. `disable(rollback=True)` ends
        a window and then does this.

        Args:
            window_id: of the last window, to be sure that it is the one you mean.
            by: who, for the journal.

        Raises:
            InvalidRequest: no such window, or not the last one, or `by` is empty or too long.
            IllegalMove: a window is open.
            StoreUnavailable: the durable store did not answer. Nothing was changed.
        """
        from guard.core.changes import checked_actor

        return self._parts.conducting.rollback.restore(checked_actor(by), window_id)

    def status(self, *, counted: Status | None = None) -> Status:
        """What is known now. Never raises for a store that is away: what it would have said is None.

        Args:
            counted: an earlier answer. As long as the guard is at its epoch, what it says of jobs that are
                held, parked and refused is taken over, which is more than half of what an answer costs.
        """
        from guard.orchestrator.status import build_status

        parts = self._parts
        problems: list[str] = []
        state = self._state(problems)
        roster = parts.conducting.roster()
        kept = counted if counted is not None and state is not None and counted.epoch == state.epoch else None
        return build_status(
            state=state,
            roster=roster,
            kinds=parts.registry.kinds,
            held=kept.held if kept else self._held(roster),
            parked=kept.parked if kept else parts.conducting.parked_count(),
            refused=kept.refused if kept else self._refused(state),
            warnings=(
                *problems,
                *(parts.conducting.warnings(state) if state else ()),
                *self._lost_warning(),
            ),
            now=parts.clock.wall(),
        )

    def account(self, window_id: str | None = None) -> Account:
        """What became of the jobs that met a window; the current or last one when None."""
        stores = self._parts.stores
        return stores.tally.account(window_id or stores.plane.read().window_id or "unknown")

    def report(self, window_id: str | None = None) -> Report:
        """The account of a window: what became of every job that met it, and whether that adds up.

        Args:
            window_id: the current or last window when None.

        Raises:
            InvalidRequest: there is no such window.
            StoreUnavailable: the durable store did not answer.
        """
        from guard.orchestrator.report import make_report

        parts = self._parts
        return make_report(
            window_id,
            durable=parts.stores.durable,
            tally=parts.stores.tally,
            index=parts.stores.index,
            outcomes=parts.stores.outcomes,
            roster=parts.conducting.roster,
        )

    def check(
        self,
        operation: str,
        *,
        user: User | None = None,
        hold: bool = False,
        bypass: str | None = None,
    ) -> Decision:
        """Whether work of this operation would be accepted now. In a window that is narrowed to queues or
        tenants, or to long jobs: whether a job in its scope would. Costs no round trip while this process
        has a fresh lease.

        Args:
            operation: by name.
            user: whose request it is; then the answer is about the request, see `guard.core.requests`: an
                admin's may pass, and a window that is narrowed so is left to the publish gate.
            hold: the job would rather wait than be refused.
            bypass: a token that `bypass` gave, for this operation.

        Raises:
            InvalidRequest: there is no such operation.
        """
        if user is not None or bypass is not None:
            return self.requests.check(operation, user=user, bypass=bypass)
        kind, runtime = self._parts.registry.kind(operation), self._parts.runtime
        if runtime.is_open():
            return OPEN
        view = runtime.view()
        in_scope = not view.scope.operations or kind.name in view.scope.operations
        question = Question(operation=kind, place=Place.PUBLISH, hold=hold, in_scope=in_scope)
        return decide(question, view, self._parts.clock.wall())

    def check_request(
        self, method: str, path: str, *, user: User | None = None, bypass: str | None = None
    ) -> Decision:
        """Whether a request of this user may go on now, by its method and path. Never raises.

        Args:
            path: decoded, below the application's own prefix, without the query: what WSGI calls PATH_INFO.
            user: None: nobody that is signed in.
            bypass: a token that `bypass` gave, for the request's operation.
        """
        return self.requests.check_request(method, path, user=user, bypass=bypass)

    def job(self, task_id: str) -> JobView:
        """Where a job is."""
        from guard.fleet.results import state_of
        from guard.orchestrator.whereabouts import find_job

        return find_job(
            task_id,
            roster=self._parts.conducting.roster() or (),
            parked=self.parked.get(task_id),
            state=state_of(self._parts.app, task_id),
        )

    def bypass(self, *operations: str, by: str, holder: str, seconds: int, user: str = "") -> str:
        """A token that lets work of some operations pass while closed, for a time.

        Publish with ``headers={"guard_bypass": token}``: the job overtakes what is held, and so do
        its own steps and children within the token's operations. In a window with a stage for verifying it
        counts from `verify` on, and not before. That it was made is journaled, and so is each use, with exact
        counts. `bypasses` lists and revokes them.

        Args:
            operations: names of operations.
            by: who gives it, for the journal.
            holder: who or what it is for.
            seconds: how long it counts, up to 24 hours.
            user: the one user in whose requests it counts, where a request shows it; empty: anybody's. A job
                carries the token and no user: whoever publishes it answers for that.

        Raises:
            InvalidRequest: unknown operation, time out of range, or no GUARD_SECRET_KEY.
            StoreUnavailable: a store did not answer; there is no token.
        """
        return self.bypasses.make(*operations, by=by, holder=holder, seconds=seconds, user=user)

    def _require_switched_on(self) -> None:
        if not self.settings.maintenance_mode_enabled:
            raise InvalidRequest(
                "the guard is switched off: set MAINTENANCE_MODE_ENABLED=true and restart the workers"
            )

    def _state(self, problems: list[str]) -> GuardState | None:
        try:
            return self._parts.stores.plane.read()
        except StoreError as error:
            problems.append(f"control plane: {error}")
        try:
            return self._parts.stores.durable.read()
        except StoreError as error:
            problems.append(f"durable store: {error}")
        return None

    def _held(self, roster: list[RosterEntry] | None) -> int | None:
        """Jobs in the queues that workers have cordoned."""
        if roster is None:
            return None
        cordoned = {name for entry in roster if entry.report is not None for name in entry.report.cordoned}
        lengths = [self._parts.conducting.queues.length(name) for name in sorted(cordoned)]
        return None if None in lengths else sum(length for length in lengths if length is not None)

    def _refused(self, state: GuardState | None) -> int | None:
        if state is None or not state.window_id:
            return 0 if state else None
        try:
            return self._parts.stores.tally.account(state.window_id).total(Count.REFUSED)
        except StoreError:
            return None

    def _lost_warning(self) -> tuple[str, ...]:
        if not self.settings.guard_ledger:
            return ()
        try:
            lost = len(self.ledger.lost())
        except StoreError:
            return ("the ledger does not answer",)
        return (f"{lost} accepted jobs are nowhere: see `maintenance ledger`",) if lost else ()


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
