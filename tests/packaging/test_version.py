"""One version, written once; the changelog goes with it and has the form that it says it has."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from datetime import date

from packaging.version import Version

import guard
from guard.observe.release import release
from tests.packaging.conftest import ROOT

LINES = (ROOT / "CHANGELOG.md").read_text("utf-8").splitlines()
HEADING = re.compile(r"## \[(?P<version>[^\]]+)\](?: - (?P<day>\d{4}-\d{2}-\d{2}))?")
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def test_the_version_is_written_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "guard.version.__version__"}
    assert release().startswith(f"{guard.__version__} on Celery ")
    assert str(Version(guard.__version__)) == guard.__version__


def test_the_version_costs_no_look_into_what_is_installed() -> None:
    code = "import sys, guard; guard.__version__; assert 'importlib.metadata' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def releases() -> list[tuple[str, str | None]]:
    found = [HEADING.fullmatch(line) for line in LINES if line.startswith("## ")]
    assert all(found), "each heading is `## [Unreleased]` or `## [1.2.3] - 2026-11-30`"
    return [(one["version"], one["day"]) for one in found if one]


def test_the_newest_heading_of_the_changelog_fits_the_version() -> None:
    newest, *older = releases()
    if newest[0] == "Unreleased":
        assert all(Version(guard.__version__) > Version(version) for version, _ in older)
    else:
        assert newest[0] == guard.__version__


def test_releases_are_in_order_and_dated() -> None:
    released = [
        (Version(version), date.fromisoformat(day or ""))
        for version, day in releases()
        if version != "Unreleased"
    ]
    assert released == sorted(released, reverse=True)
    assert [version for version, _ in releases()].count("Unreleased") <= 1


def test_changes_stand_under_the_known_kinds_and_each_kind_once() -> None:
    assert LINES[0] == "# Changelog"
    seen: list[str] = []
    for line in LINES:
        if line.startswith("## "):
            seen = []
        elif line.startswith("### "):
            kind = line.removeprefix("### ")
            assert kind in KINDS
            assert kind not in seen, f"{kind} stands twice under one release"
            seen.append(kind)
        elif line and not line.startswith(("- ", "  ", "#")):
            assert not seen, f"this is no item of a list: {line}"
