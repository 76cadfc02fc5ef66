"""The folder: made anew for its owner alone. No symbolic link in it is ever followed."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Self

from guard.core.evidence import FoundFile
from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

__all__ = ["Folder", "digest_of"]

_PIECE = 2**20
_PRIVATE = 0o700
_OURS = 0o600
_NO_LINK = os.O_NOFOLLOW | os.O_CLOEXEC


class Folder:
    """An open folder: whoever replaces its path meanwhile does not move it. Close it."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @classmethod
    def make(cls, path: Path) -> Folder:
        """Make it, or take an empty one that is ours.

        Raises:
            InvalidRequest: it is not empty, not ours, a link, or cannot be made. Nothing was changed.
        """
        path = path.absolute()
        try:
            with suppress(FileExistsError):
                path.mkdir(mode=_PRIVATE)
            folder = cls.open(path)
        except OSError as error:
            raise InvalidRequest(f"{path} cannot be made a folder: {_short(error)}") from error
        problem = folder._make_ours()  # noqa: SLF001
        if problem:
            folder.close()
            raise InvalidRequest(f"{path} {problem}: name a folder that is not there yet")
        return folder

    def _make_ours(self) -> str:
        """Keep everybody else out; or what is wrong with it."""
        if os.listdir(self._descriptor):  # noqa: PTH208 - of what is open, not of the path
            return "is not empty"
        if os.fstat(self._descriptor).st_uid != os.geteuid():
            return "belongs to somebody else"
        os.fchmod(self._descriptor, _PRIVATE)
        return ""

    @classmethod
    def open(cls, path: Path) -> Folder:
        """One that is there. Raises OSError, also for a symbolic link."""
        path = path.absolute()
        return cls(path, os.open(path, os.O_RDONLY | os.O_DIRECTORY | _NO_LINK))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close it."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def create(self, name: str) -> int:
        """A descriptor of a new file, which only its owner may read. Raises OSError when it is there."""
        return os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | _NO_LINK, _OURS, dir_fd=self._descriptor)

    def write_whole(self, name: str, content: bytes) -> None:
        """Write a file so that it holds either what it held or all of this, also when the power fails."""
        draft = f".{name}.new"
        with suppress(FileNotFoundError):
            os.unlink(draft, dir_fd=self._descriptor)
        descriptor = self.create(draft)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, name, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(draft, dir_fd=self._descriptor)
            raise
        os.fsync(self._descriptor)

    def remove(self, name: str) -> None:
        """Delete a file of ours; one that is gone does no harm."""
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._descriptor)

    def free_bytes(self) -> int:
        """What may still be written here, by who we are."""
        found = os.fstatvfs(self._descriptor)
        blocks = found.f_bfree if os.geteuid() == 0 else found.f_bavail
        return blocks * found.f_frsize

    def names(self) -> list[str]:
        """Everything in it."""
        return sorted(os.listdir(self._descriptor))  # noqa: PTH208

    def read(self, name: str, limit: int) -> bytes:
        """A file's content, at most `limit` bytes. Raises OSError, also for a symbolic link."""
        descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | _NO_LINK, dir_fd=self._descriptor)
        with os.fdopen(descriptor, "rb") as file:
            return file.read(limit)

    def found(self, name: str) -> FoundFile:
        """A file as it is now; what cannot be read is said so."""
        try:
            descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | _NO_LINK, dir_fd=self._descriptor)
        except OSError as error:
            return FoundFile(size=None, sha256=None, why=_short(error))
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return FoundFile(size=None, sha256=None, why="not a plain file")
            size, digest = digest_of(descriptor)
        except OSError as error:
            return FoundFile(size=None, sha256=None, why=_short(error))
        finally:
            os.close(descriptor)
        return FoundFile(size=size, sha256=digest)


def digest_of(descriptor: int) -> tuple[int, str]:
    """Size and SHA-256 of an open file, from its beginning."""
    digest, size = sha256(), 0
    while piece := os.pread(descriptor, _PIECE, size):
        digest.update(piece)
        size += len(piece)
    return size, digest.hexdigest()


def _short(error: OSError) -> str:
    return error.strerror or type(error).__name__
