"""A shop with a worker whose admin page is really served, and people who use it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import requests

from guard.core.modes import Phase
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.support.processes import LocalProcess
    from tests.support.shop import Shop

__all__ = ["AdminPage", "Person"]

PATH = "/admin/maintenance/"


class Person:
    """Somebody with a token, and a second factor when they may do more than look."""

    def __init__(self, shop: Shop, name: str, *rights: str) -> None:
        access = shop.guard.access
        self.name = name
        self.token = access.make_token(name, rights=rights, seconds=3600, by="tests").text
        self._codes: list[str] = []
        if rights != ("read",):
            import pyotp

            enrolment = access.enrol(name, by="tests")
            access.confirm(name, pyotp.TOTP(enrolment.seed).now(), by="tests")
            self._codes = list(enrolment.break_glass)

    def code(self) -> str:
        """A one-time code that nobody has used."""
        return self._codes.pop()


class AdminPage:
    """The page, served by `celery maintenance web` on a free port."""

    def __init__(self, shop: Shop, process: LocalProcess) -> None:
        self.shop = shop
        self.process = process
        line = eventually(
            lambda: next((one for one in process.log.splitlines() if one.startswith("{")), ""),
            within=30,
            what=f"the address of the page: {process.log_tail}",
        )
        self.origin = re.sub(r"(https?://[^/]+).*", r"\1", json.loads(line)["address"])

    def url(self, path: str = "") -> str:
        """The address of a page."""
        return f"{self.origin}{PATH}{path}"

    def http(self, person: Person | None = None) -> requests.Session:
        """A client that is no browser; signed in as somebody."""
        session = requests.Session()
        if person is not None:
            page = session.get(self.url("sign-in"), timeout=10)
            answer = session.post(
                self.url("sign-in"),
                data={"token": person.token, "csrf": field(page.text, "csrf"), "next": ""},
                timeout=10,
                allow_redirects=False,
            )
            assert answer.status_code == 303, answer.text
        return session

    def sign_in(self, page: Page, person: Person) -> None:
        """Sign in with the mouse."""
        page.goto(self.url())
        page.get_by_label("Access token").fill(person.token)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_text(f"Signed in as {person.name}").wait_for()

    @property
    def phase(self) -> Phase:
        """Where the guard stands by the durable store."""
        return self.shop.guard.durable.read().phase

    def open_again(self) -> None:
        """End whatever a test has left."""
        guard = self.shop.guard
        if self.phase is not Phase.INACTIVE:
            if self.phase is not Phase.RELEASING:
                guard.disable(by="tests", unverified=True)
            eventually(lambda: guard.advance() and self.phase is Phase.INACTIVE, within=20, what="the end")
        for plan in guard.schedule.list():
            guard.schedule.cancel(plan.schedule_id, by="tests")

    def running(self, seconds: float = 30.0) -> Any:
        """Publish a job of some seconds and wait until it runs."""
        job = self.shop.send("job", 1, seconds)
        eventually(lambda: job.id in self.shop.runs(), within=15, what="the job to run")
        return job


def field(html: str, name: str) -> str:
    """The value of a hidden field in a page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found is not None, f"no field {name} in {html[:500]}"
    return found[1]
