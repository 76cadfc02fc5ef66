"""A glance at the durable store: the state and the configuration rows, by the database driver alone.

Every worker asks every few seconds, and SQLAlchemy would cost each of them 12 MB and 0.2 s of its start.
So what is usual is read here; whatever is not (another database, options in the address, tables that
are missing, half migrated or newer) is left to the whole store, which knows what to do or to say.
"""

from __future__ import annotations

from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from guard.store.sql.drivers import Unusual, driver_for
from guard.store.sql.names import CONFIGURATION_TABLES, VERSION_TABLE, only_adds, revisions
from guard.store.sql.rows import STATE_COLUMNS, state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from guard.core.state import GuardState
    from guard.ports import DurableReader

__all__ = ["Glance"]

_STATE = (
    f"SELECT (SELECT max(version_num) FROM {VERSION_TABLE}), {', '.join(STATE_COLUMNS)} "  # noqa: S608 - constants
    "FROM guard_state WHERE id = 1"
)


class Glance:
    """Reads, and never writes.

    Args:
        url: SQLAlchemy URL.
        whole: gives the whole store; called when a glance does not do.
        timeout: seconds to connect, and to wait for an answer.
    """

    def __init__(self, url: str, whole: Callable[[], DurableReader], *, timeout: float = 3.0) -> None:
        self._driver = driver_for(url, timeout=timeout)
        self._whole = whole

    def read(self) -> GuardState:
        """The state. Raises as `ports.StateStore.read`."""
        with suppress(Unusual):
            for version, *values in self._rows(_STATE):
                if version == revisions()[-1] or only_adds(version):
                    return state_of(SimpleNamespace(**dict(zip(STATE_COLUMNS, values, strict=True))))
        return self._whole().read()

    def configuration_rows(self) -> dict[str, str | None]:
        """The guides' rows. Raises as `ports.DurableStore.configuration_rows`."""
        from guard.core.configuration import DESCRIPTIONS

        keys = ", ".join(f"'{key}'" for key in DESCRIPTIONS)
        for table in CONFIGURATION_TABLES:
            with suppress(Unusual):
                found = self._rows(f"SELECT `key`, `value` FROM {table} WHERE lower(`key`) IN ({keys})")  # noqa: S608 - constants
                return {str(key).lower(): value for key, value in found}
        return self._whole().configuration_rows()

    def _rows(self, statement: str) -> Sequence[tuple[Any, ...]]:
        if self._driver is None:
            raise Unusual
        return self._driver.rows(statement)
