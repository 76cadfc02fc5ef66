"""A run: one part after another, each within its time, and a manifest that is true at every moment.

The manifest is written before the first part and after each: whoever kills the run finds in it what was
collected, and that it is not complete.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from guard.core.amounts import in_bytes
from guard.core.evidence import (
    MANIFEST,
    NOT_BEGUN,
    SUMS,
    Manifest,
    PartRecord,
    PartStatus,
    checksum_lines,
)
from guard.errors import GuardError
from guard.evidence.parts import Missing
from guard.evidence.sink import RESERVE, NoRoom, Sink, Stopped, ToolFailed
from guard.settings.masking import mask_url

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from guard.evidence.folder import Folder
    from guard.evidence.parts import Part
    from guard.ports import Clock

__all__ = ["Collecting"]

_LONGEST_WHY = 500
_LAST_MOMENT_SECONDS = 2.0
"""How long a collector that was told to stop is waited for: long enough for a tool to die."""


@dataclass(slots=True)
class _Ending:
    """How a collector ended, told by its thread."""

    note: str = ""
    error: BaseException | None = None
    done: threading.Event = field(default_factory=threading.Event)


class Collecting:
    """Collects the parts into a folder.

    Args:
        limit: seconds for each part.
        seen: called before each part, with how many are done, how many there are, and its name.
    """

    def __init__(
        self,
        folder: Folder,
        parts: Sequence[Part],
        *,
        clock: Clock,
        limit: float,
        reserve: int = RESERVE,
        seen: Callable[[int, int, str], None] | None = None,
    ) -> None:
        self._folder = folder
        self._parts = parts
        self._clock = clock
        self._limit = limit
        self._reserve = reserve
        self._seen = seen or (lambda _done, _total, _name: None)
        self._cut: PartRecord | None = None
        """The part in whose middle the run was ended."""

    def run(self, manifest: Manifest) -> tuple[Manifest, str]:
        """Collect everything. An interruption leaves a manifest that says incomplete, and goes on its way.

        Args:
            manifest: of this run, with its parts as not begun.

        Returns:
            The manifest as it was written, and its SHA-256.
        """
        self._write(manifest)
        try:
            for number, part in enumerate(self._parts):
                self._seen(number, len(self._parts), part.name)
                manifest = manifest.having(self._collect(part))
                self._write(manifest)
        except BaseException as error:
            why = "interrupted" if isinstance(error, KeyboardInterrupt) else type(error).__name__
            if self._cut is not None:
                manifest = manifest.having(self._cut)
            self._write(_interrupted(manifest, why).ended(self._clock.wall(), complete=False))
            raise
        manifest = manifest.ended(self._clock.wall(), complete=True)
        return manifest, self._write(manifest)

    def begun(self, *, evidence_id: str, by: str, host: str) -> Manifest:
        """The manifest of a run of which nothing is done yet."""
        return Manifest(
            evidence_id=evidence_id,
            by=by,
            host=host,
            began_at=self._clock.wall(),
            parts=tuple(
                PartRecord(name=part.name, status=PartStatus.MISSING, why=NOT_BEGUN) for part in self._parts
            ),
        )

    def _write(self, manifest: Manifest) -> str:
        text = json.dumps(manifest.to_dict(), indent=2).encode() + b"\n"
        digest = sha256(text).hexdigest()
        self._folder.write_whole(MANIFEST, text)
        self._folder.write_whole(SUMS, checksum_lines(manifest, digest).encode())
        return digest

    def _collect(self, part: Part) -> PartRecord:
        began = self._clock.boot()
        sink = Sink(
            self._folder.create(part.file),
            path=self._folder.path / part.file,
            free_bytes=self._folder.free_bytes,
            reserve=self._reserve,
        )
        ending = _Ending()
        # A thread, since a file on a network disk that is away blocks whoever reads it, for hours.
        worker = threading.Thread(
            target=self._in_thread, args=(part, sink, ending), name=f"evidence-{part.name}", daemon=True
        )
        worker.start()
        try:
            in_time = ending.done.wait(self._limit)
            if not in_time:
                sink.stop()
                ending.done.wait(_LAST_MOMENT_SECONDS)
        except BaseException:
            sink.stop()
            sink.close()
            cut = _Ending(error=Stopped())
            self._cut = self._record(part, sink, cut, round(self._clock.boot() - began, 3))
            raise
        sink.close()
        seconds = round(self._clock.boot() - began, 3)
        if not in_time:
            ending.error = TimeoutError(f"it took longer than {self._limit:g} s")
        return self._record(part, sink, ending, seconds)

    def _in_thread(self, part: Part, sink: Sink, ending: _Ending) -> None:
        try:
            self._require_room(part)
            ending.note = part.collect(sink)
        except BaseException as error:  # noqa: BLE001 - told to the thread that waits
            ending.error = error
        finally:
            ending.done.set()

    def _require_room(self, part: Part) -> None:
        needs = part.needs()
        free = self._folder.free_bytes()
        if free - (needs or 0) < self._reserve:
            about = f"about {in_bytes(needs)} are needed" if needs else "it would write"
            raise Missing(
                f"{about}, {in_bytes(free)} are free, and {in_bytes(self._reserve)} of them stay free"
            )

    def _record(self, part: Part, sink: Sink, ending: _Ending, seconds: float) -> PartRecord:
        why = (ending.note if ending.error is None else _why(ending.error))[:_LONGEST_WHY]
        status = PartStatus.COLLECTED
        if ending.error is not None:
            nothing = isinstance(ending.error, Missing) and sink.size == 0
            status = PartStatus.MISSING if nothing else PartStatus.FAILED
        if status is not PartStatus.COLLECTED and sink.size == 0:
            self._folder.remove(part.file)
            return PartRecord(name=part.name, status=status, seconds=seconds, why=why)
        return PartRecord(
            name=part.name,
            status=status,
            file=part.file,
            size=sink.size,
            sha256=sink.sha256,
            seconds=seconds,
            why=why,
        )


def _interrupted(manifest: Manifest, why: str) -> Manifest:
    for part in manifest.parts:
        if part.why == NOT_BEGUN:
            manifest = manifest.having(
                PartRecord(name=part.name, status=PartStatus.MISSING, why=f"the run was ended before: {why}")
            )
    return manifest


def _why(error: BaseException) -> str:
    if isinstance(error, (Missing, ToolFailed, NoRoom, TimeoutError, GuardError)):
        return mask_url(str(error) or type(error).__name__)
    if isinstance(error, Stopped):
        return "it was stopped"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    # What a foreign library says may hold an address with a password: its kind alone.
    return f"unexpected {type(error).__name__}"
