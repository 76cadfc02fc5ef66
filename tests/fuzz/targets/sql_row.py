"""The row of the guard state in SQL, edited by hand: SQLite takes any type in any column.

It is not signed: who may write to the database may open a window, and may end one. What must hold is that the
reader either understands the whole row, or says that it does not.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from guard.clock import SystemClock
from guard.core.configuration import drift
from guard.core.state import GuardState
from guard.errors import StoreError
from guard.store.sql.glance import Glance
from guard.store.sql.rows import STATE_COLUMNS, state_values
from guard.store.sql.store import SqlStore
from tests.fuzz.gatehouse import Gatehouse
from tests.fuzz.records import CLOSED, STATES, says_open
from tests.fuzz.strange import as_text, damaged, odd_texts, odd_values
from tests.fuzz.target import Target, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fuzz.target import Check, Place

_JSON = ("terms", "generation")
_cells = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([0, 1, -1, 2**31, 2**53, 2**63 - 1, 253_402_300_800]),
    st.floats(allow_nan=False),  # SQLite stores not-a-number as NULL
    odd_texts,
    st.binary(max_size=12),
)
_GUIDES = (
    "maintenance_mode",
    "maintenance_reason",
    "maintenance_duration",
    "maintenance_mode_type",
    "MAINTENANCE_MODE",
)


@st.composite
def _rows(draw: st.DrawFn) -> dict[str, Any]:
    right = state_values(draw(st.sampled_from(STATES)))
    row = dict(right)
    for name in draw(st.lists(st.sampled_from(STATE_COLUMNS), min_size=1, max_size=3)):
        if name in _JSON and draw(st.booleans()):
            row[name] = draw(damaged(json.loads(right[name])).flatmap(as_text))
        elif name in _JSON:
            row[name] = draw(odd_values.flatmap(as_text))
        elif name == "phase":
            row[name] = draw(
                st.sampled_from(["inactive", "releasing", "active", "open", "", None, 0, b"inactive"])
            )
        else:
            row[name] = draw(_cells)
    return row


@contextmanager
def _ready(place: Place) -> Iterator[Check]:
    path = place.folder / "guard.db"
    store = SqlStore(f"sqlite:///{path}", clock=SystemClock(), auto_migrate=True)
    store.migrate()
    glance = Glance(f"sqlite:///{path}", lambda: store)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        # Without the columns' rules: what an older release, a restored dump or another tool may have left.
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("ALTER TABLE guard_state RENAME TO strict_state")
        connection.execute(f"CREATE TABLE guard_state (id PRIMARY KEY, {', '.join(STATE_COLUMNS)})")

        def check(case: dict[str, Any]) -> str:
            if not _write(connection, case):
                return "SQLite does not take it"
            return _read_all(store, glance, case)

        try:
            yield check
        finally:
            store.close()


def _write(connection: sqlite3.Connection, case: dict[str, Any]) -> bool:
    try:
        marks = ", ".join("?" for _ in STATE_COLUMNS)
        connection.execute("BEGIN")
        connection.execute("DELETE FROM guard_state")
        connection.execute(
            f"INSERT INTO guard_state VALUES (1, {marks})",  # noqa: S608 - constants
            [case["row"].get(name) for name in STATE_COLUMNS],
        )
        connection.execute("DELETE FROM configuration")
        for key, value in case["guides"].items():
            connection.execute("INSERT INTO configuration VALUES (?, ?, '')", (key, value))
        connection.execute("COMMIT")
    except (sqlite3.Error, OverflowError, UnicodeEncodeError):
        connection.execute("ROLLBACK")
        return False
    return True


def _read_all(store: SqlStore, glance: Glance, case: dict[str, Any]) -> str:
    said: list[Any] = []
    for reader in (store, glance):
        try:
            said.append(reader.read())
        except StoreError as error:
            said.append(words_of(error))
    rows = []
    for reader in (store, glance):
        with suppress(StoreError):
            rows.append(reader.configuration_rows())
    state = said[0]
    if not isinstance(state, GuardState):
        assert not isinstance(said[1], GuardState), "a glance understands what the store does not"
        return str(state)
    assert said[1] == state, "a glance sees another state"
    for found in rows:
        wish = drift(found, state)
        assert wish is None or not wish.open_window or wish.mode, "a wish without a mode"
    house = Gatehouse(state, None)
    house.renew(lambda: CLOSED)
    if house.admits:
        fields = {"phase": case["row"]["phase"], "mode": case["row"]["mode"]}
        assert says_open(json.dumps(fields)), "the gate is open, and the row does not say so"
        return "open"
    return f"read: {state.gate.name}"


TARGET = Target(
    name="sql_row",
    promise="a row is understood as a whole or not at all, alike by both readers; wishes never raise",
    cases=st.fixed_dictionaries(
        {"row": _rows(), "guides": st.dictionaries(st.sampled_from(_GUIDES), _cells, max_size=4)}
    ),
    ready=_ready,
    seeds=[{"row": state_values(state), "guides": {"maintenance_mode": "true"}} for state in STATES],
    few=250,
)
