"""The site as it was built: its pages, and what each of them names."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["BuiltPage", "pages_of"]

_LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src"}
_RELATIONS_THAT_LOAD = {"stylesheet", "icon", "preload", "preconnect", "dns-prefetch", "prefetch"}


@dataclass
class BuiltPage:
    """One page.

    Attributes:
        links: what its text and navigation lead to, as written.
        loads: what a browser asks for to show it, as written.
        pictures: what is shown, and the words in its place.
    """

    path: Path
    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    pictures: list[tuple[str, str]] = field(default_factory=list)
    titles: int = 0

    def target(self, link: str) -> tuple[Path, str]:
        """The file and the anchor that a link of this page leads to."""
        parts = urlsplit(link)
        path = (self.path.parent / unquote(parts.path)).resolve() if parts.path else self.path
        return path, unquote(parts.fragment)


class _Reader(HTMLParser):
    def __init__(self, page: BuiltPage) -> None:
        super().__init__()
        self.page = page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.page.ids.add(given["id"])
        if tag == "h1":
            self.page.titles += 1
        if tag == "a" and "href" in given:
            self.page.links.append(given["href"])
        if tag == "img":
            self.page.pictures.append((given.get("src", ""), given.get("alt", "")))
        if tag in _LOADS and _LOADS[tag] in given:
            self.page.loads.append(given[_LOADS[tag]])
        if tag == "link" and _RELATIONS_THAT_LOAD & set(given.get("rel", "").split()):
            self.page.loads.append(given.get("href", ""))


def pages_of(site: Path) -> dict[Path, BuiltPage]:
    """Every page of the site, by its file. The page for what is not found is left out: it is for servers."""
    found = {}
    for path in sorted(site.resolve().rglob("*.html")):
        if path.name != "404.html":
            found[path] = BuiltPage(path)
            _Reader(found[path]).feed(path.read_text("utf-8"))
    return found
