"""Operations: the kinds of work that a window blocks or lets through.

Source of the table and of the sentences: the administrator guide ("Default Operation Types") and
the user guide ("Blocked Operations"). `unknown` is blocked: what nobody classified is guarded.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from guard.core.modes import Gate

__all__ = ["CATALOGUE", "DEFAULT_OPERATION", "Operation", "OperationKind", "mask_of"]


class Operation(StrEnum):
    """The ten operations of the guides. An app may declare more, see `OperationRegistry.declare`."""

    CAPTION_GENERATION = "caption_generation"
    JOB_CREATION = "job_creation"
    PLATFORM_OPERATIONS = "platform_operations"
    BATCH_OPERATIONS = "batch_operations"
    USER_DATA_MODIFICATION = "user_data_modification"
    IMAGE_PROCESSING = "image_processing"
    READ_OPERATIONS = "read_operations"
    ADMIN_OPERATIONS = "admin_operations"
    AUTHENTICATION = "authentication"
    UNKNOWN = "unknown"


DEFAULT_OPERATION = Operation.JOB_CREATION
"""What a task counts as when nobody said."""

ALWAYS = frozenset({Gate.NORMAL, Gate.EMERGENCY})
EMERGENCY_ONLY = frozenset({Gate.EMERGENCY})
NEVER: frozenset[Gate] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationKind:
    """One operation: when it is blocked, and what its users are told.

    Attributes:
        name: lower case with underscores.
        blocked_by: the gates that block it: NORMAL, EMERGENCY, both or none.
        message: the sentence for the end user.
        alternative: what the user can do meanwhile.
        makes_jobs: whether a request of this operation starts work in the background, as far as anybody
            said. A request of an admin passes a normal window only where it does not.
    """

    name: str
    blocked_by: frozenset[Gate]
    message: str
    alternative: str
    makes_jobs: bool = True

    @property
    def guarded(self) -> bool:
        """Whether any mode blocks it. A job that none blocks passes every gate untouched."""
        return bool(self.blocked_by)


_NO_GATE = sum(1 << code for code in range(8) if code not in {1, 2, 3, 4})
"""Unknown, and the codes that no gate has: a damaged word blocks."""


def mask_of(kind: OperationKind) -> int:
    """The gates that block this operation as a bit per `Gate`: what a pool child tests per job.

    An unknown gate blocks whatever any mode blocks: it could be an emergency that nobody can see.
    """
    mask = sum(1 << gate for gate in kind.blocked_by)
    return mask | _NO_GATE if mask else 0


_JOB_MAKING = frozenset(
    {
        Operation.CAPTION_GENERATION,
        Operation.JOB_CREATION,
        Operation.BATCH_OPERATIONS,
        Operation.IMAGE_PROCESSING,
    }
)


def _kind(name: Operation, blocked_by: frozenset[Gate], message: str, alternative: str) -> OperationKind:
    return OperationKind(
        name=name.value,
        blocked_by=blocked_by,
        message=message,
        alternative=alternative,
        makes_jobs=name in _JOB_MAKING,
    )


CATALOGUE: dict[str, OperationKind] = {
    kind.name: kind
    for kind in (
        _kind(
            Operation.CAPTION_GENERATION,
            ALWAYS,
            "Caption generation is temporarily unavailable due to system maintenance",
            "Review existing captions or wait for maintenance completion",
        ),
        _kind(
            Operation.JOB_CREATION,
            ALWAYS,
            "Job creation is temporarily disabled during maintenance",
            "Queue your requests for after maintenance completion",
        ),
        _kind(
            Operation.PLATFORM_OPERATIONS,
            ALWAYS,
            "Platform operations are temporarily unavailable during maintenance",
            "Use current platform connection or wait for maintenance completion",
        ),
        _kind(
            Operation.BATCH_OPERATIONS,
            ALWAYS,
            "Batch operations are temporarily disabled during maintenance",
            "Process items individually or wait for maintenance completion",
        ),
        _kind(
            Operation.USER_DATA_MODIFICATION,
            ALWAYS,
            "User data modifications are temporarily unavailable during maintenance",
            "Note changes needed and apply after maintenance completion",
        ),
        _kind(
            Operation.IMAGE_PROCESSING,
            ALWAYS,
            "Image processing is temporarily unavailable during maintenance",
            "Save images for processing after maintenance completion",
        ),
        _kind(
            Operation.READ_OPERATIONS,
            EMERGENCY_ONLY,
            "Content is temporarily unavailable during emergency maintenance",
            "Check the status page for the expected end",
        ),
        _kind(Operation.ADMIN_OPERATIONS, NEVER, "Administration stays available during maintenance", ""),
        _kind(Operation.AUTHENTICATION, NEVER, "Sign-in follows the policy of the maintenance mode", ""),
        _kind(
            Operation.UNKNOWN,
            ALWAYS,
            "This operation is temporarily unavailable during maintenance",
            "Wait for maintenance completion",
        ),
    )
}
