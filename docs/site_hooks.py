"""Makes of the repository's pages those of the site: MkDocs calls this, see `hooks` in mkdocs.yml.

Rules:

- A page is written for readers of the repository: its links are files beside it. What of them is no page of
  the site is named there without a link; that the file exists is looked at all the same.
- In a table a repository host wants `\\|` for a bar inside of code; here that would show the backslash.
- The theme's search is a dialog without a name: it is given one, for those who hear the page.
- README, CONTRIBUTING and CHANGELOG are pages of the site too, written once, where everybody looks for them.
"""

from __future__ import annotations

import logging
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

log = logging.getLogger("mkdocs.guard")

ROOT = Path(__file__).parents[1]
FROM_ROOT = {"index.md": "README.md", "contributing.md": "CONTRIBUTING.md", "changelog.md": "CHANGELOG.md"}
"""Pages of the site, and the files of the repository that they are."""

_PAGE_OF = {f"docs/{page}": page for page in FROM_ROOT} | {file: page for page, file in FROM_ROOT.items()}
_FENCE = re.compile(r"(^ *```.*?^ *``` *$)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?P<picture>!?)\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<to>[^)\s]+)\)")
_CODE_IN_ROW = re.compile(r"(?<=.)`[^`\n]*`")
_SEARCH = 'data-md-component="search" role="dialog"'
_OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:|#|/")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that live at the top of the repository."""
    for page, name in FROM_ROOT.items():
        files.append(File.generated(config, page, content=(ROOT / name).read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: object) -> str:
    """Its links, as they are on the site."""
    parts = _FENCE.split(markdown)  # what is at odd places is code
    return "".join(
        part if number % 2 else _linked(part, page.file.src_uri) for number, part in enumerate(parts)
    )


def on_post_page(output: str, *, page: Page, **_: object) -> str:
    """The search, named."""
    if _SEARCH not in output:
        log.warning("%s: the theme's search is another one now", page.file.src_uri)
    return output.replace(_SEARCH, f'{_SEARCH} aria-label="Search"')


def _linked(text: str, page: str) -> str:
    written = FROM_ROOT.get(page, f"docs/{page}")

    def changed(link: re.Match[str]) -> str:
        to, _, heading = link["to"].partition("#")
        if _OUTSIDE.match(link["to"]):
            return link[0]
        target = posixpath.normpath(posixpath.join(posixpath.dirname(written), to))
        if target.startswith("docs/") or target in _PAGE_OF:
            there = _PAGE_OF.get(target, target.removeprefix("docs/"))
            path = posixpath.relpath(there, posixpath.dirname(page) or ".")
            return f"{link['picture']}[{link['text']}]({path}{'#' + heading if heading else ''})"
        if not (ROOT / target).exists():
            log.warning("%s links to %s, which is not in the repository", written, link["to"])
        return link["text"]

    return _without_escapes(_LINK.sub(changed, text))


def _without_escapes(text: str) -> str:
    rows = (
        _CODE_IN_ROW.sub(lambda code: code[0].replace("\\|", "|"), line) if line.startswith("|") else line
        for line in text.split("\n")
    )
    return "\n".join(rows)
