"""The same key, the same few characters."""

from __future__ import annotations

from guard.core.key_fingerprint import fingerprint


def test_fingerprint() -> None:
    assert fingerprint(None) == ""
    assert fingerprint(b"a key of sixteen") == fingerprint(b"a key of sixteen")
    assert fingerprint(b"a key of sixteen") != fingerprint(b"another of sixteen")
    assert len(fingerprint(b"a key of sixteen")) == 8
