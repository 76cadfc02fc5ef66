"""`Guard.evidence`: what an emergency leaves, copied into a folder before somebody cleans it up."""

from __future__ import annotations

import json
import socket
import uuid
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guard.core.named_events import EventName
from guard.errors import GuardError, InvalidRequest, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from guard.api.parts import Parts
    from guard.core.evidence import Manifest, Verification
    from guard.evidence.folder import Folder

__all__ = ["Collected", "EvidenceArea"]

ACTION = "evidence"
_LONGEST_MANIFEST = 16 * 2**20
_LINES = 200
"""Runs of evidence in the journal that a verification looks through."""
DEFAULT_LIMIT = 1800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """A run that came to its end.

    Attributes:
        folder: where it is.
        manifest_sha256: of its manifest: write it down elsewhere.
        journaled: whether the journal has this checksum.
    """

    folder: str
    manifest: Manifest
    manifest_sha256: str
    journaled: bool

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "folder": self.folder,
            "manifest_sha256": self.manifest_sha256,
            "journaled": self.journaled,
            "whole": self.manifest.is_whole,
            "manifest": self.manifest.to_dict(),
        }


class EvidenceArea:
    """The evidence of an app."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def collect(
        self,
        folder: str | Path,
        *,
        by: str,
        logs: Sequence[str] = (),
        limit: float = DEFAULT_LIMIT,
        seen: Callable[[int, int, str], None] | None = None,
    ) -> Collected:
        """Copy everything into a new folder that only this user can read. What cannot be had is in the
        manifest with its reason; nothing of the running system is changed.

        An interruption (KeyboardInterrupt) leaves a manifest that says it is not complete.

        Args:
            folder: that is not there yet, or is empty and ours. The folder above it must be there.
            by: who, for the journal and the manifest.
            logs: files and folders besides those of GUARD_EVIDENCE_LOGS.
            limit: seconds for each part, 1 to 86400.
            seen: called before each part with how many are done, how many there are, and its name.

        Raises:
            InvalidRequest: the folder cannot be used, or `by` or `limit` is wrong. Nothing was written.
        """
        from guard.core.changes import checked_actor
        from guard.evidence.collecting import Collecting
        from guard.evidence.folder import Folder

        by = checked_actor(by)
        if not 1 <= limit <= 86_400:
            raise InvalidRequest(f"a limit of {limit:g} s is out of range: from 1 to 86400")
        evidence_id = str(uuid.uuid4())
        with Folder.make(Path(folder)) as made:
            where = str(made.path)
            self._note("begun", by, {"evidence_id": evidence_id, "folder": where})
            run = Collecting(
                made, self._parts.evidence.parts(logs), clock=self._parts.clock, limit=limit, seen=seen
            )
            begun = run.begun(evidence_id=evidence_id, by=by, host=socket.gethostname())
            try:
                manifest, digest = run.run(begun)
            except BaseException:
                self._note("interrupted", by, {"evidence_id": evidence_id, "folder": where})
                raise
        return Collected(
            folder=where,
            manifest=manifest,
            manifest_sha256=digest,
            journaled=self._note("done", by, _facts(manifest, where, digest)),
        )

    def verify(self, folder: str | Path) -> Verification:
        """Whether every file of a folder still is what was collected. Reads all of it.

        Raises:
            InvalidRequest: there is no folder, or no manifest in it.
        """
        from guard.core.evidence import MANIFEST, SUMS, Manifest, Verification, verify
        from guard.evidence.folder import Folder

        try:
            with Folder.open(Path(folder)) as found:
                text = found.read(MANIFEST, _LONGEST_MANIFEST)
                manifest = Manifest.from_dict(_parsed(text))
                files = {name: found.found(name) for name in found.names() if name not in {MANIFEST, SUMS}}
                findings = [*verify(manifest, files), *_sums(found, manifest, text)]
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise InvalidRequest(f"{folder} holds no evidence that can be read: {why}") from error
        digest = sha256(text).hexdigest()
        made = Verification(manifest=manifest, manifest_sha256=digest, findings=tuple(findings))
        return replace(made, journaled=self._is_journaled(manifest.evidence_id, digest))

    def _note(self, outcome: str, by: str, detail: dict[str, Any]) -> bool:
        """Whether the journal has it now. An emergency may be that it does not answer."""
        from guard.core.history import AuditRecord

        self._parts.announcer.announce(EventName.PERSON_ACTED, what=ACTION, outcome=outcome, by=by)
        durable = self._parts.stores.durable
        try:
            durable.journal(
                AuditRecord(
                    at=self._parts.clock.wall(),
                    actor=by,
                    action=ACTION,
                    epoch=durable.read().epoch,
                    outcome=outcome,
                    detail=detail,
                )
            )
        except GuardError:
            return False
        return True

    def _is_journaled(self, evidence_id: str, digest: str) -> bool | None:
        from guard.core.history import Wanted

        try:
            lines = self._parts.stores.journal.lines(_LINES, wanted=Wanted(action=ACTION))
        except StoreError:
            return None
        for line in lines:
            detail = line.record.detail
            if detail.get("evidence_id") == evidence_id and line.record.outcome == "done":
                return bool(detail.get("manifest_sha256") == digest)
        return None


def _facts(manifest: Manifest, folder: str, digest: str) -> dict[str, Any]:
    from guard.core.evidence import PartStatus

    return {
        "evidence_id": manifest.evidence_id,
        "folder": folder,
        "manifest_sha256": digest,
        **{status.value: manifest.count(status) for status in PartStatus},
    }


def _parsed(text: bytes) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("the manifest is not JSON: it was cut short or changed") from error


def _sums(folder: Folder, manifest: Manifest, text: bytes) -> list[Any]:
    from guard.core.evidence import SUMS, FileFinding, Verdict, checksum_lines

    expected = checksum_lines(manifest, sha256(text).hexdigest()).encode()
    try:
        if folder.read(SUMS, _LONGEST_MANIFEST) == expected:
            return []
        why = "it does not fit the manifest: one of the two was changed"
        return [FileFinding(file=SUMS, verdict=Verdict.CHANGED, why=why)]
    except OSError:
        return [FileFinding(file=SUMS, verdict=Verdict.GONE, why="it is not there any more")]
