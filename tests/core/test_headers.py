"""Headers are read by workers of other releases: their names may never change."""

from __future__ import annotations

from guard.core import headers


def test_the_names_on_the_wire() -> None:
    names = {name: getattr(headers, name) for name in headers.__all__}
    assert names == {
        "BYPASS_HEADER": "guard_bypass",
        "COPY_HEADER": "guard_copy",
        "FINISHING_HEADER": "guard_finishing",
        "ORIGINAL": "original",
        "PARKED_HEADER": "guard_parked",
        "PUBLICATION_HEADER": "guard_publication",
    }
