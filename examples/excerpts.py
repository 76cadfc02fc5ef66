"""Code in the documentation is a copy of a file that runs: `--write` brings the copies up to date.

Above a fenced block a comment says where it is from:

    <!-- from examples/plain/shop.py -->            the whole file
    <!-- from examples/plain/app.py:rules -->       what is between `# region: rules` and `# endregion`

Without `--write` each copy that differs is named, and the exit code is 1.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[1]
_SHOWN = re.compile(
    r"(?P<head><!-- from (?P<file>[\w./-]+?)(:(?P<region>[\w-]+))? -->\n+```\w*\n).*?(?P<end>^```$)",
    re.DOTALL | re.MULTILINE,
)


def excerpt(file: str, region: str | None) -> str:
    """What a page shows of a file.

    Raises:
        ValueError: the file has no such region.
    """
    text = (ROOT / file).read_text()
    if region is None:
        return text.strip("\n") + "\n"
    found = re.search(rf"^ *# region: {region}\n(.*?)^ *# endregion", text, re.DOTALL | re.MULTILINE)
    if found is None:
        raise ValueError(f"{file} has no region {region!r}")
    return dedent(found[1]).strip("\n") + "\n"


def rewritten(page: str) -> str:
    """A page with every copy up to date."""

    def copied(shown: re.Match[str]) -> str:
        return shown["head"] + excerpt(shown["file"], shown["region"]) + shown["end"]

    return _SHOWN.sub(copied, page)


def main(*, write: bool) -> int:
    """Compare, or write. The exit code."""
    stale = []
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        text = page.read_text()
        new = rewritten(text)
        if new != text:
            stale.append(page.relative_to(ROOT))
            if write:
                page.write_text(new)
    for page in stale:
        said = "written" if write else "a copy differs: python examples/excerpts.py --write"
        sys.stdout.write(f"{page}: {said}\n")
    return int(bool(stale) and not write)


if __name__ == "__main__":
    sys.exit(main(write="--write" in sys.argv))
