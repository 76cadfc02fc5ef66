"""Lists of keys in one setting, the newest first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.settings.masking import Secret

__all__ = ["key_list", "key_problems"]

_FERNET = re.compile(r"[A-Za-z0-9_-]{43}=")
_SHORTEST_SECRET = 16


def key_list(keys: Secret | None) -> tuple[str, ...]:
    """The keys of a setting, in their order, each once."""
    if keys is None:
        return ()
    return tuple(dict.fromkeys(one.strip() for one in keys.reveal().split(",") if one.strip()))


def key_problems(encryption: Secret | None, former: Secret | None) -> list[str]:
    """What is wrong with GUARD_ENCRYPTION_KEYS and GUARD_FORMER_SECRET_KEYS; names keys by their place."""
    problems = [
        f"GUARD_ENCRYPTION_KEYS: key {place} is no Fernet key (44 characters): "
        "`maintenance secrets new-key` makes one"
        for place, key in enumerate(key_list(encryption), 1)
        if not _FERNET.fullmatch(key)
    ]
    if encryption is not None and not key_list(encryption):
        problems.append("GUARD_ENCRYPTION_KEYS is empty: give keys, the newest first, or leave it away")
    problems += [
        f"GUARD_FORMER_SECRET_KEYS: key {place} is too short: it was never a GUARD_SECRET_KEY"
        for place, key in enumerate(key_list(former), 1)
        if len(key) < _SHORTEST_SECRET
    ]
    return problems
