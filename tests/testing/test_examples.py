"""The examples of docs/testing.md: each file runs, and the page shows what is in them, word for word."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "testing"
PAGE = ROOT / "docs" / "testing.md"


def run(*arguments: str) -> str:
    environ = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=EXAMPLES,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_examples_pass() -> None:
    quiet = ("-c", os.devnull, "--rootdir", str(EXAMPLES), "-p", "no:cacheprovider")
    printed = run("-m", "pytest", "-q", "-W", "error", *quiet)
    assert re.search(r"\d+ passed", printed)
    assert "warning" not in printed


def test_the_one_without_pytest_passes() -> None:
    assert "OK" in run("-W", "error", "-m", "unittest", "test_shop_unittest")


def test_the_page_shows_the_files() -> None:
    files = "\n".join(path.read_text() for path in sorted(EXAMPLES.glob("*.py")))
    indented = "\n".join(dedent(part) for part in files.split("\n\n"))
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) >= 8
    for block in blocks:
        assert block.strip() in files or block.strip() in indented, block
