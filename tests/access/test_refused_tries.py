"""Refused tries in the journal: bounded, and exactly counted (threat S31)."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from guard.core.access import Deed
from guard.core.flood import LINES_IN_ALL, LINES_OF_ONE, PERIOD_SECONDS
from guard.errors import NotAllowed, NotKnown, TooManyRequests
from tests.access.conftest import HERE

if TYPE_CHECKING:
    from tests.access.conftest import House

WRONG = "gmt_0123456789abcdef_" + "x" * 43


def counted(house: House) -> int:
    """Tries of the lines that count several."""
    return sum(line.detail["count"] for line in house.journal("refused tries"))


def test_a_flood_of_wrong_tokens_is_bounded_and_the_count_is_exact(house: House) -> None:
    tries = 500
    for number in range(tries):
        with pytest.raises((NotKnown, TooManyRequests)):
            house.access.actor_of_token(WRONG, address=f"198.51.100.{number % 3}")
    lines = house.journal("token", "refused")
    assert len(lines) == 3 * LINES_OF_ONE
    house.guard.close()  # what was counted is told, at the latest now
    (told,) = house.journal("refused tries")
    assert len(lines) + told.detail["count"] == tries
    assert told.detail["kinds"] == {"token": tries - len(lines)}
    assert sorted(told.detail["addresses"]) == [f"198.51.100.{number}" for number in range(3)]
    house.guard.close()
    assert counted(house) == tries - len(lines)  # and told once


def test_a_hundred_thousand_tries_are_counted(house: House) -> None:
    for number in range(100_000):
        house.access.note_refused(("csrf", "token")[number % 2], address=f"203.0.113.{number % 7}")
    house.access.close()
    lines = house.journal(outcome="refused")
    assert len(lines) == LINES_IN_ALL
    assert counted(house) + len(lines) == 100_000


def test_every_minute_has_its_count(house: House) -> None:
    actor, tries = house.actor("eve", "read"), 0
    for _ in range(3):
        for _ in range(20):
            with pytest.raises(NotAllowed):
                house.access.admit(actor, Deed.ENABLE, {"reason": "x"})
            tries += 1
        house.clock.now += PERIOD_SECONDS
    assert len(house.journal("refused tries")) == 2
    house.access.close()
    assert len(house.journal("admit", "refused")) == 3 * LINES_OF_ONE
    assert counted(house) + 3 * LINES_OF_ONE == tries


def test_a_process_that_ends_in_order_tells_its_count(house: House) -> None:
    code = (
        "import guard; from celery import Celery; "
        "made = guard.install(Celery('x', broker='memory://'), guard.load_settings()); "
        "[made.access.note_refused('csrf', address='192.0.2.1') for _ in range(100)]"
    )
    environ = {**os.environ, **house.environ}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(house.journal("csrf", "refused")) + counted(house) == 100


def test_many_addresses_do_not_fill_the_journal(house: House) -> None:
    for number in range(200):
        house.access.note_refused("csrf", address=f"203.0.113.{number}", detail={"path": "/x"})
    assert len(house.journal("csrf", "refused")) == LINES_IN_ALL
    house.access.close()
    assert counted(house) == 200 - LINES_IN_ALL


def test_a_line_says_who_where_and_why(house: House) -> None:
    actor = house.actor("eve", "read")
    house.access.note_refused("csrf", actor=actor, detail={"why": "no token of the form"})
    (line,) = house.journal("csrf")
    assert (line.actor, line.outcome) == ("eve", "refused")
    assert line.detail == {
        "address": HERE,
        "via": "token",
        "credential": actor.credential,
        "why": "no token of the form",
    }


def test_no_line_of_the_log_can_be_forged(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.access.note_refused("token", address="x\n[MAINTENANCE] deactivated", detail={"why": "a\r\nb"})
    assert all("\n" not in record.getMessage() for record in caplog.records)


def test_a_database_that_is_away_hides_no_refusal(
    house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from guard.errors import StoreUnavailable

    def away(*_: object) -> None:
        raise StoreUnavailable("the SQL store did not answer")

    house.access.note_refused("csrf", address=HERE)
    monkeypatch.setattr(house.guard.durable, "journal", away)
    house.access.note_refused("csrf", address=HERE)
    assert "refused: csrf from '192.0.2.1'" in caplog.text
    assert "has no line in the journal" in caplog.text
