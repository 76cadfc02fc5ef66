"""The extras of the package: what contains what, and which oldest libraries `make test-lowest` installs."""

from __future__ import annotations

import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

from guard.flower import permit

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
TOOLS = {"test", "check", "docs", "mutants"}
"""Extras for developers, which are always the newest."""


def contained(extra: str) -> set[str]:
    """The other extras that an extra brings along."""
    lines = map(Requirement, EXTRAS[extra])
    return {name for line in lines if line.name == PROJECT["name"] for name in line.extras}


def bounds(lines: list[str], operator: str) -> set[tuple[str, Version]]:
    """Which library is compared by this operator with which version."""
    return {
        (one.name, Version(bound.version))
        for one in map(Requirement, lines)
        for bound in one.specifier
        if bound.operator == operator
    }


def test_second_factors_come_with_whatever_has_an_emergency_button() -> None:
    assert contained("web") == contained("flower") == {"access"}
    brought = {Requirement(line).name for line in EXTRAS["access"]}
    assert set(permit._NEEDED) <= brought


def test_every_lower_bound_is_one_that_is_installed_to_be_tested() -> None:
    asked = [*PROJECT["dependencies"], *(line for name in EXTRAS.keys() - TOOLS for line in EXTRAS[name])]
    lowest = (ROOT / "tests" / "lowest.txt").read_text("utf-8").splitlines()
    installed = [line for line in lowest if line and not line.startswith("#")]
    assert bounds(asked, ">=") <= bounds(installed, "==")
