"""`Guard.bypasses`: tokens with which some work passes while closed: made, listed, revoked, asked for."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from guard.api.journal import note
from guard.core.bypass import BypassUse, BypassView, bypass_of, issue_bypass
from guard.core.named_events import EventName
from guard.errors import InvalidRequest, StoreError

if TYPE_CHECKING:
    from guard.api.parts import Parts

__all__ = ["Bypasses"]

_LONGEST_NAME = 100
_COUNTED_SECONDS = 24 * 3600.0
"""How long after its end the uses of a bypass are still known."""


class Bypasses:
    """The bypasses of an app."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def make(self, *operations: str, by: str, holder: str, seconds: int, user: str = "") -> str:
        """As `Guard.bypass`, which is this."""
        parts = self._parts
        problems = [
            f"{name} is too long or no plain text: up to {_LONGEST_NAME} characters on one line"
            for name, value in (("holder", holder), ("user", user))
            if len(value) > _LONGEST_NAME or not value.isprintable()
        ]
        if not operations:
            problems.append("a bypass is for at least one operation: name it")
        if problems:
            raise InvalidRequest(*problems)
        names = sorted({parts.registry.kind(operation).name for operation in operations})
        now, bypass_id = parts.clock.wall(), uuid.uuid4().hex
        token = issue_bypass(
            operations=names,
            by=by,
            holder=holder,
            seconds=seconds,
            secret=parts.settings.secret,
            now=now,
            bypass_id=bypass_id,
            user=user,
        )
        view = BypassView(
            bypass_id=bypass_id,
            operations=tuple(names),
            holder=holder,
            user=user,
            made_at=now,
            made_by=by,
            until=now + seconds,
        )
        parts.stores.bypasses.add(view)
        detail = {
            "bypass": bypass_id,
            "operations": names,
            "holder": holder,
            "user": user,
            "seconds": seconds,
        }
        note(parts, "bypass", by=by, detail=detail)
        parts.stores.bypass_marks.allow(bypass_id, seconds=seconds)
        parts.announcer.announce(
            EventName.BYPASS_GIVEN,
            bypass_id=bypass_id,
            holder=holder,
            user=user,
            operations=names,
            seconds=seconds,
            by=by,
        )
        return token

    def list(self, limit: int = 200) -> list[BypassView]:
        """The last that were made, the newest first, with how often each was used. Never the tokens."""
        now, counted = self._parts.clock.wall(), self._uses()
        return [
            replace(view, uses=counted[view.bypass_id])
            if counted is not None and view.until > now - _COUNTED_SECONDS
            else view
            for view in self._parts.stores.bypasses.recent(limit)
        ]

    def revoke(self, bypass_id: str, *, by: str) -> BypassView:
        """From now on it lets nothing pass, in any process; what runs by it goes on. May be repeated.

        Raises:
            InvalidRequest: there is none.
            StoreUnavailable: a store did not answer. If that was Redis, repeat it: while Redis is away the
                bypass does not count, and when it is back it may.
        """
        from guard.core.changes import checked_actor

        by, stores = checked_actor(by), self._parts.stores
        found = stores.bypasses.find(bypass_id[:36])
        if found is None:
            raise InvalidRequest(f"there is no bypass {bypass_id[:40]!r}")
        if stores.bypasses.revoke(found.bypass_id, by=by, at=self._parts.clock.wall()):
            detail = {"bypass": found.bypass_id, "holder": found.holder}
            note(self._parts, "revoke bypass", by=by, detail=detail)
        stores.bypass_marks.revoke(found.bypass_id)
        self._parts.announcer.announce(
            EventName.BYPASS_REVOKED, bypass_id=found.bypass_id, holder=found.holder, by=by
        )
        return stores.bypasses.find(found.bypass_id) or found

    def lets_pass(self, token: str, *, operation: str, user: str = "") -> bool:
        """Whether a request of this operation by this user passes now by a bypass; if so it is a use, which
        is counted and journaled. While no window is open nothing needs one.

        A token that was made for a user counts in that user's requests alone. One that can be revoked counts
        only if Redis says that it stands. Costs two round trips.

        Raises:
            InvalidRequest: there is no such operation.
        """
        parts = self._parts
        kind = parts.registry.kind(operation)
        said = bypass_of(token, operation=kind.name, secret=parts.settings.secret, now=parts.clock.wall())
        if said is None or not parts.runtime.honours_bypass() or (said.user and said.user != user):
            return False
        use = BypassUse(
            bypass_id=said.bypass_id,
            holder=said.holder,
            by=said.by,
            user=user[:_LONGEST_NAME],
            operation=kind.name,
        )
        marks = parts.stores.bypass_marks
        try:
            if said.bypass_id and not marks.stands(said.bypass_id):
                return False
            marks.note_use(use)  # one that cannot be audited does not count
        except StoreError:
            return False
        parts.announcer.announce(
            EventName.BYPASS_USED,
            bypass_id=use.bypass_id,
            holder=use.holder,
            given_by=use.by,
            user=use.user,
            operation=use.operation,
            task_id="",
            task="",
        )
        return True

    def _uses(self) -> Counter[str] | None:
        try:
            found = self._parts.stores.bypass_marks.uses()
        except StoreError:
            return None
        counted: Counter[str] = Counter()
        for use, count in found.items():
            counted[use.bypass_id] += count
        return counted
