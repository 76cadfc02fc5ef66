"""Alerts in the database: kept until somebody has seen to them, and for the history.

Rules of this file:

- At most one alert stands of each key: a unique column says so, whoever raises at once. What is over gives
  its key back.
- Each change is made only if the row is still as it was read; who was slower is told so.
- What people are told of an alert is written to the outbox in the transaction of the alert: by mail there is
  none that is not kept, and none is told twice.
"""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from guard.core.alerts import Alert, AlertState, KeptAlert, Severity
from guard.core.named_events import EventName, not_announced
from guard.store.sql.engine import patiently, reported
from guard.store.sql.outbox import write_deliveries
from guard.store.sql.schema import ALERTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import ColumnElement, Connection, Row

    from guard.core.deliveries import Delivery
    from guard.core.named_events import Announces
    from guard.store.sql.store import SqlStore

__all__ = ["SqlAlerts"]

log = logging.getLogger(__name__)

_LEVELS = {
    Severity.CRITICAL: logging.CRITICAL,
    Severity.WARNING: logging.WARNING,
    Severity.INFO: logging.INFO,
}
_LONGEST_MESSAGE = 500
_GREATEST = 2**63 - 1
"""The greatest number of a row."""
_LONGEST_NAME = 100
_STANDING = (AlertState.OPEN.value, AlertState.ACKNOWLEDGED.value)


class SqlAlerts:
    """The alerts of one installation. Every call may raise StoreUnavailable.

    Args:
        deliveries: of an alert that was ``raised``, ``repeated`` or is ``over``, with a key of this stage.
    """

    def __init__(
        self,
        durable: SqlStore,
        *,
        deliveries: Callable[[Alert, str, str], Sequence[Delivery]] = lambda *_: (),
        announce: Announces = not_announced,
    ) -> None:
        self._durable = durable
        self._deliveries = deliveries
        self._announce = announce

    def raise_alert(self, alert: Alert) -> None:
        """Log something that happened, and keep it.

        Raises:
            StoreUnavailable: it was logged, and is not kept.
        """
        _log(alert)
        self._durable.prepare_telling()
        with reported():
            self._insert(alert)
        self._announce(EventName.ALERT_RAISED, **_said(alert))

    def raise_once(self, alert: Alert, key: str, *, lasts: bool = True) -> KeptAlert | None:
        """Raise an alert unless one of this key stands. None, and nothing logged, when one does.

        Args:
            key: 1 to 191 characters.
            lasts: False: it is something that happened, and its key is never given back: it is said once for
                good.
        """
        state = AlertState.OPEN if lasts else AlertState.NOTED
        self._durable.prepare_telling()
        with reported():
            alert_id = self._insert_once(alert, key, state)
        if alert_id is None:
            return None
        _log(alert)
        self._announce(EventName.ALERT_RAISED, **_said(alert))
        return KeptAlert(
            alert_id=alert_id, alert=alert, state=state, key=key, count=1, last_told_at=alert.at
        )

    def repeat(self, kept: KeptAlert, message: str, *, now: float) -> KeptAlert | None:
        """Note that it is told again, with the sentence of now. None when another process did, or it does not
        stand open any more."""
        changed = self._change(
            kept,
            {"count": kept.count + 1, "last_told_at": now, "message": message[:_LONGEST_MESSAGE]},
            (ALERTS.c.state == AlertState.OPEN.value) & (ALERTS.c.last_told_at == kept.last_told_at),
            told=(replace(kept.alert, message=message[:_LONGEST_MESSAGE]), "repeated", str(kept.count + 1)),
        )
        if changed is not None:
            _log(changed.alert)
            self._announce(EventName.ALERT_REPEATED, **_said(changed.alert))
        return changed

    def acknowledge(self, kept: KeptAlert, *, by: str, now: float) -> KeptAlert | None:
        """Note that somebody sees to it; one that merely happened has been seen, and is over. None when it is
        not as it was read any more."""
        values: dict[str, Any] = {"acknowledged_by": by[:_LONGEST_NAME], "acknowledged_at": now}
        if kept.state is AlertState.NOTED:
            values["state"] = AlertState.RESOLVED.value
            values |= {"resolved_by": by[:_LONGEST_NAME], "resolved_at": now}
        else:
            values["state"] = AlertState.ACKNOWLEDGED.value
        return self._change(kept, values, _as_read(kept))

    def resolve(self, kept: KeptAlert, *, now: float, by: str = "", why: str = "") -> KeptAlert | None:
        """End it. None when it is not as it was read any more.

        Args:
            by: the person who says so; empty: it ended by itself.
            why: why it is over, in one sentence.
        """
        values = {
            "state": AlertState.RESOLVED.value,
            # what merely happened keeps its key: it is not said again
            "alert_key": None if kept.stands else kept.key or None,
            "resolved_by": by[:_LONGEST_NAME],
            "resolved_at": now,
            "detail": _json({**kept.alert.detail, "resolved": why}) if why else _json(kept.alert.detail),
        }
        over = replace(kept.alert, at=now, message=_over(kept.alert, why)) if kept.stands and not by else None
        changed = self._change(
            kept, values, _as_read(kept), told=(over, "over", "over") if over is not None else None
        )
        if changed is not None:
            log.info("alert (%s) is over: %s", kept.alert.kind, why or f"{by} says so")
            self._announce(EventName.ALERT_OVER, **_said(kept.alert))
        return changed

    def recent(self, limit: int) -> list[Alert]:
        """The last alerts, newest first."""
        return [kept.alert for kept in self.history(limit)]

    def history(self, limit: int) -> list[KeptAlert]:
        """The last alerts with what became of them, newest first."""
        return self._select(None, limit)

    def waiting(self, limit: int) -> list[KeptAlert]:
        """Those that want a person's attention, newest first: they stand, or nobody has seen them."""
        return self._select(
            or_(ALERTS.c.state.is_(None), ALERTS.c.state != AlertState.RESOLVED.value), limit
        )

    def standing(self) -> list[KeptAlert]:
        """Those that stand, newest first."""
        return self._select(ALERTS.c.state.in_(_STANDING), None)

    def get(self, alert_id: int) -> KeptAlert | None:
        """One alert; None when there is none of this number."""
        if alert_id > _GREATEST:  # SQLite's driver would raise
            return None
        return next(iter(self._select(ALERTS.c.seq == alert_id, 1)), None)

    # -- inside ----------------------------------------------------------------------------------

    def _select(self, where: ColumnElement[bool] | None, limit: int | None) -> list[KeptAlert]:
        self._durable.require_ready()
        query = select(ALERTS).order_by(ALERTS.c.seq.desc()).limit(limit)
        if where is not None:
            query = query.where(where)
        with reported(), self._durable.engine.connect() as connection:
            return [_kept(row) for row in connection.execute(query)]

    @patiently
    def _insert(self, alert: Alert) -> None:
        self._durable.require_ready()
        with self._durable.engine.begin() as connection:
            made: Any = connection.execute(ALERTS.insert().values(**_values(alert)))
            self._tell(connection, int(made.inserted_primary_key[0]), alert, "raised", "raised")

    @patiently
    def _insert_once(self, alert: Alert, key: str, state: AlertState) -> int | None:
        self._durable.require_ready()
        values = {"state": state.value, "alert_key": key, "count": 1, "last_told_at": alert.at}
        there = select(ALERTS.c.seq).where(ALERTS.c.alert_key == key)
        try:
            with self._durable.engine.begin() as connection:
                if connection.execute(there).first() is not None:
                    return None
                made: Any = connection.execute(ALERTS.insert().values(**_values(alert), **values))
                alert_id = int(made.inserted_primary_key[0])
                self._tell(connection, alert_id, alert, "raised", "raised")
        except IntegrityError:
            return None  # another process was faster
        return alert_id

    def _change(
        self,
        kept: KeptAlert,
        values: dict[str, Any],
        as_read: ColumnElement[bool],
        *,
        told: tuple[Alert, str, str] | None = None,
    ) -> KeptAlert | None:
        if told is not None:
            self._durable.prepare_telling()
        with reported():
            if not self._update(kept.alert_id, values, as_read, told):
                return None
        return self.get(kept.alert_id)

    @patiently
    def _update(
        self,
        alert_id: int,
        values: dict[str, Any],
        as_read: ColumnElement[bool],
        told: tuple[Alert, str, str] | None,
    ) -> bool:
        self._durable.require_ready()
        with self._durable.engine.begin() as connection:
            changed = connection.execute(
                ALERTS.update().where(ALERTS.c.seq == alert_id, as_read).values(**values)
            )
            if changed.rowcount == 1 and told is not None:
                self._tell(connection, alert_id, *told)
            return changed.rowcount == 1

    def _tell(self, connection: Connection, alert_id: int, alert: Alert, stage: str, key: str) -> None:
        try:
            deliveries = self._deliveries(alert, stage, f"{alert_id}|{key}")
        except Exception:  # no message is a reason to lose the alert
            log.exception("nobody will be told of an alert (%s)", alert.kind)
            return
        write_deliveries(connection, deliveries)


