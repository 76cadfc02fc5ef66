"""The page about metrics: its tables are those of the catalogue and of the rules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from guard.observe.metrics_catalogue import CATALOGUE, exposed_names
from tests.metrics.naming import names_in

ROOT = Path(__file__).parents[2]


def test_the_tables_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "docs/metrics_table.py", "--check"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_pages_name_only_metrics_that_are_there() -> None:
    known = exposed_names() | {spec.name for spec in CATALOGUE}
    for page in ("metrics.md", "flower.md"):
        assert names_in((ROOT / "docs" / page).read_text("utf-8")) <= known, page
