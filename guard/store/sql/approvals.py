"""Requests for a second person, in the database. It decides who was first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from guard.core.access import Deed
from guard.core.admission import ApprovalView
from guard.store.sql.engine import patiently, reported
from guard.store.sql.schema import APPROVALS

if TYPE_CHECKING:
    from sqlalchemy import Row

    from guard.store.sql.store import SqlStore

__all__ = ["SqlApprovals"]

_COLUMN = APPROVALS.c
_KEPT_SECONDS = 7 * 24 * 3600.0
"""The journal keeps what was approved; a row is kept for a week, for whoever looks at the page."""


class SqlApprovals:
    """The approvals of one installation. Every call may raise StoreUnavailable."""

    def __init__(self, durable: SqlStore) -> None:
        self._durable = durable

    def add(self, approval: ApprovalView) -> None:
        """Keep a new request, and forget old ones."""
        self._durable.require_ready()
        values = {
            "approval_id": approval.approval_id,
            "deed": approval.deed.value,
            "digest": approval.digest,
            "request": approval.request,
            "asked_by": approval.asked_by,
            "asked_at": approval.asked_at,
            "expires_at": approval.expires_at,
        }
        with reported(), self._durable.engine.begin() as connection:
            connection.execute(delete(APPROVALS).where(_COLUMN.asked_at < approval.asked_at - _KEPT_SECONDS))
            connection.execute(APPROVALS.insert().values(**values))

    def find(self, approval_id: str) -> ApprovalView | None:
        """One by its id."""
        self._durable.require_ready()
        with reported():
            return self._find(approval_id)

    @patiently
    def _find(self, approval_id: str) -> ApprovalView | None:
        with self._durable.engine.connect() as connection:
            row = connection.execute(select(APPROVALS).where(_COLUMN.approval_id == approval_id)).first()
        return _approval(row) if row is not None else None

    def open(self, *, asked_by: str, digest: str, now: float) -> ApprovalView | None:
        """The same request by the same person, if it was asked already and can still be used."""
        self._durable.require_ready()
        query = select(APPROVALS).where(
            _COLUMN.digest == digest,
            _COLUMN.asked_by == asked_by,
            _COLUMN.expires_at > now,
            _COLUMN.refused_by.is_(None),
            _COLUMN.used_at.is_(None),
        )
        with reported(), self._durable.engine.connect() as connection:
            row = connection.execute(query.order_by(_COLUMN.asked_at.desc())).first()
        return _approval(row) if row is not None else None

    def recent(self, limit: int = 100) -> list[ApprovalView]:
        """The last ones, the newest first."""
        self._durable.require_ready()
        query = select(APPROVALS).order_by(_COLUMN.asked_at.desc(), _COLUMN.approval_id).limit(limit)
        with reported(), self._durable.engine.connect() as connection:
            return [_approval(row) for row in connection.execute(query)]

    def approve(self, approval_id: str, *, by: str, at: float) -> bool:
        """Whether it is approved by this call, and waited until now."""
        return self._settle(approval_id, at, approved_by=by, approved_at=at)

    def refuse(self, approval_id: str, *, by: str, at: float) -> bool:
        """Whether it is refused by this call, and waited until now."""
        return self._settle(approval_id, at, refused_by=by)

    def _settle(self, approval_id: str, at: float, **values: object) -> bool:
        with reported(), self._durable.engine.begin() as connection:
            done = connection.execute(
                APPROVALS.update()
                .where(
                    _COLUMN.approval_id == approval_id,
                    _COLUMN.expires_at > at,
                    _COLUMN.approved_by.is_(None),
                    _COLUMN.refused_by.is_(None),
                    _COLUMN.used_at.is_(None),
                )
                .values(**values)
            )
            return done.rowcount == 1

    def use(self, approval: ApprovalView, *, at: float) -> bool:
        """Whether it is used up by this call: approved, for this digest, and by nobody before."""
        with reported(), self._durable.engine.begin() as connection:
            done = connection.execute(
                APPROVALS.update()
                .where(
                    _COLUMN.approval_id == approval.approval_id,
                    _COLUMN.digest == approval.digest,
                    _COLUMN.expires_at > at,
                    _COLUMN.approved_by.is_not(None),
                    _COLUMN.refused_by.is_(None),
                    _COLUMN.used_at.is_(None),
                )
                .values(used_at=at)
            )
            return done.rowcount == 1


def _approval(row: Row[Any]) -> ApprovalView:
    return ApprovalView(
        approval_id=row.approval_id,
        deed=Deed(row.deed),
        digest=row.digest,
        request=row.request,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        approved_by=row.approved_by or "",
        approved_at=row.approved_at,
        refused_by=row.refused_by or "",
        used_at=row.used_at,
    )
