"""The buttons: who may press them, and what is written down."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
import requests

from guard.core.access import Actor, Right
from guard.errors import StaleEpoch
from guard.flower.acts import perform
from guard.flower.asking import Visitor
from tests.flower.flowers import CAROL
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from guard.core.history import JournalLine
    from tests.flower.flowers import Flower, Flowers


def journal(flowers: Flowers, after: int = 0) -> list[JournalLine]:
    """The lines after that number, the oldest first."""
    lines = flowers.shop.guard.records.journal(limit=100)
    return [line for line in reversed(lines) if line.seq > after]


def last_line(flowers: Flowers) -> int:
    lines = journal(flowers)
    return lines[-1].seq if lines else 0


def test_a_window_by_buttons(shared: tuple[Flowers, Flower]) -> None:
    flowers, flower = shared
    shop, before = flowers.shop, last_line(flowers)

    other = flower.press("enable", reason="x", duration="1h", mode="emergency")
    assert other.status_code == 422, "an emergency has a button of its own, which asks for more"
    assert not shop.guard.status().is_active
    opened = flower.press("enable", reason="Database <script>upgrade", duration="90m", mode="normal")
    assert opened.status_code == 303, opened.text
    assert opened.headers["Location"] == "/maintenance?done=enable"
    status = shop.guard.status()
    assert (status.mode, status.reason, status.estimated_duration) == (
        "normal",
        "Database <script>upgrade",
        5400,
    )
    page = flower.page()
    assert "<script>upgrade" not in page
    assert "Database &lt;script&gt;upgrade" in page

    eventually(lambda: shop.guard.advance().state.phase == "active", within=15)
    assert flower.press("change", duration="30m").status_code == 303
    assert 1795 <= (shop.guard.status().estimated_duration or 0) <= 1830
    wrong = flower.press("change", duration="soon")
    assert wrong.status_code == 422
    assert "is not understood" in wrong.text
    assert 'value="soon"' in wrong.text, "what was typed is still there"

    late = flower.press("disable", epoch="1")
    assert late.status_code == 409
    assert shop.guard.status().is_active, "another epoch than the visitor saw"
    assert flower.press("disable").status_code == 303
    eventually(lambda: shop.guard.status().phase == "inactive", within=15)
    lines = [line.record for line in journal(flowers, before)]
    actors = {line.actor for line in lines if line.action in {"enable", "change", "disable"}}
    assert actors == {"alice (Flower, 127.0.0.1)"}


def test_an_emergency_takes_a_reason_and_a_code_at_both_ends(shared: tuple[Flowers, Flower]) -> None:
    flowers, flower = shared
    guard, before = flowers.shop.guard, last_line(flowers)
    alerts = len(guard.records.alerts())
    otp, break_glass = flowers.enrol()

    without = flower.press("emergency", reason="A leak")
    assert without.status_code == 403
    assert "to start emergency takes a code" in without.text
    assert flower.press("emergency", reason="A leak", code="000000").status_code == 403
    assert flower.press("emergency", reason=" ", code=otp.now()).status_code == 422, "and uses up no code"
    assert not guard.status().is_active
    code = otp.now()
    assert flower.press("emergency", reason="A leak", code=code).status_code == 303
    assert guard.status().mode == "emergency"

    assert flower.press("disable", reason="It is closed").status_code == 403
    again = flower.press("disable", reason="It is closed", code=code)
    assert again.status_code == 403, "each code counts once"
    assert "does not count" in again.text
    assert code not in again.text
    for reason in ("", "forged\nline"):
        assert flower.press("disable", reason=reason, code=break_glass[0]).status_code == 422
    assert flower.press("change", reason="Still a leak").status_code == 303
    assert guard.status().mode == "emergency"
    assert flower.press("disable", reason="It is closed", code=break_glass[0]).status_code == 303
    eventually(lambda: guard.status().phase == "inactive", within=15)

    lines = [line.record for line in journal(flowers, before) if line.record.action == "admit"]
    admitted = [line for line in lines if line.outcome == "admitted"]
    assert [line.detail["deed"] for line in admitted] == ["start emergency", "change", "end emergency"]
    assert {(line.actor, line.detail["via"], line.detail["address"]) for line in lines} == {
        ("alice", "flower", "127.0.0.1")
    }
    assert "It is closed" in admitted[-1].detail["request"]
    assert [line.detail["deed"] for line in lines if line.outcome == "refused"] == [
        "start emergency", "end emergency",
    ]  # fmt: skip
    assert len(guard.records.alerts()) == alerts + 1
    assert guard.records.alerts()[0].kind == "break-glass code used"
    assert not {code, break_glass[0]} & set(re.findall(r"[\w-]+", flower.process.log))


def test_who_has_no_second_factor_is_told_how_to_get_one(shared: tuple[Flowers, Flower]) -> None:
    flowers, flower = shared
    guard = flowers.shop.guard
    _, break_glass = flowers.enrol("somebody else")
    flower = flower.seen_by(CAROL)
    assert "access enrol carol" in flower.page()
    assert "if you have one" not in flower.page()
    for fields in ({}, {"code": "123456"}, {"code": break_glass[0]}):
        refused = flower.press("emergency", reason="A leak", **fields)
        assert refused.status_code == 403
        assert "celery -A yourapp maintenance access enrol carol. The command line needs none" in refused.text
    assert not guard.status().is_active
    assert flower.press("enable", reason="Upgrade", duration="1h").status_code == 303
    assert flower.press("emergency", reason="A leak").status_code == 403, "also from a window that is open"
    assert guard.status().mode == "normal"

    guard.change(by="tests", mode="emergency")
    refused = flower.press("disable", reason="It is closed")
    assert refused.status_code == 403
    assert "access enrol carol" in refused.text
    assert guard.status().mode == "emergency"


def test_a_window_that_became_an_emergency_does_not_end_as_a_normal_one(
    shared: tuple[Flowers, Flower],
) -> None:
    guard = shared[0].shop.guard
    guard.enable(reason="Upgrade", by="tests")

    class Overtaken:
        """The guard, of which somebody else makes an emergency right after it was asked for its status."""

        def __getattr__(self, name: str) -> Any:
            return getattr(guard, name)

        def status(self) -> Any:
            seen = guard.status()
            guard.change(by="somebody else", mode="emergency")
            return seen

    alice = Visitor(name="alice", address="127.0.0.1")
    for ahead in range(4):  # the epoch of the emergency is one of these
        epoch = (guard.status().epoch or 0) + ahead
        with pytest.raises(StaleEpoch):
            perform(cast("Any", Overtaken()), "disable", {"epoch": str(epoch)}, alice)
        assert guard.status().mode == "emergency"
        guard.change(by="tests", mode="normal")


def test_without_the_libraries_there_are_no_emergency_buttons(shared: tuple[Flowers, Flower]) -> None:
    """As after `pip install flower` alone. The rest of the page goes on."""
    flowers, _ = shared
    shop = flowers.shop
    blocked = shop.folder / "blocked"
    blocked.mkdir()
    (blocked / "sitecustomize.py").write_text("import sys\nsys.modules['pyotp'] = None\n")
    flower = flowers.start(PYTHONPATH=f"{blocked}{os.pathsep}{Path.cwd()}")

    why = "is not installed here (missing: pyotp)"
    page = flower.page()
    assert why in page
    assert "celery-maintenance-guard[flower]" in page
    assert "/maintenance/emergency" not in page
    refused = flower.press("emergency", reason="A leak", code="123456", epoch="0")
    assert refused.status_code == 403
    assert not shop.guard.status().is_active
    assert flower.press("enable", reason="Upgrade", duration="1h").status_code == 303
    assert "/maintenance/disable" in flower.page()

    shop.guard.change(by="tests", mode="emergency")
    page = flower.page()
    assert why in page
    assert "/maintenance/disable" not in page
    assert "/maintenance/change" in page
    assert flower.press("disable", reason="It is closed", code="123456").status_code == 403
    assert shop.guard.status().mode == "emergency"
    shop.guard.change(by="tests", mode="normal")
    assert flower.press("disable").status_code == 303


def test_a_second_person_is_asked_for_where_the_setting_says_so(shared: tuple[Flowers, Flower]) -> None:
    flowers, _ = shared
    guard = flowers.shop.guard
    flower = flowers.start(GUARD_SECOND_APPROVER="emergency")
    refused = flower.press("emergency", reason="A leak")
    assert refused.status_code == 403
    assert "access enrol alice" in refused.text, "who has none cannot ask a second person either"
    assert guard.access.approvals() == []
    otp, break_glass = flowers.enrol()
    asked = flower.press("emergency", reason="A leak", code=otp.now())
    assert asked.status_code == 403
    (waiting,) = guard.access.approvals()
    assert f'name="approval" value="{waiting.approval_id}"' in asked.text, (
        "so that it is sent along next time"
    )
    assert not guard.status().is_active
    bob = Actor(name="bob", rights=frozenset({Right.EMERGENCY}), stepped_up_at=time.time())
    guard.access.approve(bob, waiting.approval_id)
    other = flower.press(
        "emergency", reason="Something else", code=break_glass[0], approval=waiting.approval_id
    )
    assert other.status_code == 403, "what was approved is what is done"
    done = flower.press("emergency", reason="A leak", code=break_glass[1], approval=waiting.approval_id)
    assert done.status_code == 303
    assert guard.status().mode == "emergency"


@pytest.mark.parametrize(("options", "signed_in"), [((), False), (("--read_only",), True)])
def test_only_a_look_without_sign_in_or_when_read_only(
    shared: tuple[Flowers, Flower], options: tuple[str, ...], signed_in: bool
) -> None:
    flowers, _ = shared
    flower = flowers.start(*options, signed_in=signed_in)
    page = flower.page()
    assert "<form" not in page
    assert ("without authentication" if not signed_in else "--read_only") in page
    token = requests.utils.dict_from_cookiejar(flower.session.cookies)["_xsrf"]
    answer = flower.session.post(
        f"{flower.url}/maintenance/enable",
        data={"_xsrf": token, "reason": "mine", "duration": "1h"},
        timeout=20,
    )
    assert answer.status_code == 403
    assert not flowers.shop.guard.status().is_active


def test_nothing_without_sign_in_token_or_from_another_site(shared: tuple[Flowers, Flower]) -> None:
    flowers, flower = shared
    anonymous = requests.Session()
    for path in ("/maintenance", "/maintenance/now"):
        assert anonymous.get(flower.url + path, timeout=20).status_code == 401, path
    assert requests.get(flower.url + "/maintenance", auth=("alice", "wrong"), timeout=20).status_code == 401
    fields = {"reason": "forged", "duration": "1h", "mode": "normal"}
    assert flower.press("enable", token=False, **fields).status_code == 403
    page = flower.get("/maintenance")
    token = flower.session.cookies["_xsrf"]
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        forged = flower.session.post(
            f"{flower.url}/maintenance/enable", data={**fields, "_xsrf": token}, headers=headers, timeout=20
        )
        assert forged.status_code == 403, headers
    # no state change by GET, and no page that may be framed
    assert flower.get("/maintenance/enable", params=fields).status_code == 405
    assert flower.get("/maintenance/disable").status_code == 405
    assert page.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    assert not flowers.shop.guard.status().is_active
    # Flower's own: its figures need no sign-in. Nothing of ours in them is secret.
    figures = anonymous.get(flower.url + "/metrics", timeout=20)
    assert figures.status_code == 200
    assert "guard_epoch " in figures.text
