"""Reports of a real past: a normal window with parked jobs, and an emergency that really kills a job."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from guard.core.reports.due import SETTLE_SECONDS
from guard.core.reports.report import Kind
from guard.reports.html import page_of
from guard.reports.making import Making
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from guard.core.reports.kept import Kept
    from tests.support.shop import Shop


class Later:
    """The real clock, some time later: what is due then is not waited for."""

    def __init__(self, real: object, seconds: float) -> None:
        self._real = real
        self._seconds = seconds

    def wall(self) -> float:
        return float(self._real.wall()) + self._seconds  # type: ignore[attr-defined]

    def boot(self) -> float:
        return float(self._real.boot())  # type: ignore[attr-defined]

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody waits here")


def settled(shop: Shop, **wanted: int) -> None:
    """Until the books say so: workers hand their sums over once a second."""

    def looked() -> bool:
        report = shop.guard.report().to_dict()
        right = all(report["totals"][name] == number for name, number in wanted.items())
        return right and bool(report["books"]["adds_up"])

    eventually(looked, within=20, what=f"the books to say {wanted}")


def made_later(shop: Shop) -> dict[tuple[Kind, str], Kept]:
    """What two runners make who tick at the same time, after the windows have settled."""
    parts = shop.guard._parts.reporting.parts()
    later = replace(parts, clock=Later(parts.clock, SETTLE_SECONDS + 1))
    made = [*Making(later).make_due(by="beat"), *Making(later).make_due(by="another beat")]
    found = {(kept.kind, kept.subject): kept for kept in made}
    assert len(found) == len(made), "something was made twice"
    return found


def test_a_real_past(shop: Shop) -> None:
    import guard

    shop.worker("w1", concurrency=3)
    running = shop.send("job", 1, 3.0)
    eventually(lambda: len(shop.events()) == 1, what="the job to run")
    calm, _ = shop.enable()
    parked = [shop.send("mixed_job", n, when_closed="hold") for n in range(3)]
    with pytest.raises(guard.MaintenanceActive):
        shop.send("job", 9)
    settled(shop, parked=3, running=1)
    running.get(timeout=15)
    settled(shop, completed=1)
    shop.guard.disable(by="bob")
    assert [one.get(timeout=15) for one in parked] == [0, 1, 2]
    settled(shop, parked=3, released=3, refused=1)

    killed, tidy = shop.send("early", 60), shop.send("tidy", 60)
    eventually(lambda: {killed.id, tidy.id} <= set(shop.runs()), what="both to run")
    fire = shop.guard.enable(reason="fire", by="alice", mode="emergency", grace=2, duration=600)
    settled(shop, running=2, killed=1, interrupted=1)
    shop.guard.disable(by="alice")
    eventually(lambda: shop.guard.durable.read().phase.value == "inactive", within=20, what="the end")

    made = made_later(shop)
    incident, window = made[Kind.INCIDENT, fire.window_id], made[Kind.WINDOW, calm.window_id]
    assert (Kind.WINDOW, fire.window_id) in made
    assert (Kind.INCIDENT, calm.window_id) not in made

    report = incident.report
    assert report is not None
    jobs = {row[0]: (row[4], row[6]) for row in report.table("ended_jobs").rows}
    assert jobs[killed.id] == ("killed", "revoked")
    assert jobs[tidy.id][0] == "interrupted"
    assert report.figure("jobs_killed").value == 1
    assert (report.figure("adds_up").value, report.figure("unaccounted").value) == (True, 0)
    assert any(one.what == "job killed" and killed.id in one.detail for one in report.timeline)
    said = [one.what for one in report.timeline]
    assert said[0] == "enable"
    assert {"confirm", "job killed", "disable", "released"} <= set(said)
    assert said.index("confirm") < said.index("job killed") < said.index("disable")
    closing = report.figure("closing").value
    assert isinstance(closing, float)
    assert 0 <= closing < 10
    page = page_of(incident)
    assert killed.id in page

    report = window.report
    assert report is not None
    account = shop.guard.account(calm.window_id)
    for count in account.counts:
        assert report.figure(f"jobs_{count[0].value}").value == account.total(count[0])
    assert report.figure("jobs_parked").value == report.figure("jobs_released").value == 3
    assert report.figure("jobs_completed").value == 1
    assert report.figure("adds_up").value is True
    assert report.figure("still_parked").value == 0
    assert not report.unknown or {one.key for one in report.unknown} <= {"drain"}
