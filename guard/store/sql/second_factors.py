"""Second factors in the database: an encrypted seed, digests of break-glass codes, and what was used up.

The database decides who was first: a code counts for the one statement that moves its row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from guard.core.one_time_codes import SecondFactor
from guard.store.sql.engine import patiently, reported
from guard.store.sql.schema import BREAK_GLASS, SECOND_FACTORS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guard.store.sql.store import SqlStore

__all__ = ["SqlSecondFactors"]

_FACTOR = SECOND_FACTORS.c
_CODE = BREAK_GLASS.c


class SqlSecondFactors:
    """The second factors of one installation. Every call may raise StoreUnavailable."""

    def __init__(self, durable: SqlStore) -> None:
        self._durable = durable

    def find(self, owner: str) -> SecondFactor | None:
        """What is kept for an owner."""
        self._durable.require_ready()
        with reported():
            return self._find(owner)

    @patiently
    def _find(self, owner: str) -> SecondFactor | None:
        with self._durable.engine.connect() as connection:
            row = connection.execute(select(SECOND_FACTORS).where(_FACTOR.owner == owner)).first()
        if row is None or row.owner != owner:  # MySQL takes names for equal that are not
            return None
        return SecondFactor(
            owner=row.owner,
            seed=row.seed,
            enrolled_at=row.enrolled_at,
            confirmed_at=row.confirmed_at,
            last_period=row.last_period,
        )

    def put(self, owner: str, *, seed: str, digests: Sequence[str], at: float) -> bool:
        """Keep a new one in place of one that was never confirmed. False: a confirmed one is there."""
        self._durable.require_ready()
        with reported(), self._durable.engine.begin() as connection:
            connection.execute(
                delete(SECOND_FACTORS).where(_FACTOR.owner == owner, _FACTOR.confirmed_at.is_(None))
            )
            left = connection.execute(select(_FACTOR.owner).where(_FACTOR.owner == owner)).first()
            if left is not None:
                return False
            connection.execute(delete(BREAK_GLASS).where(_CODE.owner == owner))
            connection.execute(
                SECOND_FACTORS.insert().values(owner=owner, seed=seed, enrolled_at=at, last_period=0)
            )
            connection.execute(
                BREAK_GLASS.insert(),
                [{"digest": digest, "owner": owner, "made_at": at} for digest in digests],
            )
        return True

    def take(self, owner: str, *, period: int) -> bool:
        """Whether the code of this period is taken by this call, and by nobody before."""
        with reported(), self._durable.engine.begin() as connection:
            done = connection.execute(
                SECOND_FACTORS.update()
                .where(_FACTOR.owner == owner, _FACTOR.last_period < period)
                .values(last_period=period)
            )
            return done.rowcount == 1

    def confirm(self, owner: str, *, at: float) -> bool:
        """Whether it is confirmed by this call."""
        with reported(), self._durable.engine.begin() as connection:
            done = connection.execute(
                SECOND_FACTORS.update()
                .where(_FACTOR.owner == owner, _FACTOR.confirmed_at.is_(None))
                .values(confirmed_at=at)
            )
            return done.rowcount == 1

    def break_glass(self, owner: str, *, digest: str, at: float) -> bool:
        """Whether this one-time code is used up by this call, and by nobody before."""
        with reported(), self._durable.engine.begin() as connection:
            done = connection.execute(
                BREAK_GLASS.update()
                .where(_CODE.digest == digest, _CODE.owner == owner, _CODE.used_at.is_(None))
                .values(used_at=at)
            )
            return done.rowcount == 1

    def codes_left(self, owner: str) -> int:
        """How many break-glass codes an owner has not used."""
        query = select(func.count()).where(_CODE.owner == owner, _CODE.used_at.is_(None))
        with reported(), self._durable.engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def forget(self, owner: str) -> bool:
        """Whether there was one, which is gone now with its codes."""
        self._durable.require_ready()
        with reported(), self._durable.engine.begin() as connection:
            connection.execute(delete(BREAK_GLASS).where(_CODE.owner == owner))
            return connection.execute(delete(SECOND_FACTORS).where(_FACTOR.owner == owner)).rowcount == 1
