"""A real `celery -A … flower`, and a browser's share of talking to it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyotp
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.support.eventually import eventually
from tests.support.ports import free_port

if TYPE_CHECKING:
    from tests.support.processes import LocalProcess
    from tests.support.shop import Shop

__all__ = ["Flower", "Flowers"]

ALICE = ("alice", "correct-horse")
CAROL = ("carol", "battery-staple")


class Flowers:
    """Starts Flower of one shop."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def start(
        self, *options: str, signed_in: bool = True, check: str = "/healthcheck", **environ: str
    ) -> Flower:
        """Start it, with basic authentication unless told otherwise, and wait until it answers."""
        port = free_port()
        argv = ["flower", "--address=127.0.0.1", f"--port={port}", *options]
        if signed_in:
            argv.append(f"--basic-auth={':'.join(ALICE)},{':'.join(CAROL)}")
        process = self.shop._celery("flower", argv, environ)
        flower = Flower(f"http://127.0.0.1:{port}", process, ALICE if signed_in else None)
        eventually(lambda: flower.get(check).ok, within=30, what=f"Flower to answer: {process.log_tail}")
        return flower

    def enrol(self, name: str = ALICE[0]) -> tuple[pyotp.TOTP, tuple[str, ...]]:
        """Give somebody a second factor: its authenticator, whose code of now is unused, and its break-glass
        codes."""
        access = self.shop.guard.access
        enrolment = access.enrol(name, by="tests")
        otp = pyotp.TOTP(enrolment.seed)
        earlier = otp.generate_otp(otp.timecode(datetime.now(tz=UTC)) - 1)
        access.confirm(name, earlier, by="tests")
        return otp, enrolment.break_glass


class Flower:
    """One Flower, and one visitor with cookies."""

    def __init__(self, url: str, process: LocalProcess, auth: tuple[str, str] | None) -> None:
        self.url = url
        self.process = process
        self.session = requests.Session()
        self.session.auth = auth

    def seen_by(self, visitor: tuple[str, str]) -> Flower:
        """The same Flower, and another visitor."""
        return Flower(self.url, self.process, visitor)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session.get(self.url + path, timeout=20, **options)

    def page(self) -> str:
        """The Maintenance page."""
        answer = self.get("/maintenance")
        assert answer.status_code == 200, answer.text
        return answer.text

    def press(self, act: str, *, token: bool = True, **fields: str) -> requests.Response:
        """Fill in a form as the page has it now, and send it."""
        page = self.page()
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
        if not token:
            hidden.pop("_xsrf", None)
        return self.session.post(
            f"{self.url}/maintenance/{act}",
            data={**hidden, **fields},
            headers={"Origin": self.url},
            timeout=30,
            allow_redirects=False,
        )

    def figures(self) -> dict[str, float]:
        """/metrics as `name{label=value}`: only ours."""
        answer = self.get("/metrics")
        assert answer.status_code == 200
        return {
            sample.name + "".join(f"[{value}]" for value in sample.labels.values()): sample.value
            for family in text_string_to_metric_families(answer.text)
            if family.name.startswith("guard_")
            for sample in family.samples
        }

    def tasks(self) -> dict[str, dict[str, Any]]:
        """What its task list shows, by id."""
        answer = self.get("/api/tasks")
        assert answer.status_code == 200, answer.text
        found: dict[str, dict[str, Any]] = answer.json()
        return found

    def state_of(self, task_id: str) -> str | None:
        task = self.tasks().get(task_id)
        return task["state"] if task else None

    def hears(self, shop: Shop) -> None:
        """Wait until it hears of what the workers do. It switches their events on every five seconds; here
        that is asked for at once."""
        shop.app.control.enable_events()
        eventually(
            lambda: shop.send("free", 1) and self.tasks(), within=30, what="Flower to hear of the worker"
        )
