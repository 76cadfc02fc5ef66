"""`maintenance schedule` as people and scripts use it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from guard.cli.exits import Exit
from tests.integration.test_cli import NOWHERE, Shop
from tests.support.shortdirs import remove_dir, short_dir

if TYPE_CHECKING:
    from collections.abc import Iterator

AT = ("--at", "2027-03-21 02:30", "--zone", "Europe/Berlin")


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    """An app whose broker is away: nothing here needs one."""
    folder = short_dir("cli")
    made = Shop(folder, NOWHERE)
    made.env["REDIS_URL"] = NOWHERE
    yield made
    remove_dir(folder)


def planned(shop: Shop, *args: str) -> Any:
    done = shop.maintenance("schedule", *args, "--json")
    assert done.code == Exit.DONE, done
    return done.json


def test_a_plan_from_begin_to_end(shop: Shop) -> None:
    made = shop.maintenance(
        "schedule", "add", "--name", "Reindex", "--reason", "Weekly reindex", *AT, "--duration", "90m",
        "--every", "FREQ=WEEKLY;BYDAY=SU", "--notice", "24h,1h", "--only-queue", "images", "--by", "alice",
        "--look-ahead", "30m", "--extend-by", "15m", "--max-extensions", "2",
    )  # fmt: skip
    assert made.code == Exit.DONE, made
    for text in (
        "Planned: Reindex (normal window)",
        "2027-03-21 02:30 Europe/Berlin (01:30 UTC)",
        "2027-03-28 03:00 Europe/Berlin (01:00 UTC)",  # 02:30 does not exist on that day
        "1 day before, 1 hour before",
        "queues images",
        "moved by 15 minutes up to 2 times",
    ):
        assert text in made.out
    other = planned(shop, "add", "-r", "Move", "--at", "2027-03-21 03:00", "-z", "Europe/Berlin", "-d", "1h")
    assert other["name"] == "Move"
    assert "overlaps with 'Reindex' at 2027-03-21 03:00" in other["warnings"][0]

    listed = planned(shop, "list", "--starts", "2")["schedules"]
    assert [(one["name"], len(one["next"])) for one in listed] == [("Reindex", 2), ("Move", 1)]
    assert listed[0]["next"][0]["local"] == "2027-03-21T02:30:00+01:00"
    table = shop.maintenance("schedule").out
    assert "Planned: 2 windows" in table
    assert "FREQ=WEEKLY;BYDAY=SU" in table

    changed = planned(shop, "change", "Reindex", "--duration", "2h", "--no-auto-end")
    assert (changed["duration"], changed["auto_end"], changed["revision"]) == (7200, False, 2)
    assert changed["look_ahead"] == 1800
    shown = shop.maintenance("schedule", "show", changed["schedule_id"][:8])
    assert "by a person: `maintenance disable`" in shown.out

    assert planned(shop, "cancel", "Move")["outcome"] == "cancelled"
    again = shop.maintenance("schedule", "cancel", "Move")
    assert (again.code, again.err) == (Exit.INVALID, "Error: 'Move' is cancelled already\n")
    assert [one["name"] for one in planned(shop, "list")["schedules"]] == ["Reindex"]
    assert len(planned(shop, "list", "--all")["schedules"]) == 2


def test_every_problem_is_told_at_once(shop: Shop) -> None:
    done = shop.maintenance(
        "schedule", "add", "--reason", "", "--at", "2020-01-01 02:00", "--zone", "Europe/Berln", "--end",
        "2020-01-01 01:00", "--every", "FREQ=WEEKY", "--mode", "emergency", "--notice", "1h,soon",
        "--look-ahead", "later", "--only-operation", "capton_generation", "--tenant", "acme", "--json",
    )  # fmt: skip
    assert done.code == Exit.INVALID
    problems = done.json["problems"]
    for said in (
        "did you mean 'Europe/Berlin'",
        "did you mean 'WEEKLY'",
        "a window ends after it begins",
        "reason is empty",
        "cannot be planned",
        "notice 'soon'",
        "duration 'later'",
        "did you mean 'caption_generation'",
        "tenant_key",
    ):
        assert [said in problem for problem in problems].count(True) == 1, (said, problems)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--at", "2020-01-01 02:00", "-d", "1h"), "is in the past"),
        ((*AT, "-d", "0"), "duration 0 is out of range"),
        ((*AT, "-d", "auto"), "duration auto needs a window like this"),
        ((*AT, "-d", "1h", "-e", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), "never fires"),
        ((*AT, "-d", "3d", "-e", "FREQ=DAILY"), "begins again after 23 hours"),
        (("-d", "1h"), "at '' is not understood"),
    ],
)
def test_what_cannot_be_planned(shop: Shop, args: tuple[str, ...], said: str) -> None:
    done = shop.maintenance("schedule", "add", "-r", "Never", *args)
    assert done.code == Exit.INVALID
    assert said in done.err
    assert done.err.count("\n") == 1


def test_what_is_not_there_is_exit_code_6(shop: Shop) -> None:
    planned(shop, "add", "-r", "Upgrade", *AT, "-d", "1h")
    done = shop.maintenance("schedule", "show", "Upgrde")
    assert done.code == Exit.NOT_FOUND
    assert "did you mean 'Upgrade'" in done.err
    assert shop.maintenance("schedule", "change", "nope", "-d", "1h", "--json").json["error"] == "NotPlanned"
    assert shop.maintenance("schedule", "change", "Upgrade").err.startswith("Error: nothing would change")


def test_the_database_that_is_away_is_exit_code_5(shop: Shop) -> None:
    done = shop.maintenance("schedule", "list", DATABASE_URL="mysql+pymysql://guard:pw12@127.0.0.1:1/app")
    assert done.code == Exit.AWAY
    assert "pw12" not in done.err


def test_names_cannot_move_the_cursor(shop: Shop) -> None:
    done = shop.maintenance("schedule", "add", "--name", "x\x1b[2J", "-r", "y", *AT, "-d", "1h")
    assert done.code == Exit.INVALID
    assert "\x1b" not in done.err + done.out


def test_the_page_names_every_command() -> None:
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    for command in ("add", "list", "show", "change", "cancel"):
        assert f"maintenance schedule {command}" in page
