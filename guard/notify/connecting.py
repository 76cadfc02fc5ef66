"""Connecting, with a few tries: a server that is just restarting is no reason to wait for the next turn.

Nothing has been sent by then, so nothing can be sent twice.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from tenacity import (
    retry,
    retry_if_exception_type,
    stop_after_attempt,
    stop_after_delay,
    wait_random_exponential,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["connect"]


@retry(
    retry=retry_if_exception_type(ConnectionRefusedError),
    stop=stop_after_attempt(3) | stop_after_delay(2.0),
    wait=wait_random_exponential(multiplier=0.05, max=0.5),
    reraise=True,
)
def connect(places: Sequence[tuple[str, int]], timeout: float) -> socket.socket:
    """A connection to the first of these addresses that takes one.

    Args:
        places: addresses with ports, not empty.
        timeout: seconds for each of them.

    Raises:
        OSError: of the last one.
    """
    error: OSError = OSError("no address")
    for place in places:
        try:
            return socket.create_connection(place, timeout)
        except OSError as caught:
            error = caught
    raise error
