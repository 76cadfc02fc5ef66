"""The headers by which messages of guarded jobs are known."""

from __future__ import annotations

__all__ = [
    "BYPASS_HEADER",
    "COPY_HEADER",
    "FINISHING_HEADER",
    "ORIGINAL",
    "PARKED_HEADER",
    "PUBLICATION_HEADER",
]

BYPASS_HEADER = "guard_bypass"
"""A token, see `guard.core.bypass`."""
FINISHING_HEADER = "guard_finishing"
"""The mark of a step that goes on while a window drains, see `guard.core.finishing`."""
PARKED_HEADER = "guard_parked"
COPY_HEADER = "guard_copy"
PUBLICATION_HEADER = "guard_publication"
"""A random name that the publish gate gives to each message, where its transport gives it none."""
ORIGINAL = "original"
"""The generation of a job that was never released by the guard."""
