"""An address for each service, in place of the network that a container engine makes.

All of 127.0.0.0/8 is this host on Linux. So every service gets an address of its own and keeps the ports of
the compose file; two runs side by side take different networks. What a service calls `localhost` or `0.0.0.0`
is its own address.
"""

from __future__ import annotations

import contextlib
import random
import re
import socket
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_CLAIM_PORT: Final = 4747
_TRIES: Final = 200
_FIRST: Final = 2
_ITSELF: Final = r"(?<![\w.-])(?:0\.0\.0\.0|127\.0\.0\.1|localhost)(?![\w.-])"


class NoNetwork(Exception):
    """This host has no addresses to give."""


class Network:
    """A part of 127.0.0.0/8 that this run alone uses, until `close`.

    Args:
        wanted: the `prefix` of an earlier run, which it has again if nobody else does: RabbitMQ finds its
            data by the name of its node, which has the address in it.
    """

    def __init__(self, names: Iterable[str], wanted: str = "") -> None:
        self._claim, prefix = _claim(wanted)
        self.prefix = prefix
        self.host = f"{prefix}.1"
        """This program's own address in it, as services see it."""
        self.addresses = {name: f"{prefix}.{number}" for number, name in enumerate(names, start=_FIRST)}
        """Service -> its address."""
        # `redis://redis:6379` has the name as scheme and as host: a host follows @ or //, or has a port.
        names_pattern = "|".join(sorted(map(re.escape, self.addresses), key=len, reverse=True))
        self._hosts = re.compile(
            rf"(?:(?<=@)|(?<=//))(?P<url>{names_pattern})(?=[:/?,\s]|$)|(?<![\w./@-])(?P<pair>{names_pattern})(?=:\d)"
        )

    def translate(self, text: str, own: str) -> str:
        """The text with addresses in place of the names of services; `own` is whose text it is."""

        def address(match: re.Match[str]) -> str:
            return self.addresses[match["url"] or match["pair"]]

        return re.sub(_ITSELF, self.addresses[own], self._hosts.sub(address, text))

    def is_free(self, own: str, port: int) -> bool:
        """Whether the service can listen there: somebody may listen on all addresses at once."""
        with contextlib.closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.addresses[own], port))
            except OSError:
                return False
        return True

    def close(self) -> None:
        """Give it back."""
        self._claim.close()


def _claim(wanted: str) -> tuple[socket.socket, str]:
    """A network nobody has, and what says so while it is open: the kernel closes it with this process."""
    chance = random.SystemRandom()
    for number in range(_TRIES):
        prefix = f"127.{chance.randint(64, 250)}.{chance.randint(1, 250)}"
        if number == 0 and wanted:
            prefix = wanted
        claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            claim.bind((f"{prefix}.1", _CLAIM_PORT))
        except OSError:
            claim.close()
            continue
        return claim, prefix
    raise NoNetwork("no address of 127.0.0.0/8 but 127.0.0.1 can be used here: this takes Linux")
