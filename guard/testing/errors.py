"""What the guard in memory says when it cannot do what a real one could."""

from __future__ import annotations

from guard.errors import GuardError

__all__ = ["NotInMemory", "NothingHappens"]


class NotInMemory(GuardError):
    """This part of the guard asks servers, or keeps rows in a database: there is none in memory.

    Test what uses it against a guard that `guard.install` made, with a Redis server and an SQLite file
    (docs/testing.md), or replace your own call of it.
    """

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is not there in memory: test it with `guard.install`, a Redis server and an SQLite "
            "file, or replace your call of it in this test (docs/testing.md, What is not in memory)"
        )


class NothingHappens(GuardError):
    """A wait that nothing in this process would ever end: a real guard would go on waiting."""

    def __init__(self) -> None:
        super().__init__(
            "this would wait for ever: nobody here ends what it waits for. Give `within=`, `vouch` for the "
            "simulated worker, or leave the `simulate.worker` block first"
        )
