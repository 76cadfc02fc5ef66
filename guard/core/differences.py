"""What differs from what a window found, and what of it a rollback can undo.

1. What cannot be learnt is no difference and no likeness: `unknowns` names it.
2. Rows that were there and have another value are written back. None is made and none removed: what else a
   row of the application needs, and who relies on a new one, nobody here knows.
3. `maintenance_mode` is a view of the guard state: it follows the state, and is never written back. Where the
   rows asked for this very window, written back they would ask for another.
4. Consumers: see `guard.core.consuming`.
5. What has happened to sessions and jobs has happened.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from guard.core.configuration import DESCRIPTIONS, drift, rows_of
from guard.core.consuming import consumer_differences
from guard.core.counts import Count
from guard.core.difference import Difference, Kind, WriteRow
from guard.core.state import GuardState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from guard.core.account import Account
    from guard.core.found import Consumer, Found, PlannedWindow

__all__ = ["differences", "losses", "unknowns", "when_over"]


_WRITTEN = "written back"
_NEVER_OPEN = GuardState.first("", 0.0)
_LOSSES = {
    Count.REFUSED: "never accepted: their callers were told so, and may ask again",
    Count.ABORTED: "ended as their tasks ask: their error callbacks were called",
    Count.INTERRUPTED: "they stopped when they were asked to: `maintenance report` names them",
    Count.KILLED: "`maintenance report` names them: look at what they left half done",
    Count.LOST: "their process ended; the broker delivers those acknowledged late again",
    Count.DISCARDED: "dropped by hand: the journal says by whom",
    Count.EXPIRED: "released after their own expiry",
}


def differences(found: Found, now: Found) -> tuple[Difference, ...]:
    """What is not as it was found. What is unknown on either side is left out: `unknowns` names it."""
    return (
        *_rows(found, now),
        *consumer_differences(found.consumers, now.consumers),
        *_plans(found.plans, now.plans),
        *_texts(Kind.BEAT, found.beat, now.beat, "beat reads its table when it starts: deploy what it was"),
        *_texts(Kind.SETTING, found.settings, now.settings, "set it again where your processes are started"),
        *_sessions(found, now),
    )


def losses(account: Account) -> tuple[Difference, ...]:
    """What happened to jobs because of the window and cannot be undone, with numbers."""
    return tuple(
        Difference(kind=Kind.JOBS, what=f"jobs {count.value}", was="0", now=str(total), how=how)
        for count, how in _LOSSES.items()
        if (total := account.total(count))
    )


def unknowns(found: Found, now: Found) -> tuple[str, ...]:
    """What cannot be compared, one sentence each."""
    parts = {
        "the configuration rows": (found.configuration, now.configuration),
        "the consumers": (found.consumers, now.consumers),
        "the planned windows": (found.plans, now.plans),
        "beat's table": (found.beat, now.beat),
        "the settings": (found.settings, now.settings),
    }
    whole = [
        f"what {name} were when the window opened is unknown"
        if was is None
        else f"what {name} are now is unknown"
        for name, (was, is_now) in parts.items()
        if was is None or is_now is None
    ]
    rows = [
        f"the row {key} is not kept (a secret, or too long): nobody can say whether it has changed"
        for key in sorted({*found.withheld, *now.withheld})
    ]
    return (*whole, *rows, *_silent(found.consumers, now.consumers))


def when_over(now: Found, state: GuardState) -> Found:
    """The same once the open window has ended: the guides' rows follow the state by themselves."""
    if not state.is_active or not now.configuration:
        return now
    return replace(now, configuration={**now.configuration, **rows_of(_NEVER_OPEN)})


def _silent(found: Mapping[str, Consumer] | None, now: Mapping[str, Consumer] | None) -> list[str]:
    if found is None or now is None:
        return []
    then = [
        f"which queues {one.node} consumed when the window opened is unknown: it did not answer"
        for one in found.values()
        if one.queues is None
    ]
    return then + [
        f"which queues {one.node} consumes now is unknown: it does not answer"
        for one in now.values()
        if one.queues is None
    ]


def _rows(found: Found, now: Found) -> Iterator[Difference]:
    was, is_now = found.configuration, now.configuration
    if was is None or is_now is None:
        return
    asked = drift(was, _NEVER_OPEN) is not None
    for key in sorted({*was, *is_now} - {*found.withheld, *now.withheld, "maintenance_mode"}):
        before, after = _value(was, key), _value(is_now, key)
        if before == after or (asked and key in DESCRIPTIONS):
            continue
        if before is not None and after is not None:
            how, undo = _WRITTEN, WriteRow(key=key, value=was[key])
        elif before is not None:
            how, undo = "somebody deleted it: insert it again with what else your table needs", None
        else:
            how, undo = "it was not there: delete it if nothing relies on it", None
        yield Difference(kind=Kind.ROW, what=key, was=before, now=after, how=how, undo=undo)


def _value(rows: Mapping[str, str | None], key: str) -> str | None:
    """As people read it; None when there is no such row."""
    if key not in rows:
        return None
    value = rows[key]
    return "NULL" if value is None else value


def _plans(
    found: Mapping[str, PlannedWindow] | None, now: Mapping[str, PlannedWindow] | None
) -> Iterator[Difference]:
    if found is None or now is None:
        return
    for plan_id in sorted({*found, *now}):
        was, is_now = found.get(plan_id), now.get(plan_id)
        if was is not None and is_now is not None and was.revision == is_now.revision:
            continue
        if is_now is None:
            how = "it was cancelled meanwhile: plan it again with `maintenance schedule add`"
        elif was is None:
            how = "it was planned meanwhile: `maintenance schedule cancel` if it should not be"
        else:
            how = "it was changed meanwhile: `maintenance schedule change`"
        yield Difference(kind=Kind.PLAN, what=plan_id, was=_planned(was), now=_planned(is_now), how=how)


def _planned(plan: PlannedWindow | None) -> str | None:
    return None if plan is None else f"revision {plan.revision} {plan.plan}".rstrip()


def _texts(
    kind: Kind, found: Mapping[str, str] | None, now: Mapping[str, str] | None, how: str
) -> Iterator[Difference]:
    if found is None or now is None:
        return
    for name in sorted({*found, *now}):
        if found.get(name) != now.get(name):
            yield Difference(kind=kind, what=name, was=found.get(name), now=now.get(name), how=how)


def _sessions(found: Found, now: Found) -> Iterator[Difference]:
    if found.generation != now.generation:
        yield Difference(
            kind=Kind.SESSIONS,
            what="generation",
            was=str(found.generation.number),
            now=str(now.generation.number),
            how="sessions that were ended stay ended: people sign in again",
        )
