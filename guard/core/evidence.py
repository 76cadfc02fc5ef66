"""What an evidence folder holds: a manifest that names every part, also those that are missing.

A part is never left out: what could not be collected is in the manifest with the reason, so that nobody
takes a gap for "there was nothing". The manifest is complete only when the run came to its end.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "MANIFEST", "NOT_BEGUN", "SUMS", "FileFinding", "FoundFile", "Manifest", "PartRecord", "PartStatus",
    "Verdict", "Verification", "checksum_lines", "verify",
]  # fmt: skip

MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
"""The same checksums, and the manifest's own, as ``sha256sum -c`` takes them."""
NOT_BEGUN = "not begun"
_FORMAT = 1


class PartStatus(StrEnum):
    """What became of a part."""

    COLLECTED = "collected"
    MISSING = "missing"
    """It is not there, or nobody let us: `why` says which."""
    FAILED = "failed"
    """It was begun and did not end well. What was written until then is kept, and has its checksum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRecord:
    """One part.

    Attributes:
        name: what it is, such as ``database``.
        file: in the folder; empty when nothing was written.
        size: bytes of the file.
        sha256: of the file, in hexadecimal.
        seconds: how long it took.
        why: why it is missing or failed, or what a collected one leaves out; empty otherwise.
    """

    name: str
    status: PartStatus
    file: str = ""
    size: int | None = None
    sha256: str | None = None
    seconds: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a folder of evidence holds.

    Attributes:
        evidence_id: a UUID; the journal names it too.
        began_at, ended_at: UTC seconds; `ended_at` is None as long as it goes on, or when it was killed.
        complete: whether the run came to its end. It may have missing parts all the same.
    """

    evidence_id: str
    by: str
    host: str
    began_at: float
    ended_at: float | None = None
    complete: bool = False
    parts: tuple[PartRecord, ...]

    @property
    def is_whole(self) -> bool:
        """Whether it came to its end and every part was collected."""
        return self.complete and all(part.status is PartStatus.COLLECTED for part in self.parts)

    def count(self, status: PartStatus) -> int:
        """How many parts have this status."""
        return sum(part.status is status for part in self.parts)

    def having(self, part: PartRecord) -> Manifest:
        """With this part in the place of the one of its name."""
        return replace(self, parts=tuple(part if old.name == part.name else old for old in self.parts))

    def ended(self, at: float, *, complete: bool) -> Manifest:
        """At its end; one that was interrupted is not complete."""
        return replace(self, ended_at=at, complete=complete)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {"format": _FORMAT, **asdict(self), "parts": [asdict(part) for part in self.parts]}

    @classmethod
    def from_dict(cls, raw: object) -> Manifest:
        """A manifest that was read back.

        Raises:
            InvalidRequest: it is none, or one of another format.
        """
        if not isinstance(raw, dict) or raw.get("format") != _FORMAT:
            raise InvalidRequest(f"this is no manifest of evidence of format {_FORMAT}")
        try:
            fields = {name: value for name, value in raw.items() if name != "format"}
            parts = tuple(
                PartRecord(**{**part, "status": PartStatus(part["status"])}) for part in fields.pop("parts")
            )
            made = cls(**fields, parts=parts)
        except (TypeError, ValueError, KeyError) as error:
            raise InvalidRequest("the manifest has missing, unknown or impossible fields") from error
        # What a manifest names is opened, and shown: nothing but a plain name of a file in the folder.
        if any("/" in str(part.file) or str(part.file) in {".", ".."} for part in parts):
            raise InvalidRequest("the manifest names a file outside its folder")
        return made


class Verdict(StrEnum):
    """How a file compares with the manifest."""

    INTACT = "intact"
    CHANGED = "changed"
    GONE = "gone"
    UNEXPECTED = "unexpected"
    """The manifest does not know it."""
    UNKNOWN = "unknown"
    """It could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """A file as it is now. `sha256` is None when it could not be read, and `why` says so."""

    size: int | None
    sha256: str | None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFinding:
    """One file, compared."""

    file: str
    verdict: Verdict
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Whether a folder still is what its manifest says.

    Attributes:
        manifest_sha256: of the manifest as it was read.
        journaled: whether the journal names this very manifest; None: nobody can say.
    """

    manifest: Manifest
    manifest_sha256: str
    findings: tuple[FileFinding, ...]
    journaled: bool | None = None

    @property
    def intact(self) -> bool:
        """Every file is as it was, none is gone or was added, and the journal does not say otherwise."""
        untouched = all(one.verdict is Verdict.INTACT for one in self.findings)
        return untouched and self.manifest.complete and self.journaled is not False

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "intact": self.intact,
            "complete": self.manifest.complete,
            "journaled": self.journaled,
            "manifest_sha256": self.manifest_sha256,
            "files": [asdict(one) for one in self.findings],
            "manifest": self.manifest.to_dict(),
        }


def verify(manifest: Manifest, files: Mapping[str, FoundFile]) -> tuple[FileFinding, ...]:
    """Compare what is there with what was collected.

    Args:
        files: every entry of the folder, by name, without the manifest and the file of checksums.
    """
    parts = {part.file: part for part in manifest.parts if part.file}
    findings = [_compared(part, files.get(name)) for name, part in parts.items()]
    strangers = sorted(files.keys() - parts.keys())
    why = "the manifest does not name it"
    return (
        *findings,
        *(FileFinding(file=name, verdict=Verdict.UNEXPECTED, why=why) for name in strangers),
    )


def _compared(part: PartRecord, found: FoundFile | None) -> FileFinding:
    if found is None:
        return FileFinding(file=part.file, verdict=Verdict.GONE, why="it is not there any more")
    if found.sha256 is None:
        return FileFinding(file=part.file, verdict=Verdict.UNKNOWN, why=found.why)
    if part.sha256 is None:
        return FileFinding(file=part.file, verdict=Verdict.UNKNOWN, why="its checksum was never written")
    if (found.size, found.sha256) == (part.size, part.sha256):
        return FileFinding(file=part.file, verdict=Verdict.INTACT)
    why = f"{found.size} bytes, {part.size} were collected" if found.size != part.size else "its content"
    return FileFinding(file=part.file, verdict=Verdict.CHANGED, why=why)


def checksum_lines(manifest: Manifest, manifest_sha256: str) -> str:
    """The text of the file of checksums."""
    files: Iterable[tuple[str, str]] = (
        (part.file, part.sha256) for part in manifest.parts if part.file and part.sha256
    )
    return "".join(f"{digest}  {name}\n" for name, digest in (*files, (MANIFEST, manifest_sha256)))
