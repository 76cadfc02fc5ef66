"""The jobs' three tables. Keyed by Celery task id: one row per job, however often the job ran.

Portable between SQLite and MySQL/MariaDB. All moments are UTC without a zone, since MySQL's DATETIME has
none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import JSON, Boolean, Column, DateTime, Integer, MetaData, String, Table, Text
from sqlalchemy.schema import CreateTable

if TYPE_CHECKING:
    from sqlalchemy import Engine

metadata: Final = MetaData()


def _table(name: str, *columns: Column[object]) -> Table:
    return Table(
        name,
        metadata,
        # 155 as in Celery's own database backend: ids are UUIDs, but a caller may choose others.
        Column("task_id", String(155), primary_key=True),
        *columns,
        # How often the job ended: 1, or more when the broker delivered it again.
        Column("runs", Integer, nullable=False),
        Column("updated_at", DateTime, nullable=False),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
    )


job_images: Final = _table(
    "job_images",
    Column("source", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("width", Integer, nullable=False),  # pixels
    Column("height", Integer, nullable=False),
    Column("mode", String(16), nullable=False),
    Column("format", String(16), nullable=False),
    Column("bytes_before", Integer, nullable=False),
    Column("bytes_after", Integer, nullable=False),
)

job_captions: Final = _table(
    "job_captions",
    Column("source", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("captioner", String(100), nullable=False),
    Column("is_ai", Boolean, nullable=False),
    Column("notes", JSON, nullable=False),  # list of sentences
)

job_batches: Final = _table(
    "job_batches",
    Column("shape", String(16), nullable=False),  # chord | group
    Column("state", String(16), nullable=False),  # started | dispatched | done | failed
    Column("images", Integer, nullable=False),
    Column("task_ids", JSON, nullable=False),  # of the jobs in it, in order
    Column("failure", Text),  # why, when the state is failed
)


def create_missing(engine: Engine) -> None:
    """Create the tables that are not there. Several workers may do this at the same moment.

    `metadata.create_all` asks first and creates afterwards: the second of two workers then fails on a table
    that appeared in between. `IF NOT EXISTS` leaves the question to the server, which answers under its own
    lock.
    """
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(CreateTable(table, if_not_exists=True))
