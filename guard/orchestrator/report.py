"""The report of a window: gathered from wherever it is kept, and balanced."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from guard.core.account import Account
from guard.core.books import Books, balance
from guard.core.counts import Count
from guard.core.roll import Fate
from guard.core.roster import SEEN_LATELY_SECONDS
from guard.errors import InvalidRequest, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.history import WindowRecord
    from guard.core.outcome import JobOutcome
    from guard.core.roll import RollEntry
    from guard.core.roster import RosterEntry
    from guard.ports import DurableStore, Outcomes, ParkedIndex, Tally

__all__ = ["Report", "make_report"]

_MOST_PARKED = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of the jobs that met one window.

    Attributes:
        window: when, why and by whom.
        account: counters by operation.
        live: whether the counters are as of now, or those stored at the end of the window.
        books: whether it adds up.
        outcomes: jobs that an emergency asked to stop, oldest first; None when Redis does not answer.
        workers: every worker that the window has seen.
        problems: what did not answer.
    """

    window: WindowRecord
    account: Account
    live: bool
    books: Books
    outcomes: tuple[JobOutcome, ...] | None
    workers: tuple[RollEntry, ...]
    problems: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; what is unknown is null."""
        return {
            "window": {**asdict(self.window), "account": None},
            "live": self.live,
            "totals": {count.value: self.account.total(count) for count in Count},
            "by_operation": {count.value: self.account.by_operation(count) for count in Count},
            "books": self.books.to_dict(),
            "outcomes": [one.to_dict() for one in self.outcomes] if self.outcomes is not None else None,
            "workers": [asdict(entry) for entry in self.workers],
            "problems": list(self.problems),
        }


def make_report(
    window_id: str | None,
    *,
    durable: DurableStore,
    tally: Tally,
    index: ParkedIndex,
    outcomes: Outcomes,
    roster: Callable[[], list[RosterEntry] | None],
) -> Report:
    """The report of a window, the last one when None.

    Raises:
        InvalidRequest: there is no such window.
        StoreUnavailable: the durable store did not answer.
    """
    window = durable.window(window_id) if window_id else next(iter(durable.windows(1)), None)
    if window is None:
        raise InvalidRequest(
            f"no window has the id {window_id!r}" if window_id else "there was no window yet"
        )
    problems: list[str] = []
    account, live, whole = Account.from_fields(window.account), False, False
    parked, ended = None, None
    try:
        whole = tally.is_whole(window.window_id)
        if whole or not window.account:
            account, live = tally.account(window.window_id), True
        if not whole:
            problems.append("Redis has lost what was counted in this window: whether it adds up is unknown")
        parked = sum(job.window_id == window.window_id for job in index.jobs(_MOST_PARKED))
        ended = tuple(sorted(outcomes.of(window.window_id), key=lambda one: one.ended_at))
    except StoreError as error:
        problems.append(f"control plane: {error}")
    workers = tuple(durable.roll(window.window_id))
    state = durable.read()
    current = state.window_id == window.window_id and state.is_active
    agents = roster() if current or account.not_ended > 0 else []
    silent = _silent(workers, agents) if account.not_ended > 0 else []
    books = balance(
        account,
        still_parked=parked,
        still_running=_still_running(agents, problems) if current else 0,
        gone_workers=sum(entry.fate in {Fate.GONE, Fate.VOUCHED} for entry in workers),
        silent_workers=len(silent),
        whole=whole,
    )
    if silent and books.unaccounted is None:
        problems.append(f"{', '.join(silent)}: no answer. Jobs that ran there may have ended uncounted")
    return Report(
        window=window,
        account=account,
        live=live,
        books=books,
        outcomes=ended,
        workers=workers,
        problems=tuple(problems),
    )


def _silent(workers: tuple[RollEntry, ...], agents: list[RosterEntry] | None) -> list[str]:
    """Names of workers that do not answer, while nobody has found out why."""
    heard = {agent.card.agent_id for agent in agents or () if agent.seen_seconds_ago <= SEEN_LATELY_SECONDS}
    return [entry.node for entry in workers if entry.fate is Fate.UNKNOWN and entry.agent_id not in heard]


def _still_running(roster: list[RosterEntry] | None, problems: list[str]) -> int | None:
    if roster is None:
        problems.append("the registry of workers does not answer")
        return None
    return sum(len(entry.report.running) for entry in roster if entry.report is not None)
