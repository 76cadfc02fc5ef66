"""One pass over the application's sessions: look at each, ask the core, delete what is over.

Rules:

- Everything may be done twice, by several at once, and late. What is deleted is decided by the payload, the
  generation and `users`, never by who asks.
- A server that does not answer is a problem of the report, and stops its own part only. Without roles no
  session is deleted that might be an admin's; none of them is accepted either.
- A database that has failed once is not asked again by this pass: a thousand waits would be no answer.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from guard.core.named_events import EventName, not_announced
from guard.core.session_sweep import FIGURES, SessionSweep
from guard.core.sessions import Verdict, is_admin, judge
from guard.errors import StoreError
from guard.observe.lines import masked

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from guard.core.generation import Generation
    from guard.core.named_events import Announces
    from guard.core.sessions import FoundSession
    from guard.session_ports import SessionKeys, SessionRows, TokenCaches, Users

__all__ = ["KEYS_DONE", "Orders", "RoleBook", "SessionDoers", "SessionPass"]

KEYS_DONE = -1
"""The cursor when Redis was looked through, and rows are left."""
_MOST_LINES = 1000
"""Sessions of a pass that get a log line of their own."""
_MOST_ROLES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDoers:
    """Where sessions are. `keys` is None when none are in Redis."""

    keys: SessionKeys | None
    tokens: TokenCaches
    users: Users
    rows: SessionRows


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What a pass is to do.

    Attributes:
        generation: by which sessions are judged.
        now: UTC seconds.
        lifetime: seconds for which a session lasts that does not say when it ends.
        purge: whether cached tokens are dropped too.
        dry_run: only count.
        why: the reason in the log lines.
        go_on: asked after each batch with the cursor to go on from; False ends the pass there.
        seen: told of the figures after each batch.
    """

    generation: Generation
    now: float
    lifetime: float
    why: str
    purge: bool = False
    dry_run: bool = False
    go_on: Callable[[int], bool] = lambda _cursor: True
    seen: Callable[[SessionSweep], None] | None = None


class RoleBook:
    """Roles, each asked for once. After a failure nobody is asked any more, and all others are unknown."""

    def __init__(self, users: Users, problems: dict[str, None]) -> None:
        self._users = users
        self._problems = problems
        self.known: dict[int, str | None] = {}
        """What was said so far."""
        self._silent = False

    def of(self, user_ids: Collection[int]) -> Mapping[int, str | None]:
        """What is known of these users, and of others."""
        asked = set(user_ids) - self.known.keys()
        if asked and not self._silent:
            if len(self.known) > _MOST_ROLES:
                self.known = {}
                asked = set(user_ids)
            try:
                self.known.update(self._users.roles(asked))
            except StoreError as error:
                self._silent = True
                self._problems[str(error)] = None
        return self.known


