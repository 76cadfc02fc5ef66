"""Every error that the guard raises on purpose.

    GuardError
    ├── Refused                   a job may not start now; nothing was published or run
    │   └── MaintenanceActive     a window blocks its operation
    │       └── StateUnknown      nobody can say whether a window is active: treated as closed
    ├── InvalidRequest            the caller's values are wrong; nothing was changed (a ValueError)
    │   └── ConfigurationInvalid  the settings are wrong; all problems at once
    ├── IllegalMove               the phase has no such move; nothing was changed
    ├── StaleEpoch                somebody changed the state first; nothing was changed
    ├── StoreError                a store did not do what was asked
    │   ├── StoreUnavailable      it did not answer; the write may or may not have happened
    │   ├── StateMissing          it answered, and holds no guard state
    │   ├── StateInvalid          it holds something that is not a valid, signed guard state
    │   └── SchemaNotReady        its tables are missing, half migrated, or newer than this release
    ├── ParkingFailed             the broker did not confirm a parked job; the original was not acknowledged
    ├── NoSuchAlert               there is no alert of this number
    ├── NotParked                 no parked job has this id
    ├── RoutineRuns               this routine runs already; nothing was begun
    ├── Unanswerable              this kind of server or host cannot say what was asked
    ├── NotDrilled                no drill has this id
    ├── NotPlanned                no planned window has this id or name
    ├── AccessDenied              a caller over HTTP may not do this; nothing was changed
    │   ├── NotKnown              nobody knows who asks: no credential, or one that does not count
    │   ├── NotAllowed            the caller lacks the right
    │   ├── StepUpRequired        a second factor must be shown first
    │   └── ApprovalRequired      somebody else must approve this request first
    ├── SealBroken                what is kept encrypted cannot be opened: no key fits
    ├── TooManyRequests           too many tries in a time; nothing was done
    └── SelfTestFailed            a gate of this worker is not reached; the worker takes no guarded work

    JobInterrupted                a BaseException: this job was asked to stop, and stops here

Errors carry attributes for programs and one sentence for people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "AccessDenied",
    "ApprovalRequired",
    "ConfigurationInvalid",
    "GuardError",
    "IllegalMove",
    "InvalidRequest",
    "JobInterrupted",
    "MaintenanceActive",
    "NoSuchAlert",
    "NotAllowed",
    "NotDrilled",
    "NotKnown",
    "NotParked",
    "NotPlanned",
    "ParkingFailed",
    "Refused",
    "RoutineRuns",
    "SchemaNotReady",
    "SealBroken",
    "SelfTestFailed",
    "StaleEpoch",
    "StateInvalid",
    "StateMissing",
    "StateUnknown",
    "StepUpRequired",
    "StoreError",
    "StoreUnavailable",
    "TooManyRequests",
    "Unanswerable",
]


class GuardError(Exception):
    """Base of all errors of the guard."""


class Refused(GuardError):
    """A job was not accepted. Nothing was published, nothing ran."""


class MaintenanceActive(Refused):
    """A maintenance window blocks the operation of this job.

    Attributes:
        operation: the operation that is blocked, for example ``caption_generation``.
        mode: ``normal`` or ``emergency``; None when the state is unknown.
        reason: why maintenance is on, as the administrator wrote it (untrusted text: escape it).
        message: one sentence for the end user.
        retry_after: seconds until another try makes sense, from the planned end; at least 30.
        epoch: the epoch of the guard state that decided; None when unknown.
    """

    def __init__(
        self,
        message: str,
        *,
        operation: str,
        mode: str | None,
        reason: str,
        retry_after: int,
        epoch: int | None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.operation = operation
        self.mode = mode
        self.reason = reason
        self.retry_after = retry_after
        self.epoch = epoch

    def __reduce__(self) -> tuple[object, ...]:
        # Pool children send exceptions to their parent by pickle, which rebuilds from `args` alone.
        return (
            _rebuild,
            (type(self), self.message, self.operation, self.mode, self.reason, self.retry_after, self.epoch),
        )


class StateUnknown(MaintenanceActive):
    """No process here can say whether maintenance is active. Unknown is closed, never open."""


def _rebuild(
    kind: type[MaintenanceActive],
    message: str,
    operation: str,
    mode: str | None,
    reason: str,
    retry_after: int,
    epoch: int | None,
) -> MaintenanceActive:
    return kind(message, operation=operation, mode=mode, reason=reason, retry_after=retry_after, epoch=epoch)


class InvalidRequest(GuardError, ValueError):
    """The caller's values are wrong. Nothing was changed.

    Attributes:
        problems: every problem found, one sentence each.
    """

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


class ConfigurationInvalid(InvalidRequest):
    """The settings are wrong. Nothing was started. `problems` has all of them."""

    def __str__(self) -> str:
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        count = len(self.problems)
        return f"{count} problem{'s' if count != 1 else ''} in the configuration:{lines}"


class IllegalMove(GuardError):
    """The phase table has no such move. Nothing was changed."""

    def __init__(self, *, phase: str, event: str, remedy: str) -> None:
        self.phase = phase
        self.event = event
        super().__init__(f"cannot {event} while maintenance is {phase}: {remedy}")


class StaleEpoch(GuardError):
    """Somebody else changed the guard state first. Nothing was changed; read the state and decide again."""

    def __init__(self, *, expected: int, found: int) -> None:
        self.expected = expected
        self.found = found
        super().__init__(
            f"the guard state is at epoch {found}, not {expected}: somebody else changed it first"
        )


class StoreError(GuardError):
    """A store did not do what was asked."""


class StoreUnavailable(StoreError):
    """The store did not answer. A write may or may not have happened: read before trying again."""


class StateMissing(StoreError):
    """The store answered and holds no guard state. Missing is closed, never inactive."""


class StateInvalid(StoreError):
    """What the store holds is not a valid, signed guard state. It was left as it is, for inspection."""


class SchemaNotReady(StoreError):
    """The guard's tables are missing, half migrated, or newer than this release. Nothing was changed."""


