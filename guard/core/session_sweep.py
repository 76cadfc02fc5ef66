"""What one pass over the sessions found and did, as figures."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from guard.core.sessions import Verdict

__all__ = ["FIGURES", "Marks", "SessionStats", "SessionSweep", "is_due"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSweep:
    """One pass. With `dry_run` the figures say what would be done. None: nobody could say.

    Attributes:
        generation: the number by which sessions were judged.
        seen: sessions that were read in Redis; None also when none are kept there.
        expired: deleted there: over by their own account, whoever's.
        ended: deleted there: no admin's, and from before sessions were invalidated.
        unreadable: those among `ended` of which nobody can read whose they are.
        admins: kept, although as old: an admin's.
        accepted: kept.
        unknown: kept, and accepted nowhere: nobody could say whose role it is.
        foreign: keys under the prefix that are neither text nor a hash; left alone.
        unlisted: ids struck off the index of all sessions because their session is gone.
        rows_expired: rows of `user_sessions` deleted.
        rows_ended: rows set inactive.
        rows_unknown: rows left active: nobody could say whose role it is.
        tokens: cached platform tokens deleted; None outside an emergency.
        complete: whether everything was looked at. What is left is looked at by the next pass.
        resumed: whether it went on where another one had stopped; the figures are of this one alone.
        seconds: how long it took.
        problems: what did not answer, one sentence each.
        took, proof: after `invalidate`: seconds until no process accepted an older session any more, and how
            that is known: ``acknowledged``, ``time``, or ``none`` when the control plane was not told.
    """

    dry_run: bool = False
    generation: int = 0
    seen: int | None = 0
    expired: int = 0
    ended: int = 0
    unreadable: int = 0
    admins: int = 0
    accepted: int = 0
    unknown: int = 0
    foreign: int = 0
    unlisted: int = 0
    rows_expired: int | None = None
    rows_ended: int | None = None
    rows_unknown: int | None = None
    tokens: int | None = None
    complete: bool = True
    resumed: bool = False
    seconds: float = 0.0
    problems: tuple[str, ...] = ()
    took: float | None = None
    proof: str = ""

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left that another pass could do better."""
        return self.complete and not self.problems and not self.unknown and not self.rows_unknown

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {**asdict(self), "problems": list(self.problems)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStats:
    """What sessions there are. None: nobody could say.

    Attributes:
        generation, valid_after: by which sessions of non-admins are accepted now.
        sessions: in Redis.
        strings, hashes: how they are stored.
        admins, others, no_user, unknown, unreadable: whose they are; `no_user`: the user is gone; `unknown`:
            the database did not say; `unreadable`: the payload does not.
        expired, refused: over by their own account; no longer accepted (whoever's but an admin's).
        endless: keys without a time to live.
        foreign: keys under the prefix that are neither text nor a hash.
        rows_active, rows_expired: of the table `user_sessions`.
        sign_in: whether non-admins may sign in now.
        problems: what did not answer.
    """

    generation: int | None = None
    valid_after: float | None = None
    sessions: int | None = None
    strings: int = 0
    hashes: int = 0
    admins: int = 0
    others: int = 0
    no_user: int = 0
    unknown: int = 0
    unreadable: int = 0
    expired: int = 0
    refused: int = 0
    endless: int = 0
    foreign: int = 0
    rows_active: int | None = None
    rows_expired: int | None = None
    sign_in: bool | None = None
    problems: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {**asdict(self), "problems": list(self.problems)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """How far the deletion of what was invalidated has come, for whoever goes on with it.

    Attributes:
        cleaned: the last generation of which nothing is left to delete.
        generation, server, cursor: where the pass under way stands, and on which server process: a cursor
            means nothing to another one. A cursor of -1: the keys are done, rows are left.
        not_before: UTC seconds before which a pass that could not end is not tried again.
    """

    cleaned: int = 0
    generation: int = -1
    server: str = ""
    cursor: int = 0
    not_before: float = 0.0

    def cursor_for(self, generation: int, server: str) -> int:
        """Where a pass for this generation begins on this server."""
        return self.cursor if (generation, server) == (self.generation, self.server) else 0

    def done(self, generation: int) -> Marks:
        """Nothing of this generation is left."""
        return Marks(cleaned=max(self.cleaned, generation))


def is_due(marks: Marks, generation: int, now: float) -> bool:
    """Whether there may be something left to delete, and it is time to look."""
    return marks.cleaned < generation and (marks.generation != generation or now >= marks.not_before)


FIGURES = {
    Verdict.ACCEPTED: "accepted",
    Verdict.ADMIN: "admins",
    Verdict.EXPIRED: "expired",
    Verdict.ENDED: "ended",
    Verdict.UNREADABLE: "ended",
    Verdict.UNKNOWN: "unknown",
}
"""In which figure a verdict is counted."""
