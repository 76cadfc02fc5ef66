"""The site: built strictly, whole, and usable by everybody without any other host."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.docs_site.built import BuiltPage, pages_of
from tests.support.browser import opened, overflow, problems_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
ELSEWHERE = re.compile(r"(https?:)?//")
FROM_ROOT = {"index.md", "contributing.md", "changelog.md"}
"""Pages that docs/site_hooks.py takes from the top of the repository."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr, done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, BuiltPage]:
    return pages_of(site)


def test_links_and_anchors_lead_somewhere(pages: dict[Path, BuiltPage]) -> None:
    dead = []
    for page in pages.values():
        for link in page.links:
            if ELSEWHERE.match(link) or link.startswith("mailto:"):
                continue
            path, anchor = page.target(link)
            if not path.exists() or (anchor and path in pages and anchor not in pages[path].ids):
                dead.append(f"{page.path.name}: {link}")
    assert dead == []


def test_every_page_is_in_the_navigation_once() -> None:
    # a safe loader that passes over the Python names in it
    nav = yaml.load((ROOT / "mkdocs.yml").read_text("utf-8"), Loader=_Lenient)["nav"]  # noqa: S506
    named = list(_leaves(nav))
    written = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}
    assert sorted(named) == sorted(written | FROM_ROOT)


def test_every_page_has_one_title(pages: dict[Path, BuiltPage]) -> None:
    assert {page.path.name: page.titles for page in pages.values() if page.titles != 1} == {}


def test_every_picture_is_there_and_said_in_words(pages: dict[Path, BuiltPage]) -> None:
    for page in pages.values():
        for source, words in page.pictures:
            assert page.target(source)[0].is_file(), f"{page.path.name}: {source}"
            assert len(words.split()) > 3, f"{page.path.name}: {source} is not said in words"


def test_nothing_is_loaded_from_another_host(site: Path, pages: dict[Path, BuiltPage]) -> None:
    loaded = [f"{page.path.name}: {one}" for page in pages.values() for one in page.loads]
    assert [one for one in loaded if ELSEWHERE.match(one.partition(": ")[2])] == []
    for style in site.rglob("*.css"):
        assert re.findall(r"(?:url\(|@import )[\"']?(?:https?:)?//", style.read_text("utf-8")) == [], style


# -- in a browser ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    handler = partial(_Quiet, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        serving.join()


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Opens pages that may ask nobody but our own server."""
    with opened(browser, tmp_path, "docs") as make:
        yield make


@pytest.mark.parametrize("name", ["index", "architecture"])
def test_everybody_can_read_it(open_page: Callable[..., Page], address: str, name: str) -> None:
    page = open_page()
    page.goto(f"{address}/{name}.html")
    assert problems_of(page) == []


@pytest.mark.slow
def test_no_page_is_wider_than_a_phone(
    open_page: Callable[..., Page], address: str, site: Path, pages: dict[Path, BuiltPage]
) -> None:
    page = open_page(phone=True)
    wide = []
    for path in pages:
        page.goto(f"{address}/{path.relative_to(site.resolve())}", wait_until="domcontentloaded")
        if overflow(page) > 0:
            wide.append(path.name)
    assert wide == []


def test_the_search_finds_from_the_file_system_without_a_server(browser: Browser, site: Path) -> None:
    asked: list[str] = []
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto((site / "index.html").as_uri())
    page.locator("input[name=query]").fill("eviction policy")
    page.locator(".md-search-result__item a").first.wait_for(state="attached", timeout=20_000)
    context.close()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:", "about:"))] == []


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        """Nothing."""


class _Lenient(yaml.SafeLoader):
    """Reads the Python names in mkdocs.yml as nothing."""


_Lenient.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)


def _leaves(entries: Any) -> Iterator[str]:
    for entry in entries:
        for value in entry.values() if isinstance(entry, dict) else [entry]:
            if isinstance(value, str):
                yield value
            else:
                yield from _leaves(value)