class SessionPass:
    """One pass. Used once."""

    def __init__(self, doers: SessionDoers, orders: Orders, announce: Announces = not_announced) -> None:
        self._announce = announce
        self._doers = doers
        self._orders = orders
        self._figures: Counter[str] = Counter()
        self._problems: dict[str, None] = {}
        self._roles = RoleBook(doers.users, self._problems)
        self._unread = False
        self._rows_expired: int | None = None
        self._rows_ended: int | None = None
        self._tokens: int | None = None
        self._stopped = self._failed = self._ended = False

    def run(self, cursor: int = 0) -> SessionSweep:
        """Do it, from this cursor on. Never raises for a server that does not answer."""
        # What an emergency is about comes first.
        if self._orders.purge:
            self._try(self._purge)
        if cursor != KEYS_DONE:
            self._try(lambda: self._over_keys(cursor))
        if not self._stopped:
            self._try(self._delete_expired_rows)
            self._try(self._end_rows)
        self._ended = True
        more = self._figures["ended"] - _MOST_LINES
        if more > 0 and not self._orders.dry_run:
            self._announce(EventName.SESSIONS_MORE_ENDED, more=more, why=self._orders.why)
        return self.report()

    def report(self) -> SessionSweep:
        """The figures so far."""
        figures = self._figures
        named = (*FIGURES.values(), "unreadable", "foreign", "unlisted")
        counted: dict[str, Any] = {name: figures[name] for name in named}
        return SessionSweep(
            dry_run=self._orders.dry_run,
            generation=self._orders.generation.number,
            seen=None if self._unread or self._doers.keys is None else figures["seen"],
            **counted,
            rows_expired=self._rows_expired,
            rows_ended=self._rows_ended,
            rows_unknown=None if self._rows_ended is None else figures["rows_unknown"],
            tokens=self._tokens,
            complete=self._ended and not (self._stopped or self._failed),
            problems=tuple(self._problems),
        )

    def _over_keys(self, cursor: int) -> None:
        keys = self._doers.keys
        if keys is None:
            return
        self._unread = True  # until the server has answered
        while True:
            cursor, found, foreign = keys.step(cursor)
            self._unread = False
            self._figures["foreign"] += foreign
            self._deal_with(keys, found)
            if self._orders.seen is not None:
                self._orders.seen(self.report())
            if cursor == 0:
                break
            if not self._may_go_on(cursor):
                return
        if self._may_go_on(KEYS_DONE):
            self._over_index(keys)

    def _may_go_on(self, cursor: int) -> bool:
        self._stopped = not self._orders.go_on(cursor)
        return not self._stopped

    def _deal_with(self, keys: SessionKeys, found: list[FoundSession]) -> None:
        orders = self._orders
        rules: dict[str, Any] = {
            "generation": orders.generation,
            "now": orders.now,
            "lifetime": orders.lifetime,
        }
        verdicts = [judge(one.session, roles=self._roles.known, **rules) for one in found]
        asked = {
            one.session.user_id
            for one, verdict in zip(found, verdicts, strict=True)
            if verdict is Verdict.UNKNOWN and one.session.user_id is not None
        }
        if asked:
            roles = self._roles.of(asked)
            verdicts = [
                judge(one.session, roles=roles, **rules) if verdict is Verdict.UNKNOWN else verdict
                for one, verdict in zip(found, verdicts, strict=True)
            ]
        over = [one for one, verdict in zip(found, verdicts, strict=True) if verdict.deletes]
        if over and not orders.dry_run:
            keys.end(over)
        for one, verdict in zip(found, verdicts, strict=True):
            self._figures["seen"] += 1
            self._figures[FIGURES[verdict]] += 1
            self._figures["unreadable"] += verdict is Verdict.UNREADABLE
            self._log(one, verdict)

    def _log(self, one: FoundSession, verdict: Verdict) -> None:
        if verdict not in {Verdict.ENDED, Verdict.UNREADABLE} or self._orders.dry_run:
            return
        if self._figures["ended"] > _MOST_LINES:
            return
        user = "unknown" if one.session.user_id is None else str(one.session.user_id)
        self._announce(
            EventName.SESSION_ENDED, session=masked(one.session_id), user=user, why=self._orders.why
        )

    def _over_index(self, keys: SessionKeys) -> None:
        cursor = 0
        while True:
            cursor, struck = keys.strike_gone(cursor, dry_run=self._orders.dry_run)
            self._figures["unlisted"] += struck
            if cursor == 0 or not self._may_go_on(KEYS_DONE):
                return  # what is left of the index is no more than untidy: the next sweep finds it

    def _delete_expired_rows(self) -> None:
        rows, orders = self._doers.rows, self._orders
        if orders.dry_run:
            self._rows_expired = rows.expired(orders.now)
            return
        while True:
            deleted = rows.delete_expired(orders.now)
            if deleted is None:
                return
            self._rows_expired = (self._rows_expired or 0) + deleted
            if not deleted or not self._may_go_on(KEYS_DONE):
                return

    def _end_rows(self) -> None:
        rows, orders = self._doers.rows, self._orders
        moment = orders.generation.valid_after
        after = None
        while moment is not None and not self._stopped:
            found = rows.older_than(moment, after, orders.now)
            if found is None:
                return
            self._rows_ended = self._rows_ended or 0
            if not found:
                return
            after = found[-1].row_id
            roles = self._roles.of({row.user_id for row in found if row.user_id is not None})
            unknown = [row for row in found if row.user_id is not None and row.user_id not in roles]
            over = [
                row.row_id
                for row in found
                if row.user_id is None or (row.user_id in roles and not is_admin(roles[row.user_id]))
            ]
            self._figures["rows_unknown"] += len(unknown)
            self._rows_ended += len(over) if orders.dry_run else rows.deactivate(over, orders.now)
            if unknown and len(unknown) == len(found):
                return  # nobody says anything of anybody
            self._may_go_on(KEYS_DONE)

    def _purge(self) -> None:
        self._tokens = self._doers.tokens.purge(dry_run=self._orders.dry_run)

    def _try(self, part: Callable[[], None]) -> None:
        try:
            part()
        except StoreError as error:
            self._failed = True
            self._problems[str(error)] = None
