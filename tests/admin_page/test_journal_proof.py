"""The journal's page: the chain is judged when somebody asks, and what is wrong is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.admin_page.place import AdminPage, Person


def test_the_chain_is_judged_when_asked_and_not_on_each_view(
    site: AdminPage,
    reader: Person,
    open_page: Callable[..., Page],
    picture: Callable[[Any, str], None],
) -> None:
    page = open_page()
    site.sign_in(page, reader)
    page.goto(site.url("journal"))
    assert "Chain intact" not in page.content()
    page.get_by_role("link", name="Verify the chain").click()
    page.get_by_text("Chain intact, verified at").wait_for()
    picture(page, "journal-intact")
    engine: Any = site.shop.guard.durable.engine  # type: ignore[attr-defined]
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER guard_audit_no_update"))
        connection.execute(text("UPDATE guard_audit SET outcome = '<b>never</b>' WHERE number = 1"))
    page.reload()
    page.get_by_text("The journal is not what was written").wait_for()
    page.get_by_text("row 1 (number 1): it does not say any more what it said").wait_for()
    picture(page, "journal-broken")
    site.shop.guard.audit.accept(reason="a test did it", by="tests")
    site.shop.guard.durable.migrate()  # type: ignore[attr-defined]
    page.reload()
    page.get_by_text("Chain intact, verified at").wait_for()
