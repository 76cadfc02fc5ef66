"""Who is an admin: `users.role`, the only place that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import String, select, type_coerce

from guard.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from guard.sessions.database import ApplicationDatabase

__all__ = ["SqlUsers"]


class SqlUsers:
    """The application's users."""

    def __init__(self, database: ApplicationDatabase) -> None:
        self._database = database

    def roles(self, user_ids: Collection[int]) -> dict[int, str | None]:
        """The roles of these users, as stored; None: there is no such user; empty: the account is switched
        off, which is nobody's role.

        Raises:
            StoreUnavailable: the database did not answer, or has no users.
        """
        return self._database.run(lambda connection: self._roles(connection, sorted(set(user_ids))))

    def _roles(self, connection: Connection, user_ids: list[int]) -> dict[int, str | None]:
        users = self._database.table(connection, "users", needs=("id", "role"), may_have=("is_active",))
        if users is None:
            raise StoreUnavailable("the application's database has no table users with id and role")
        # As text: a value that the enumeration of the column does not name is no reason to fail.
        columns = [users.c.id, type_coerce(users.c.role, String).label("role")]
        if "is_active" in users.c:
            columns.append(users.c.is_active)
        rows = connection.execute(select(*columns).where(users.c.id.in_(user_ids))).all()
        known = {
            int(row.id): ""
            if len(row) > 2 and row.is_active is not None and not row.is_active
            else row.role or ""
            for row in rows
        }
        return {user_id: known.get(user_id) for user_id in user_ids}
