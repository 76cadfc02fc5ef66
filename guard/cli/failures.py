"""Errors as people and programs see them: what was wrong, what to do, and an exit code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click
from kombu.exceptions import KombuError

from guard.cli.exits import Exit
from guard.cli.render import safe
from guard.errors import (
    AccessDenied,
    GuardError,
    IllegalMove,
    InvalidRequest,
    NoSuchAlert,
    NotDrilled,
    NotKept,
    NotLost,
    NotParked,
    NotPlanned,
    ParkingFailed,
    RoutineRuns,
    SchemaNotReady,
    SealBroken,
    StaleEpoch,
    StateInvalid,
    StateMissing,
    StoreError,
    StoreUnavailable,
    TooManyRequests,
)
from guard.settings.masking import mask_url

__all__ = ["CommandError", "Failure", "failure_of", "in_short"]

_EXITS: tuple[tuple[type[GuardError], Exit], ...] = (
    (InvalidRequest, Exit.INVALID),
    (IllegalMove, Exit.NOT_NOW),
    (StaleEpoch, Exit.NOT_NOW),
    (RoutineRuns, Exit.NOT_NOW),
    (StoreError, Exit.AWAY),
    (ParkingFailed, Exit.AWAY),
    (NotParked, Exit.NOT_FOUND),
    (NotLost, Exit.NOT_FOUND),
    (NoSuchAlert, Exit.NOT_FOUND),
    (NotKept, Exit.NOT_FOUND),
    (NotPlanned, Exit.NOT_FOUND),
    (NotDrilled, Exit.NOT_FOUND),
    (AccessDenied, Exit.NOT_NOW),
    (SealBroken, Exit.NOT_NOW),
    (TooManyRequests, Exit.NOT_NOW),
)
_REMEDIES: tuple[tuple[type[GuardError], str], ...] = (
    (StaleEpoch, "run the command again"),
    (RoutineRuns, "wait for its end, see `maintenance routines list`"),
    (SchemaNotReady, ""),
    (StateMissing, "start a worker or run `maintenance check`; until then everything stays closed"),
    (
        StateInvalid,
        (
            "every process needs the same GUARD_SECRET_KEY, GUARD_NAMESPACE and DATABASE_URL (a relative "
            "SQLite path is another file in each folder); until then all is closed"
        ),
    ),
    (
        StoreUnavailable,
        "`maintenance check` says what is away; `maintenance close-local` closes this machine without it",
    ),
    (NoSuchAlert, "`maintenance alerts list --all` lists them"),
    (NotDrilled, "`maintenance drill list` lists them"),
    (NotPlanned, "`maintenance schedule list` lists them"),
    (NotLost, "`maintenance ledger` lists them"),
    (NotParked, "`maintenance parked` lists them, `maintenance job ID` says where a job is"),
)
_BROKER_REMEDY = "start the broker or correct its URL; `maintenance check` says what is away"


class CommandError(click.ClickException):
    """A command cannot do what was asked, for a reason that is its own."""

    def __init__(self, kind: str, message: str, exit_as: Exit) -> None:
        super().__init__(message)
        self.kind = kind
        self.exit_as = exit_as


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One error. `kind` is the name of its class, for programs."""

    kind: str
    message: str
    exit: Exit
    problems: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        return {
            "error": self.kind,
            "message": self.message,
            "problems": list(self.problems or (self.message,)),
        }

    def line(self) -> str:
        """One line for people."""
        return f"Error: {safe(self.message)}"


def failure_of(error: BaseException) -> Failure | None:
    """What to tell of an error; None when nobody expected it."""
    if isinstance(error, GuardError):
        return _of_guard(error)
    if isinstance(error, CommandError):
        return Failure(kind=error.kind, message=error.message, exit=error.exit_as)
    if isinstance(error, click.ClickException):
        return _of_usage(error)
    if isinstance(error, _broker_errors()):
        message = f"the broker did not answer ({in_short(error)}): {_BROKER_REMEDY}"
        return Failure(kind="BrokerUnavailable", message=message, exit=Exit.AWAY)
    return None


def _of_guard(error: GuardError) -> Failure:
    problems = error.problems if isinstance(error, InvalidRequest) else ()
    message = "; ".join(problems) or str(error)
    remedy = next((text for kind, text in _REMEDIES if isinstance(error, kind)), "")
    return Failure(
        kind=type(error).__name__,
        message=f"{message}: {remedy}" if remedy else message,
        exit=next((code for kind, code in _EXITS if isinstance(error, kind)), Exit.ERROR),
        problems=problems,
    )


def _of_usage(error: click.ClickException) -> Failure:
    message = " ".join(error.format_message().split())
    if isinstance(error, click.NoSuchOption) and error.option_name in {"-A", "--app"}:
        message = "-A belongs before the command: celery -A yourapp maintenance …"
    elif isinstance(error, click.UsageError) and error.ctx is not None:
        message = f"{message} See `{error.ctx.command_path} --help`."
    return Failure(kind="UsageError", message=message, exit=Exit.INVALID)


def _broker_errors() -> tuple[type[BaseException], ...]:
    # imported when something failed: amqp is not needed to load the commands
    from amqp.exceptions import AMQPError
    from redis.exceptions import RedisError

    return (KombuError, AMQPError, RedisError, ConnectionError, TimeoutError)


def in_short(error: BaseException) -> str:
    """What a library says of an error: one line, no credentials."""
    text = " ".join(str(error).split())[:200].rstrip(".")
    return mask_url(text) or type(error).__name__
