"""The Maintenance page in real Chromium. Pictures of it are kept in the test's folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.flower.flowers import ALICE
from tests.support.axe import violations
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.flower.flowers import Flower, Flowers

OURS = ".guard-page"
"""The part of a page in Flower that is the guard's; the rest is Flower's own."""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    name, password = ALICE
    context = browser.new_context(
        http_credentials={"username": name, "password": password},
        color_scheme="light",
        reduced_motion="reduce",  # no colour is judged on its way to another
    )
    yield context.new_page()
    context.close()


def test_an_emergency_by_mouse_and_keyboard(
    shared: tuple[Flowers, Flower], page: Page, tmp_path: Path
) -> None:
    flowers, flower = shared
    guard = flowers.shop.guard
    _, break_glass = flowers.enrol()
    page.goto(f"{flower.url}/maintenance")
    assert violations(page, within=OURS) == []
    starting = page.locator("form[action$='/emergency']")
    starting.get_by_label("Reason").fill("A leak")
    starting.get_by_role("button").click()
    code = starting.get_by_label("Code of your second factor")
    assert code.evaluate("field => field === document.activeElement"), "the browser asks for the code"
    code.fill("000000")
    code.press("Enter")
    page.get_by_role("alert").wait_for()
    assert violations(page, within=OURS) == []
    assert starting.get_by_label("Reason").input_value() == "A leak"
    assert code.input_value() == ""
    code.fill(break_glass[0])
    code.press("Enter")
    page.get_by_text("Emergency maintenance has begun.").wait_for()
    assert guard.status().mode == "emergency"
    page.screenshot(path=tmp_path / "emergency.png", full_page=True)
    assert violations(page, within=OURS) == []
    ending = page.locator("form[action$='/disable']")
    ending.get_by_label("Reason").fill("It is closed")
    ending.get_by_label("Code of your second factor").fill(break_glass[1])
    ending.get_by_role("button", name="End the emergency").click()
    page.get_by_text("The window was ended.").wait_for()


@pytest.mark.slow
def test_a_window_by_mouse_seen_live(flowers: Flowers, page: Page, tmp_path: Path) -> None:
    shop = flowers.shop
    _, break_glass = flowers.enrol()
    shop.worker("w1", concurrency=1)
    flower = flowers.start()
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(f"{flower.url}/workers")
    page.get_by_role("link", name="Maintenance").click()
    headline = page.locator(".guard-headline")
    assert headline.inner_text() == "Off: all operations run"
    page.screenshot(path=tmp_path / "off.png", full_page=True)
    running = shop.send("mixed_job", None, 8.0)
    eventually(lambda: running.id in shop.runs(), within=15)
    opening = page.locator("form[action$='/enable']")
    opening.get_by_label("Reason").fill("Database upgrade")
    opening.get_by_label("For how long").fill("90m")
    opening.get_by_role("button").click()
    page.get_by_text("The window is open.").wait_for()
    assert shop.guard.status().reason == "Database upgrade"
    page.get_by_role("heading", name="Drain: 1 left").wait_for()
    page.screenshot(path=tmp_path / "drain.png", full_page=True)
    assert violations(page, within=OURS) == []

    # what others do shows by itself, and what was typed stays
    page.locator("form[action$='/change']").get_by_label("Reason").fill("typed")
    eventually(lambda: shop.guard.advance().state.phase == "active", within=20)
    page.locator(".metric-value", has_text="active").wait_for(timeout=10_000)
    assert page.locator("form[action$='/change']").get_by_label("Reason").input_value() == "typed"
    # the forms follow the epoch of the same window, so this is not refused as over
    page.locator("form[action$='/change']").get_by_role("button").click()
    page.get_by_text("The window was changed.").wait_for()
    page.screenshot(path=tmp_path / "open.png", full_page=True)

    # another mode: a person looks first
    shop.guard.change(by="tests", mode="emergency", reason="A leak")
    page.locator("#guard-changed").wait_for(state="visible", timeout=10_000)
    assert page.locator(".guard-headline").inner_text() == "Emergency maintenance"
    assert all(button.is_disabled() for button in page.locator(".guard-form button").all())
    page.get_by_role("link", name="Load this page anew").click()
    ending = page.locator("form[action$='/disable']")
    ending.get_by_label("Reason").fill("It is closed")
    ending.get_by_label("Code of your second factor").fill(break_glass[0])
    ending.get_by_role("button", name="End the emergency").click()
    page.get_by_text("The window was ended.").wait_for()

    # at the width of a phone, dark
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{flower.url}/maintenance")
    page.screenshot(path=tmp_path / "phone.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert said == []
    assert {url.split("/")[2] for url in asked} == {flower.url.split("/")[2]}, "no other host is asked"


@pytest.mark.slow
def test_it_says_when_it_is_not_refreshed_any_more(flowers: Flowers, page: Page) -> None:
    flower = flowers.start(signed_in=False)
    page.goto(f"{flower.url}/maintenance")
    page.get_by_text("live", exact=True).wait_for(timeout=10_000)
    flower.process.kill()
    page.get_by_text("what is shown may be over").wait_for(timeout=10_000)