def _as_read(kept: KeptAlert) -> ColumnElement[bool]:
    if kept.state is AlertState.NOTED:
        return or_(ALERTS.c.state.is_(None), ALERTS.c.state == AlertState.NOTED.value)
    return ALERTS.c.state == kept.state.value


def _values(alert: Alert) -> dict[str, Any]:
    return {
        "at": alert.at,
        "severity": alert.severity.value,
        "kind": alert.kind,
        "message": alert.message[:_LONGEST_MESSAGE],
        "detail": _json(alert.detail),
    }


def _over(alert: Alert, why: str) -> str:
    return f"over: {alert.message}; {why}"[:_LONGEST_MESSAGE]


def _json(detail: Any) -> str:
    return json.dumps(dict(detail), sort_keys=True, default=str)


def _kept(row: Row[Any]) -> KeptAlert:
    return KeptAlert(
        alert_id=int(row.seq),
        alert=Alert(
            at=row.at,
            severity=Severity(row.severity),
            kind=row.kind,
            message=row.message,
            detail=json.loads(row.detail),
        ),
        state=AlertState(row.state) if row.state is not None else AlertState.NOTED,
        key=row.alert_key or "",
        count=row._mapping["count"] or 1,  # noqa: SLF001 - a row is a tuple, which has a method of this name
        last_told_at=row.last_told_at if row.last_told_at is not None else row.at,
        acknowledged_by=row.acknowledged_by or "",
        acknowledged_at=row.acknowledged_at,
        resolved_by=row.resolved_by or "",
        resolved_at=row.resolved_at,
    )


def _said(alert: Alert) -> dict[str, str]:
    return {"kind": alert.kind, "severity": alert.severity.value, "text": alert.message}


def _log(alert: Alert) -> None:
    log.log(_LEVELS[alert.severity], "alert (%s): %s", alert.kind, alert.message)
