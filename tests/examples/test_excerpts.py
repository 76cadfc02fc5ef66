"""What pages show of files is what is in them."""

from __future__ import annotations

import sys
from importlib import util
from pathlib import Path

import pytest
from celery import _state

from tests.examples.loading import loading_from

ROOT = Path(__file__).parents[2]
_SPEC = util.spec_from_file_location("excerpts", ROOT / "examples" / "excerpts.py")
assert _SPEC is not None
assert _SPEC.loader is not None
excerpts = util.module_from_spec(_SPEC)
sys.modules["excerpts"] = excerpts
_SPEC.loader.exec_module(excerpts)


def test_no_copy_differs() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    stale = [str(page) for page in pages if excerpts.rewritten(page.read_text()) != page.read_text()]
    assert stale == [], "run python examples/excerpts.py --write"


def test_every_region_is_shown() -> None:
    pages = "".join(page.read_text() for page in (ROOT / "docs").glob("*.md"))
    for file in sorted((ROOT / "examples").rglob("*.py")):
        name = str(file.relative_to(ROOT))
        for line in file.read_text().splitlines():
            if name != "examples/excerpts.py" and line.strip().startswith("# region: "):
                assert f"<!-- from {name}:{line.split()[-1]} -->" in pages, f"{name} {line.strip()}"


def test_an_example_leaves_nothing_to_later_apps() -> None:
    current, before = _state.get_current_app(), set(_state._on_app_finalizers)
    with loading_from("examples/plain") as plain:
        app = plain.shop.app
        assert _state.get_current_app() is app
        kept = set(_state._on_app_finalizers)
    assert _state.get_current_app() is current
    assert len(kept - _state._on_app_finalizers) == 1  # and not Celery's own, which may have come meanwhile
    assert before <= _state._on_app_finalizers
    assert "shop" not in sys.modules


def test_a_copy_that_differs_is_found() -> None:
    page = "<!-- from examples/plain/print_shop/app.py:rules -->\n```python\nsomething else\n```\n"
    assert "something else" not in excerpts.rewritten(page)
    assert 'glob="print_shop.operations.report_*"' in excerpts.rewritten(page)
    with pytest.raises(ValueError, match="has no region"):
        excerpts.rewritten(page.replace(":rules", ":nothing"))