class ParkingFailed(GuardError):
    """A parked copy is not safe: the broker did not confirm it, or it will be dropped. The original was not
    acknowledged, so it is not lost."""


class NotParked(GuardError):
    """No parked job has this id."""

    def __init__(self, task_id: str) -> None:
        self.task_id = task_id
        super().__init__(f"no parked job has the id {task_id!r}")


class NotLost(GuardError):
    """The ledger has no lost job of this id."""

    def __init__(self, task_id: str) -> None:
        self.task_id = task_id
        super().__init__(f"no lost job has the id {task_id[:60]!r}")


class NoSuchAlert(GuardError):
    """There is no alert of this number."""

    def __init__(self, alert_id: int) -> None:
        super().__init__(f"there is no alert {alert_id}")
        self.alert_id = alert_id


class RoutineRuns(GuardError):
    """Somebody runs this routine now. Nothing was begun."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"the routine {name!r} runs already")


class Unanswerable(GuardError):
    """This kind of server or host, or what is on it, cannot say what was asked. Asking again will not
    help."""


class NotKept(GuardError):
    """No report has this id, or none of this kind was made."""

    def __init__(self, ref: str) -> None:
        self.ref = ref
        super().__init__(f"no report {ref[:40]!r} is kept: `maintenance reports list` shows those that are")


class NotDrilled(GuardError):
    """There is no drill of this id."""


class NotPlanned(GuardError):
    """No planned window has this id or name."""

    def __init__(self, ref: str, names: Sequence[str] = ()) -> None:
        from difflib import get_close_matches

        self.ref = ref
        near = get_close_matches(ref, names, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        super().__init__(f"no planned window has the id or name {ref[:60]!r}{hint}")


class AccessDenied(GuardError):
    """A caller over HTTP may not do this. Nothing was changed."""


class NotKnown(AccessDenied):
    """There is no credential, or it is wrong, expired or revoked. Which of these is not said."""


class NotAllowed(AccessDenied):
    """The caller is known and lacks the right.

    Attributes:
        needed: the right, as `guard.core.access.Right` names it.
    """

    def __init__(self, message: str, *, needed: str) -> None:
        super().__init__(message)
        self.needed = needed


class StepUpRequired(AccessDenied):
    """A second factor must be shown first, or the one that was shown does not count."""


class ApprovalRequired(AccessDenied):
    """Somebody else must approve exactly this request first.

    Attributes:
        approval_id: of the request for an approval, to be sent along once it is given.
    """

    def __init__(self, message: str, *, approval_id: str) -> None:
        super().__init__(message)
        self.approval_id = approval_id


class SealBroken(GuardError):
    """What is kept encrypted cannot be opened: the key is lost, or somebody changed what was kept.

    Attributes:
        name: of the secret; empty where only its owner knows.
    """

    def __init__(self, name: str = "") -> None:
        self.name = name
        which = f"the secret {name!r}" if name else "it"
        super().__init__(
            f"no key opens {which}: give the key that it was sealed with, last in GUARD_ENCRYPTION_KEYS or "
            "in GUARD_FORMER_SECRET_KEYS, then run `maintenance secrets rotate`; if that key is lost, set it "
            "anew"
        )


class TooManyRequests(GuardError):
    """Too many tries in a time. Nothing was done.

    Attributes:
        retry_after: whole seconds after which another try counts.
        limit: how many tries there are in a period.
    """

    def __init__(self, message: str, *, retry_after: int, limit: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.limit = limit


class SelfTestFailed(GuardError):
    """A gate of this worker is not reached. The worker refuses guarded queues.

    Attributes:
        failures: what was not reached, one sentence each.
    """

    def __init__(self, *failures: str) -> None:
        self.failures = failures
        super().__init__("; ".join(failures))


class JobInterrupted(BaseException):
    """Raised inside a job by `guard.checkpoint()` when an emergency has asked it to stop.

    Not a `GuardError` and not even an `Exception`: a job's ``except Exception``, and Celery's
    ``autoretry_for``, must not take it for a failure of the work. Catch it to clean up, and raise it again.
    """

    def __init__(self, message: str = "this job was asked to stop") -> None:
        super().__init__(message)
