"""The same key, the same few characters."""

from __future__ import annotations

from guard.core.key_fingerprint import fingerprint


def test_fingerprint() -> None:
    assert fingerprint(None) == ""
    assert fingerprint(b"a key of sixteen") == fingerprint(b"a key of sixteen")
    assert fingerprint(b"a key of sixteen") != fingerprint(b"another of sixteen")
    assert len(fingerprint(b"a key of sixteen")) == 8


def test_it_stays_the_same_in_another_release() -> None:
    assert fingerprint(b"a key of sixteen") == "206d7645", "HMAC-SHA-256 of a fixed text"
