"""How big a database is, asked of its server: for the room on the disk, so a guess will do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from guard.store.sql.engine import make_engine

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

__all__ = ["ask_size"]


def ask_size(url: URL, statement: str) -> int | None:
    """The one number that a constant statement selects; None when nobody says it."""
    try:
        engine = make_engine(url.render_as_string(hide_password=False), ours=False)
        with engine.connect() as connection:
            found = connection.execute(text(statement)).scalar()
    except (SQLAlchemyError, ModuleNotFoundError, OSError):
        return None
    return int(found) if found is not None else None
