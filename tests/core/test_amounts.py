"""Amounts of bytes."""

from __future__ import annotations

import pytest

from guard.core.amounts import in_bytes


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1.0 KiB"),
        (10 * 1024 - 1, "10.0 KiB"),
        (10 * 1024, "10 KiB"),
        (10 * 1024 + 512, "10 KiB"),
        (1024**2 - 1, "1023 KiB"),
        (1024**2, "1.0 MiB"),
        (1536 * 1024, "1.5 MiB"),
        (20 * 2**30 - 1, "19 GiB"),
        (5000 * 2**40, "5000 TiB"),
    ],
)
def test_in_bytes(count: int, text: str) -> None:
    assert in_bytes(count) == text
