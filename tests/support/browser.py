"""A real Chromium for the tests of pages, and whether everybody can use what it shows.

with chromium() as browser, opened(browser, folder, "name") as open_page:
    page = open_page(dark=True)
    assert problems_of(page) == []
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.axe import violations
from tests.support.require import require_binary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

__all__ = ["ARTEFACTS", "chromium", "opened", "overflow", "picture_in", "problems_of"]

ARTEFACTS = Path(__file__).parents[2] / ".artifacts"
_PATIENCE = 20_000
"""Milliseconds; the machine of the tests may be busy."""
WIDE = {"width": 1200, "height": 860}
PHONE = {"width": 360, "height": 740}


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; without one the test is skipped aloud."""
    binary = require_binary("chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=str(binary), args=["--no-sandbox"])
        try:
            yield made
        finally:
            made.close()


@contextmanager
def opened(browser: Browser, folder: Path, name: str) -> Iterator[Callable[..., Page]]:
    """Opens pages, each in a context of its own: `open_page(dark=True, phone=True, …)`. Nothing may be wrong
    in the console, and no page may ask a host that is not ours. The last look at each is kept in `folder`."""
    contexts: list[Any] = []
    wrong: list[str] = []

    def make(*, dark: bool = False, phone: bool = False, **options: Any) -> Page:
        context = browser.new_context(
            viewport=PHONE if phone else WIDE,  # type: ignore[arg-type]
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            **options,
        )
        context.set_default_timeout(_PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
        page.on(
            "console",
            lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None,
        )
        page.on(
            "request",
            lambda asked: None if asked.url.startswith("http://127.0.0.1:") else wrong.append(asked.url),
        )
        return page

    yield make
    for number, context in enumerate(contexts):
        for last in context.pages:
            picture_in(folder)(last, f"last-{name}-{number}")
        context.close()
    assert wrong == []


def picture_in(folder: Path) -> Callable[[Page, str], None]:
    """Keeps screenshots there: `picture(page, "drain")`."""

    def keep(page: Page, name: str) -> None:
        page.screenshot(path=str(folder / f"{name}.png"), full_page=True)

    return keep


def overflow(page: Page) -> int:
    """How far the page is wider than the screen."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def problems_of(page: Page, picture: Callable[[Any, str], None] | None = None, name: str = "") -> list[str]:
    """Every problem of the page as it is: light, dark, and on a phone. Pictures of the three are kept when
    it is said how."""
    found = violations(page)
    if picture:
        picture(page, f"{name}-light")
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {one}" for one in violations(page, "color-contrast")]
    if picture:
        picture(page, f"{name}-dark")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    found += [f"phone: {one}" for one in violations(page, "target-size", "scrollable-region-focusable")]
    if overflow(page) > 0:
        found.append(f"{page.url} is {overflow(page)} px too wide for a phone")
    if picture:
        picture(page, f"{name}-phone")
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    return found
