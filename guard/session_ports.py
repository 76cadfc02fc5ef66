"""What the guard asks of the application's sessions: small protocols, as in `guard.ports`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Any

    from guard.core.session_sweep import Marks
    from guard.core.sessions import ActiveRow, FoundSession

__all__ = ["SessionKeys", "SessionMarks", "SessionRows", "TokenCaches", "Users"]


class SessionKeys(Protocol):
    """The application's sessions in Redis."""

    def server(self) -> str:
        """Which server process answers. A cursor means nothing to another one."""

    def size(self) -> int:
        """How many keys the database has, of whatever kind."""

    def step(self, cursor: int) -> tuple[int, list[FoundSession], int]:
        """The next cursor (0: all were looked at), the sessions found, and how many keys are of another
        type. A session may be found twice; one that comes meanwhile may be missed."""

    def end(self, sessions: Sequence[FoundSession]) -> None:
        """Delete sessions. Those that are gone already do no harm."""

    def endless(self, sessions: Sequence[FoundSession]) -> int:
        """How many of them have no time to live."""

    def strike_gone(self, cursor: int, *, dry_run: bool) -> tuple[int, int]:
        """Strike ids off the index of all sessions whose session is gone: the next cursor, and how many."""


class TokenCaches(Protocol):
    """The application's cached platform tokens."""

    def purge(self, *, dry_run: bool) -> int:
        """Delete them all; gives how many there were."""


class Users(Protocol):
    """The application's users."""

    def roles(self, user_ids: Collection[int]) -> Mapping[int, str | None]:
        """Their roles as stored; None: there is no such user. StoreUnavailable: nobody can say."""


class SessionRows(Protocol):
    """The application's table of sessions. Every method but `deactivate` gives None when there is none."""

    def expired(self, now: float) -> int | None:
        """How many are past their time."""

    def active(self) -> int | None:
        """How many are active."""

    def delete_expired(self, now: float) -> int | None:
        """Delete at most one batch of those that are past their time; gives how many."""

    def older_than(self, moment: float, after: Any, now: float) -> list[ActiveRow] | None:
        """The next batch, by primary key, of active rows, not past their time, that were made before a
        moment."""

    def deactivate(self, row_ids: Sequence[Any], now: float) -> int:
        """Set these inactive; gives how many still were active."""


class SessionMarks(Protocol):
    """How far the deletion of invalidated sessions has come."""

    def read(self) -> Marks:
        """The marks; those of a beginning when there are none."""

    def write(self, marks: Marks) -> None:
        """Replace them."""
