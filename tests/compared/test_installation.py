"""What the other queues are installed from."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_FILE = Path(__file__).parents[2] / "benchmarks" / "compare" / "requirements.txt"


def _wanted(lines: list[str], python: str) -> set[str]:
    environment = {"python_full_version": python, "python_version": python.rpartition(".")[0], "extra": ""}
    return {
        canonicalize_name(each.name)
        for each in map(Requirement, lines)
        if each.marker is None or each.marker.evaluate(environment)
    }


@pytest.mark.parametrize("python", ["3.11.2", "3.11.14", "3.12.0", "3.13.0"])
def test_what_the_client_of_redis_needs_is_pinned_too(python: str) -> None:
    """All is installed without dependencies; on Debian 12's Python 3.11.2 this client wants one more."""
    lines = [line for line in _FILE.read_text("utf-8").splitlines() if not line.startswith("#")]
    needed = _wanted(metadata.requires("redis") or [], python)
    assert needed <= _wanted(lines, python)
