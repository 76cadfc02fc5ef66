"""What all private servers of the tests have in common: one process, one folder, and rough handling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from tests.support.shortdirs import remove_dir

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.processes import LocalProcess


class Server:
    """One server process that keeps its data in `directory`; `close` throws them away."""

    process: LocalProcess
    directory: Path

    def start(self) -> Self:
        """Start it and wait until it is this very process that answers."""
        raise NotImplementedError

    def stop(self) -> None:
        """Stop it in order."""
        self.process.terminate(within=30)

    def crash(self) -> None:
        """SIGKILL; `start` brings it back with what it had written to disk."""
        self.process.kill()

    def freeze(self) -> None:
        """Keep connections open but answer nothing."""
        self.process.freeze()

    def thaw(self) -> None:
        """Answer again."""
        self.process.thaw()

    def close(self) -> None:
        """End it at once and remove its folder."""
        if self.process.alive:
            self.process.kill()
        remove_dir(self.directory)

    def check_alive(self) -> None:
        """Raise with the end of its log if it has ended: nothing will answer."""
        if not self.process.alive:
            raise RuntimeError(f"it ended with {self.process.returncode}: {self.process.log_tail}")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()
