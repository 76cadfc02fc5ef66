"""The pages for users in a real browser: live, readable without a script, usable by everybody."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from flask import render_template_string

from tests.support.axe import violations
from tests.support.browser import ARTEFACTS, opened, picture_in, problems_of
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from playwright.sync_api import Browser, Page

    from tests.web.conftest import Gallery

PICTURES = ARTEFACTS / "public_pages"
LATER = 30_000
"""Milliseconds: later than both scripts look again."""
ANY_PAGE = """<!doctype html><html lang="en"><head><title>Pictures</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body>{{ maintenance_banner() }}<main><h1>Pictures</h1><p>Of everybody.</p></main></body></html>"""

picture = picture_in(PICTURES)


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Page]]:
    with opened(browser, PICTURES, request.node.name) as make:
        yield make


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Where an application is, under a real server."""
    from waitress import create_server

    server = create_server(app, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, name="waitress")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()
        server.task_dispatcher.shutdown()
        thread.join(5)


@pytest.fixture
def address(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where the gallery is; its page for admins has the banner in its template."""
    monkeypatch.setitem(gallery.app.view_functions, "users", lambda: render_template_string(ANY_PAGE))
    with served(gallery.app) as made:
        yield made


def passes_until(page: Page, selector: str, text: str) -> None:
    """Let the page's own time pass until it shows this: its timers are real, its clock is not."""

    def shows() -> bool:
        page.clock.fast_forward(LATER)
        found = page.locator(selector, has_text=text)
        return found.count() > 0 and found.first.is_visible()

    eventually(shows, within=20, what=f"{text!r} in {selector}")


def become(gallery: Gallery, mode: str) -> None:
    """Open a window, or make the open one another."""
    if gallery.guard.status().is_active and mode == "emergency":
        gallery.guard.change(by="ops", mode=mode, sessions="keep")
    else:
        gallery.close(mode, duration=1800)


def test_the_status_page_follows_a_whole_window(
    gallery: Gallery, address: str, open_page: Callable[..., Page]
) -> None:
    page = open_page()
    page.clock.install()
    page.goto(f"{address}/maintenance")
    page.evaluate("window.sameDocument = true")
    steps = (
        ("normal", "System maintenance in progress"),
        ("emergency", "Emergency maintenance in progress"),
        ("open", "All systems operational"),
    )
    assert page.locator("h1").inner_text() == "All systems operational"
    picture(page, "window-0-open")
    for number, (standing, headline) in enumerate(steps, 1):
        if standing == "open":
            gallery.guard.disable(by="ops")
        else:
            become(gallery, standing)
        passes_until(page, "h1", headline)
        passes_until(page, "#live", f"Changed: {headline}")
        assert page.title() == headline
        assert page.locator(".badge").get_attribute("class") == f"badge {standing}"
        if standing != "open":
            assert page.locator("dd").first.inner_text() == "Umzug <b>der</b> Bilder"
            assert page.get_by_role("region", name="Not available").is_visible()
        picture(page, f"window-{number}-{standing}")
    assert page.get_by_role("region", name="Not available").count() == 0
    assert page.evaluate("window.sameDocument"), "the page was loaded anew"


def send(page: Page, address: str) -> Any:
    """Send a form, as people do; the answer."""
    page.goto(f"{address}/login")
    with page.expect_navigation() as sent:
        page.evaluate("() => { const form = document.forms[0]; form.action = '/make'; form.submit(); }")
    return sent.value


def test_everybody_can_use_what_a_window_shows(
    gallery: Gallery, address: str, open_page: Callable[..., Page]
) -> None:
    page = open_page()
    page.goto(f"{address}/maintenance")
    found = problems_of(page, picture, "status-open")
    for mode in ("normal", "emergency"):
        become(gallery, mode)
        page.goto(f"{address}/maintenance")
        found += problems_of(page, picture, f"status-{mode}")
        assert send(page, address).status == 503
        assert page.get_by_text("was not done").is_visible()
        assert page.get_by_text("Try again").count() == 0, "it would ask by GET for what takes POST"
        found += problems_of(page, picture, f"refused-{mode}")
        page.goto(f"{address}/admin/users")
        assert page.get_by_role("status").is_visible()
        found += problems_of(page, picture, f"banner-{mode}")
    for look in ("unknown", "over"):
        page.evaluate(
            "(look) => { document.querySelector('[role=status]').className = `maintenance-banner ${look}` }",
            look,
        )
        found += violations(page, "color-contrast")
        picture(page, f"banner-{look}")
    assert found == []


def test_everybody_can_use_what_is_shown_while_nobody_knows(
    make_gallery: Any, open_page: Callable[..., Page]
) -> None:
    gallery: Gallery = make_gallery()
    page = open_page()
    with served(gallery.app) as address:
        page.goto(f"{address}/maintenance")
        runtime = gallery.guard._parts.runtime
        ensure, runtime._ensure_agent = runtime._ensure_agent, lambda: None
        gallery.guard._parts._producer.stop()
        page.goto(f"{address}/maintenance")
        assert page.get_by_text("Not known", exact=True).is_visible()
        found = problems_of(page, picture, "status-unknown")
        assert send(page, address).status == 503
        found += problems_of(page, picture, "refused-unknown")
        runtime._ensure_agent = ensure
    assert found == []


def test_the_page_of_an_ended_session_and_a_rehearsal(
    gallery: Gallery, address: str, open_page: Callable[..., Page]
) -> None:
    page = open_page()
    page.request.post(f"{address}/login", form={"name": "bob", "password": "bob's password"})
    become(gallery, "test")
    page.goto(f"{address}/maintenance")
    assert page.get_by_text("Nothing is blocked").is_visible()
    found = problems_of(page, picture, "status-test")
    gallery.guard.disable(by="ops")
    gallery.close(sessions="invalidate")
    gallery.guard.disable(by="ops")
    eventually(lambda: gallery.guard.requests.is_open, within=10, what="open again")
    answer = page.goto(f"{address}/")
    assert answer is not None
    assert answer.status == 401
    found += problems_of(page, picture, "ended")
    assert found == []
