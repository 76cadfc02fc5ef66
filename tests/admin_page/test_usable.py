"""Everybody can use the pages: axe-core finds nothing serious, nothing is cut off on a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.browser import problems_of
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.admin_page.place import AdminPage, Person

ALWAYS = (
    "", "jobs", "workers", "sessions", "sessions/invalidate", "plans", "plans/add", "windows",
    "reports", "rehearsal", "journal", "alerts", "access", "emergency",
)  # fmt: skip
WHILE_OPEN = ("start",)
IN_A_WINDOW = ("change", "end", "verify", "vouch", "sessions/allow")


def visit(page: Page, site: AdminPage, paths: tuple[str, ...]) -> list[str]:
    """Every problem on these pages."""
    found = []
    for path in paths:
        answer = page.goto(site.url(path))
        assert answer is not None
        assert answer.status == 200, path
        found += problems_of(page)
    return found


def test_every_page_while_open(
    site: AdminPage, admin: Person, open_page: Callable[..., Page], picture: Callable[[Any, str], None]
) -> None:
    page = open_page()
    page.goto(site.url())
    found = problems_of(page, picture, "sign-in")
    site.sign_in(page, admin)
    site.shop.guard.schedule.add(
        name="Reindex", reason="Rebuild the index", by="tests", at="2030-01-01 02:00", duration=3600
    )
    found += visit(page, site, ALWAYS + WHILE_OPEN)
    page.goto(site.url("start"))
    page.get_by_role("button", name="Show what it will meet").click()
    page.get_by_role("alert").wait_for()
    found += problems_of(page, picture, "problems")
    page.get_by_label("Reason").fill("Axe")
    page.get_by_role("button", name="Show what it will meet").click()
    page.get_by_role("heading", name="Start this window?").wait_for()
    found += problems_of(page, picture, "preview")
    assert found == []


def test_every_page_in_a_window(
    site: AdminPage, admin: Person, open_page: Callable[..., Page], picture: Callable[[Any, str], None]
) -> None:
    guard = site.shop.guard
    site.running(40.0)
    guard.enable(reason="A long reason, with aVeryLongWordThatNobodyCanBreakAnywhere" * 3, by="tests")
    for _ in range(3):
        guard.attempts.note("caption_generation")
    site.shop.send("mixed_job", 1, when_closed="hold", task_id="parked-one")
    eventually(lambda: guard.parked.get("parked-one") is not None, within=20, what="a parked job")
    page = open_page()
    site.sign_in(page, admin)
    found = visit(page, site, IN_A_WINDOW)
    eventually(
        lambda: "attempts by users" in page.goto(site.url()).text(), within=20, what="the plot of attempts"
    )
    found += problems_of(page, picture, "window")
    for path in ("jobs", "workers", "journal", "windows", "jobs/parked-one/discard", "access"):
        page.goto(site.url(path))
        found += problems_of(page, picture, path.replace("/", "-"))
    page.goto(site.url("jobs"))
    page.get_by_role("link", name="Release parked-one…").click()
    page.get_by_role("dialog").get_by_role("heading").wait_for()
    found += problems_of(page, picture, "dialog")
    guard.change(by="tests", mode="emergency", grace=1)
    found += visit(page, site, ("", "end", "change", f"windows/{guard.durable.read().window_id}"))
    assert found == []


def test_a_dialog_gives_the_focus_back(
    site: AdminPage, admin: Person, open_page: Callable[..., Page]
) -> None:
    page = open_page()
    site.sign_in(page, admin)
    page.goto(site.url("sessions"))
    link = page.get_by_role("link", name="End sessions of non-admins…")
    link.focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("heading", name="End all sessions").wait_for()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent") == "End sessions of non-admins…"
    link.click()
    page.get_by_role("dialog").get_by_role("button", name="End them").click()
    page.get_by_text("refused everywhere").wait_for()
