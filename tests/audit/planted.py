"""Secrets that no output may show, planted in every setting that holds one."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from urllib.parse import quote

from cryptography.fernet import Fernet

__all__ = ["Planted"]


@dataclass
class Planted:
    """Texts by the place where they were put; `scan` says which of them an output shows.

    Each is looked for as it is, as a URL, JSON and base64 would spell it, and by its second half alone, since
    a text that was cut shows half of a secret.
    """

    texts: dict[str, str] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)
    scanned: dict[str, int] = field(default_factory=dict)

    def put(self, where: str, text: str = "") -> str:
        """A new secret for a place; `text`: what was made elsewhere."""
        made = text or f"pLanted{where.title().replace('_', '')}{len(self.texts)}xQ7vK2mZ9"
        self.texts[where] = made
        return made

    def fernet(self, where: str) -> str:
        """A key for GUARD_ENCRYPTION_KEYS."""
        return self.put(where, Fernet.generate_key().decode())

    def scan(self, output: str, text: str, *, but: tuple[str, ...] = ()) -> None:
        """Note what shows. `but`: places whose secret belongs here."""
        self.scanned[output] = self.scanned.get(output, 0) + len(text)
        for where, secret in self.texts.items():
            if where in but:
                continue
            spellings = {
                secret,
                quote(secret, safe=""),
                json.dumps(secret)[1:-1],
                base64.b64encode(secret.encode()).decode().rstrip("="),
                secret[len(secret) // 2 :] if len(secret) >= 24 else secret,
            }
            for one in spellings:
                if one in text:
                    at = text.index(one)
                    around = text[max(0, at - 80) : at].replace("\n", "⏎")
                    self.found.append(f"{output} shows {where} after …{around!r}")
                    break
