"""The one writer and reader of the jobs' results.

Every write is one upsert keyed by task id. A job that runs twice (late acknowledgement, a worker lost)
replaces its own row and raises `runs`, so that repeats stay visible. A fault of the connection is tried
again; then `runs` may count a write twice whose confirmation was lost.
"""

from __future__ import annotations

import os
import threading
import weakref
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from sqlalchemy import Table, func, select
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.exc import OperationalError
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from tasks.results.engine import make_engine
from tasks.results.schema import create_missing, job_batches, job_captions, job_images, metadata

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy import Engine, Insert

    from tasks.captions.captioner import Caption
    from tasks.images.optimize import OptimizedImage

BatchShape = Literal["chord", "group"]
BatchState = Literal["started", "dispatched", "done", "failed"]

PATIENCE_SECONDS: Final = 15.0
"""How long a write is tried again: a database server restarts within it."""
LONGEST_WAIT_SECONDS: Final = 3.0
"""Between two attempts."""


class ResultStore:
    """Writes and reads results; safe in threads and across forks.

    The engine is made at first use in each process, and a forked child forgets its parent's: two processes
    that speak through one socket mix up their answers.
    """

    def __init__(self, database_url: str) -> None:
        """Connects nothing. `database_url` as in `tasks.results.engine`; never shown again."""
        self._database_url = database_url
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        myself = weakref.ref(self)

        def forget_in_child() -> None:
            if store := myself():
                store._after_fork()  # noqa: SLF001 (its own; a bound method would keep the store alive for ever)

        os.register_at_fork(after_in_child=forget_in_child)

    def save_image(self, task_id: str, source: Path, image: OptimizedImage) -> None:
        """Record what the job `task_id` made of `source`.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: It could not be written within PATIENCE_SECONDS; nothing was, or
                only the confirmation was lost. Repeating is harmless. True of every `save_…`.
        """
        self._upsert(
            job_images,
            task_id,
            source=str(source),
            path=str(image.path),
            width=image.size[0],
            height=image.size[1],
            mode=image.mode,
            format=image.format,
            bytes_before=image.bytes_before,
            bytes_after=image.bytes_after,
        )

    def save_caption(self, task_id: str, source: Path, caption: Caption) -> None:
        """Record the caption that the job `task_id` made for `source`."""
        self._upsert(
            job_captions,
            task_id,
            source=str(source),
            text=caption.text,
            captioner=caption.captioner,
            is_ai=caption.is_ai,
            notes=list(caption.notes),
        )

    def save_batch(
        self,
        task_id: str,
        *,
        shape: BatchShape,
        state: BatchState,
        images: int,
        task_ids: Sequence[str],
        failure: str | None = None,
    ) -> None:
        """Record how far the batch `task_id` is; only `started` counts as a run, the rest ends it."""
        self._upsert(
            job_batches,
            task_id,
            counts_run=state == "started",
            shape=shape,
            state=state,
            images=images,
            task_ids=list(task_ids),
            failure=failure,
        )

    def row(self, table: Table, task_id: str) -> dict[str, Any] | None:
        """The row of one job by column name, or None when the job left none (yet)."""
        with self._ready().connect() as connection:
            found = (
                connection.execute(select(table).where(table.c.task_id == task_id)).mappings().one_or_none()
            )
            return dict(found) if found is not None else None

    def counts(self) -> dict[str, int]:
        """Rows by table name."""
        with self._ready().connect() as connection:
            return {
                table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in metadata.sorted_tables
            }

    def runs(self) -> dict[str, int]:
        """How often each job ended, by task id; of all jobs that left a row."""
        with self._ready().connect() as connection:
            return {
                task_id: runs
                for table in metadata.sorted_tables
                for task_id, runs in connection.execute(select(table.c.task_id, table.c.runs))
            }

    def close(self) -> None:
        """Close the connections of this process. The store may be used again and then opens new ones."""
        with self._lock:
            if self._engine is not None:
                self._engine.dispose()
                self._engine = None

    def __repr__(self) -> str:
        """Without the URL, which may hold a password."""
        return f"<ResultStore {'open' if self._engine else 'closed'}>"

    def _upsert(self, table: Table, task_id: str, *, counts_run: bool = True, **values: object) -> None:
        values["updated_at"] = datetime.now(UTC).replace(tzinfo=None)
        for attempt in _persistently():
            with attempt, self._ready().begin() as connection:
                connection.execute(
                    _upsert(connection.dialect.name, table, task_id, values, counts_run=counts_run)
                )

    def _ready(self) -> Engine:
        """The engine of this process, with the tables there."""
        with self._lock:
            if self._engine is None:
                engine = make_engine(self._database_url)
                try:
                    for attempt in _persistently():
                        with attempt:
                            create_missing(engine)
                except BaseException:
                    engine.dispose()
                    raise
                self._engine = engine
            return self._engine

    def _after_fork(self) -> None:
        # Nothing else runs in the child yet. The lock may have been held by a thread that does not exist
        # here; the connections stay the parent's: dropped, not closed, since closing says goodbye on the
        # parent's socket.
        self._lock = threading.Lock()
        if self._engine is not None:
            self._engine.dispose(close=False)
            self._engine = None


def _upsert(
    dialect: str, table: Table, task_id: str, values: dict[str, object], *, counts_run: bool
) -> Insert:
    runs = table.c.runs + (1 if counts_run else 0)
    row = {"task_id": task_id, "runs": 1, **values}
    if dialect == "sqlite":
        return (
            sqlite.insert(table)
            .values(row)
            .on_conflict_do_update(index_elements=[table.c.task_id], set_={**values, "runs": runs})
        )
    return mysql.insert(table).values(row).on_duplicate_key_update({**values, "runs": runs})


def _persistently() -> Retrying:
    # OperationalError: connection lost, deadlock, lock wait, "database is locked" (SQLite does not wait for
    # the lock that the switch to WAL takes). Also a wrong password: five retries then cost seconds, and hide
    # nothing.
    return Retrying(
        retry=retry_if_exception_type(OperationalError),
        stop=stop_after_delay(PATIENCE_SECONDS),
        wait=wait_random_exponential(multiplier=0.05, max=LONGEST_WAIT_SECONDS),
        reraise=True,
    )
