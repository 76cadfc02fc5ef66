"""Each block of Python in the documentation is a copy of a file that runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
COMPARED_ELSEWHERE = {DOCS / "testing.md"}
"""tests/testing/test_examples.py does that."""
PAGES = [ROOT / "README.md", *sorted(set(DOCS.rglob("*.md")) - set((DOCS / "reference").rglob("*.md")))]
REMEDY = (
    "is not from a file: put it into one in examples/ that a test runs, between `# region: name` and "
    "`# endregion`, write `<!-- from examples/…:name -->` above the block, and run "
    "`python examples/excerpts.py --write`"
)


def unmarked(text: str) -> list[int]:
    """Numbers of the lines at which blocks of Python begin that do not say which file they are from."""
    lines = text.splitlines()
    return [
        number + 1
        for number, line in enumerate(lines)
        if re.match(r" *(`{3,}|~{3,}) *(python|pycon|py|python3)\b", line)
        and not re.fullmatch(
            r"<!-- from examples/[\w./-]+(:[\w-]+)? -->", "\n".join(lines[number - 1 : number])
        )
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_block_is_from_a_file(page: Path) -> None:
    if page not in COMPARED_ELSEWHERE:
        name = page.relative_to(ROOT)
        assert [f"{name}:{line} {REMEDY}" for line in unmarked(page.read_text())] == []


def test_a_block_without_a_mark_is_found() -> None:
    marked = "<!-- from examples/plain/shop.py -->\n```python\nx\n```\n"
    assert unmarked(marked + "\n```python\ny\n```\n\n- in a list:\n  ```pycon\n  ```\n") == [6, 11]
    assert unmarked(marked + "\n```sh\nls\n```\n") == []
    assert unmarked("```python\nat the top\n```\n") == [1]
