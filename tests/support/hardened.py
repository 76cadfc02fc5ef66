"""A Redis as production has it: commands that block all others, or that nobody should use, are gone."""

from __future__ import annotations

import itertools

from tests.support.valkey import DATABASES, Valkey

GONE = ("KEYS", "EVAL", "FLUSHDB", "FLUSHALL", "CONFIG", "DEBUG")


class HardenedValkey(Valkey):
    """A Valkey without these commands."""

    def __init__(self, *, tcp: bool = False) -> None:
        renamed = [word for name in GONE for word in ("--rename-command", name, "")]
        super().__init__(tcp=tcp, extra=renamed)
        self._unused = itertools.count(0)

    def fresh_db(self) -> int:
        """The number of a database that nobody has used: there is no FLUSHDB."""
        number = next(self._unused)
        assert number < DATABASES, "every database was used"
        return number
