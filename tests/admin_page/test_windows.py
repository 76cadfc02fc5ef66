"""A whole window and a whole emergency, by mouse and by keyboard, in a real browser with a real worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playwright.sync_api import Error

from guard.core.modes import Phase
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.admin_page.place import AdminPage, Person

_MOST_TABS = 90


def test_a_window_by_mouse(
    site: AdminPage, admin: Person, open_page: Callable[..., Page], picture: Callable[[Any, str], None]
) -> None:
    page = open_page()
    job = site.running(12.0)
    site.sign_in(page, admin)
    picture(page, "open")
    page.get_by_role("link", name="Start a window…").click()
    page.get_by_label("Reason").fill("Database upgrade")
    page.get_by_label("How long").fill("90 minutes")
    picture(page, "start")
    page.get_by_role("button", name="Show what it will meet").click()

    assert "90 minutes" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("Reason").input_value() == "Database upgrade", "what was typed is lost"
    page.get_by_label("How long").fill("90m")
    page.get_by_role("button", name="Show what it will meet").click()
    page.get_by_role("heading", name="Start this window?").wait_for()
    assert site.phase is Phase.INACTIVE
    meets = page.get_by_role("region", name="What it will meet")
    assert job.id in meets.inner_text()
    assert "caption generation" in meets.inner_text()
    picture(page, "preview")
    page.get_by_role("button", name="Start the window").click()

    page.get_by_role("heading", name="Draining").wait_for()
    assert "every worker has given its word" in page.locator("#said").inner_text()
    page.locator("#drain").get_by_text(job.id).wait_for()
    picture(page, "draining")
    page.get_by_role("link", name="Change or extend…").click()
    page.get_by_label("By", exact=True).select_option("1h")
    page.get_by_role("button", name="Extend").click()
    page.get_by_text("The window was extended.").wait_for()
    assert site.shop.guard.durable.read().duration == 9000

    page.get_by_role("heading", name="Closed and drained").wait_for()  # the page is told by itself
    picture(page, "drained")
    page.get_by_role("link", name="End the window…").click()
    page.get_by_role("heading", name="What will differ").wait_for()
    picture(page, "end")
    page.get_by_role("button", name="End the window").click()
    page.get_by_text("Maintenance is over: the gates are open.").wait_for()
    page.get_by_role("heading", name="Open").wait_for()
    assert site.phase is Phase.INACTIVE

    page.get_by_role("link", name="History").click()
    page.get_by_role("link", name="Report of the window").first.click()
    page.get_by_role("heading", name="Do the books balance?").wait_for()
    picture(page, "report")
    page.get_by_role("link", name="Journal").click()
    assert "alice" in page.get_by_role("table").inner_text()


def test_a_window_by_keyboard(site: AdminPage, admin: Person, open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto(site.url())
    page.locator("#field-token:focus").wait_for()  # the one field has the focus by itself
    page.keyboard.insert_text(admin.token)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Open").wait_for()

    first = page.locator("a, button, input, select, textarea, summary").first
    assert first.inner_text() == "Skip to content"
    _tab_to(page, "Skip to content")
    page.keyboard.press("Enter")
    _tab_to(page, "Start a window…")
    page.keyboard.press("Enter")
    _tab_to(page, "reason")
    page.keyboard.insert_text("By keyboard")
    _tab_to(page, "duration")
    page.keyboard.insert_text("30m")
    _tab_to(page, "Show what it will meet")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Start this window?").wait_for()
    _tab_to(page, "Start the window")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Closed and drained").wait_for()
    _tab_to(page, "End the window…")
    page.keyboard.press("Enter")
    _tab_to(page, "End the window")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Open").wait_for()
    assert site.phase is Phase.INACTIVE
    assert site.shop.guard.records.windows(1)[0].reason == "By keyboard"


def test_an_emergency_by_mouse(
    site: AdminPage, admin: Person, open_page: Callable[..., Page], picture: Callable[[Any, str], None]
) -> None:
    page = open_page(dark=True)
    job = site.running()
    site.sign_in(page, admin)
    page.get_by_role("link", name="Emergency…").click()
    page.get_by_text(job.id).wait_for()  # what it will meet is loaded into the page
    picture(page, "emergency")
    page.get_by_label("Reason").fill("Disk full on db1")
    page.get_by_label("Grace period").fill("1")
    page.get_by_label("One-time code").fill("000000")
    page.get_by_role("button", name="Start the emergency").click()
    page.get_by_role("alert").wait_for()
    assert site.phase is Phase.INACTIVE
    assert page.get_by_label("Reason").input_value() == "Disk full on db1"
    assert page.get_by_label("One-time code").get_attribute("aria-invalid") == "true"
    picture(page, "emergency-wrong-code")

    page.get_by_label("One-time code").fill(admin.code())
    page.get_by_role("button", name="Start the emergency").click()
    page.get_by_role("heading", name="Emergency").wait_for()
    state = site.shop.guard.durable.read()
    assert (state.mode, state.reason, state.terms.grace) == ("emergency", "Disk full on db1", 1)
    page.get_by_role("heading", name="Emergency: closed and drained").wait_for()
    picture(page, "emergency-on")
    page.get_by_role("link", name="End the window…").click()
    assert page.get_by_label("One-time code").count() == 0, "a code counts for five minutes"
    page.get_by_role("button", name="End the emergency").click()
    page.get_by_text("Maintenance is over").wait_for()

    page.goto(site.url(f"windows/{state.window_id}"))
    asked = page.get_by_role("region", name="Jobs that were asked to stop").last
    assert job.id in asked.inner_text()
    picture(page, "emergency-report")


def test_an_emergency_by_keyboard(site: AdminPage, officer: Person, open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto(site.url())
    page.locator("#field-token:focus").wait_for()
    page.keyboard.insert_text(officer.token)
    page.keyboard.press("Enter")
    _tab_to(page, "Emergency…")
    page.keyboard.press("Enter")
    _tab_to(page, "reason")
    page.keyboard.insert_text("Keys only")
    _tab_to(page, "code")
    page.keyboard.insert_text(officer.code())
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Emergency").wait_for()
    eventually(lambda: site.phase is Phase.ACTIVE, what="drained")
    _tab_to(page, "End the window…")
    page.keyboard.press("Enter")
    _tab_to(page, "End the emergency")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Open").wait_for()
    assert site.phase is Phase.INACTIVE


def test_without_a_script(site: AdminPage, officer: Person, open_page: Callable[..., Page]) -> None:
    page = open_page(java_script_enabled=False)
    site.sign_in(page, officer)
    page.get_by_role("link", name="Start a window…").click()
    page.get_by_label("Reason").fill("No script")
    page.get_by_role("button", name="Show what it will meet").click()
    page.get_by_role("button", name="Back to the form").click()
    assert page.get_by_label("Reason").input_value() == "No script"
    page.get_by_role("button", name="Show what it will meet").click()
    page.get_by_role("button", name="Start the window").click()
    page.get_by_text("The window is open.").wait_for()
    page.get_by_role("link", name="End the window…").click()
    page.get_by_role("button", name="End the window").click()
    page.get_by_text("Maintenance is over").wait_for()


def test_a_look_again_keeps_focus_and_what_is_open(
    site: AdminPage, officer: Person, open_page: Callable[..., Page]
) -> None:
    page = open_page()
    site.sign_in(page, officer)
    page.get_by_role("link", name="Plan a window…").focus()
    page.evaluate("window.sameDocument = true")
    site.shop.guard.enable(reason="From elsewhere", by="tests")
    page.get_by_role("heading", name="Closed and drained").wait_for()
    page.get_by_text("From elsewhere").wait_for()
    assert page.evaluate("window.sameDocument"), "the page was loaded anew"
    assert "Plan a window" not in page.inner_text("body")
    assert page.evaluate("document.activeElement.id") == "main", "a key press would reach another link"
    page.get_by_role("link", name="Change or extend…").focus()
    site.shop.guard.change(by="tests", reason="Changed elsewhere")
    page.get_by_text("Changed elsewhere").wait_for()
    assert _focused(page) == "Change or extend…", "the focus was lost"
    assert "Closed and drained" in page.locator("#announcer").inner_text(), "nobody was told"


def _focused(page: Page) -> str:
    """What has the focus: its words, or the name of its field."""
    script = """(() => {
        const one = document.activeElement;
        return (one.localName === "button" ? one.textContent : one.name || one.textContent || "").trim();
    })()"""
    try:
        page.wait_for_load_state()
        return str(page.evaluate(script))
    except Error:  # the page was on its way to the next one
        return ""


def _tab_to(page: Page, wanted: str) -> None:
    """Press Tab until this has the focus."""
    for _ in range(_MOST_TABS):
        if _focused(page) == wanted:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {wanted!r} on {page.url}")
