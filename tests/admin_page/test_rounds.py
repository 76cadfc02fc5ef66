"""The pages that are opened seldom, each gone through once as a person would, and looked at in light, dark
and on a phone. Slow: run by hand, with its pictures in `.artifacts/admin_page`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from guard.core.modes import Phase
from tests.support.browser import problems_of
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.admin_page.place import AdminPage, Person

pytestmark = pytest.mark.slow


def test_a_round_through_plans_tokens_alerts_and_a_rehearsal(
    site: AdminPage, admin: Person, open_page: Callable[..., Page], picture: Callable[[Any, str], None]
) -> None:
    guard, page, found = site.shop.guard, open_page(), []
    site.sign_in(page, admin)

    page.goto(site.url("plans/add"))
    page.get_by_label("Reason").fill("Rebuild the search index")
    page.get_by_label("Name").fill("Reindex")
    page.get_by_label("First start").fill("2031-01-05 02:00")
    page.get_by_label("How long").fill("90m")
    page.get_by_label("Again").fill("FREQ=WEEKLY;BYDAY=SU")
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Announce it before").fill("72h,1h")
    found += problems_of(page, picture, "plan-add")
    page.get_by_role("button", name="Show what it will meet").click()
    page.get_by_role("heading", name="Plan this window?").wait_for()
    assert guard.schedule.list() == []
    found += problems_of(page, picture, "plan-preview")
    page.get_by_role("button", name="Plan it").click()
    page.get_by_text("Reindex is planned.").wait_for()
    found += problems_of(page, picture, "plans")
    page.get_by_role("link", name="Reindex", exact=True).click()
    page.get_by_role("heading", name="A planned window").wait_for()
    found += problems_of(page, picture, "plan")
    page.goto(f"{page.url}/cancel")
    page.get_by_role("heading", name="Cancel this plan?").wait_for()
    found += problems_of(page, picture, "plan-cancel")
    page.get_by_role("button", name="Cancel the plan").click()
    page.get_by_text("Reindex is cancelled.").wait_for()

    view = guard.access.make_token("temp", rights=("read",), seconds=3600, by="tests", label="laptop").view
    page.goto(site.url("access"))
    found += problems_of(page, picture, "access")
    page.goto(site.url(f"access/tokens/{view.token_id}/revoke"))
    assert "laptop" in page.locator("main").inner_text(), "nobody sees whose token it is"
    found += problems_of(page, picture, "token-revoke")
    if page.get_by_label("One-time code").count():
        page.get_by_label("One-time code").fill(admin.code())
    page.get_by_role("button", name="Revoke it").click()
    page.get_by_text("The token of temp is revoked").wait_for()
    page.goto(site.url("alerts"))  # the break-glass code has raised one
    found += problems_of(page, picture, "alerts")
    page.get_by_role("button", name="Acknowledge alert").first.click()
    page.get_by_text("You see to alert").wait_for()
    assert guard.alerts.list(1, everything=True)[0].acknowledged_by == admin.name
    found += problems_of(page, picture, "alerts-acknowledged")

    site.running(6.0)
    page.goto(site.url("start"))
    page.get_by_label("Kind").select_option("test")
    page.get_by_label("Reason").fill("Rehearse the upgrade")
    page.get_by_role("button", name="Show what it will meet").click()
    page.get_by_role("heading", name="Start this rehearsal?").wait_for()
    found += problems_of(page, picture, "rehearsal-preview")
    page.get_by_role("button", name="Start the rehearsal").click()
    page.get_by_text("The rehearsal is on").wait_for()
    site.shop.send("job", 2, 0.1).get(timeout=20)
    found += problems_of(page, picture, "rehearsal-now")
    page.get_by_role("link", name="End the window…").click()
    page.get_by_role("button", name="End the window").click()
    page.get_by_role("heading", name="Open").wait_for()
    page.goto(site.url("rehearsal"))
    page.get_by_text("Rehearse the upgrade").first.wait_for()
    found += problems_of(page, picture, "rehearsal")
    page.get_by_role("link", name="Rehearse the upgrade").first.click()
    page.get_by_role("heading", name="Report of a window").wait_for()
    found += problems_of(page, picture, "rehearsal-report")
    assert found == []


def test_a_round_through_an_open_window(
    site: AdminPage, admin: Person, open_page: Callable[..., Page], picture: Callable[[Any, str], None]
) -> None:
    guard, page, found = site.shop.guard, open_page(), []
    site.sign_in(page, admin)
    site.running(2.0)
    guard.enable(reason="Move the database", by="tests", duration=3600, verify=True)
    eventually(lambda: guard.advance() and site.phase is Phase.ACTIVE, within=30, what="drained")

    page.goto(site.url("change"))
    found += problems_of(page, picture, "change")
    assert page.get_by_label("How long").input_value() == "1h"
    page.get_by_label("How long").fill("soon")
    page.get_by_role("button", name="Change", exact=True).click()
    page.get_by_role("alert").wait_for()
    found += problems_of(page, picture, "change-problem")
    page.get_by_label("How long").fill("2h")
    page.get_by_role("button", name="Change", exact=True).click()
    page.get_by_text("The window was changed.").wait_for()
    assert guard.durable.read().duration == 7200

    page.goto(site.url("vouch?worker=w9@shop"))
    found += problems_of(page, picture, "vouch")
    page.get_by_label("Worker or step").fill("nobody@nowhere")
    page.get_by_role("button", name="I have looked: go on without it").click()
    page.wait_for_load_state()
    found += problems_of(page, picture, "vouch-sent")

    page.goto(site.url("verify"))
    found += problems_of(page, picture, "verify")
    page.get_by_role("button", name="Begin to verify").click()
    page.get_by_text("The stage for verifying has begun").wait_for()
    found += problems_of(page, picture, "verifying")

    site.shop.app.control.cancel_consumer("open", destination=["w1@shop"], reply=True)
    page.goto(site.url("end"))
    found += problems_of(page, picture, "end-differences")
    page.get_by_label("Then restore 1 thing").check()
    page.get_by_role("button", name="End the window").click()
    page.get_by_text("Rolled back: 1 restored, 0 failed.").wait_for()
    found += problems_of(page, picture, "rolled-back")
    page.goto(site.url("windows"))
    found += problems_of(page, picture, "windows")
    page.get_by_role("link", name="Report of the window").first.click()
    page.get_by_role("heading", name="Do the books balance?").wait_for()
    found += problems_of(page, picture, "report")
    assert found == []
