"""Every figure of every kind of report, computed a second time by plain code from the raw rows and counters.

The past is made of chance (`past.py`); what is in the stores is read here with SQL and Redis commands of this
file's own. `RECOMPUTED` must name every figure: a new one fails until it has its own second computation.
"""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, datetime, timedelta
from statistics import mean, median
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from guard.core.reports.report import Kind
from guard.errors import StoreUnavailable
from guard.reports.making import Making
from tests.reports.past import DAY, ZONE, Past

if TYPE_CHECKING:
    from pathlib import Path

    from guard.core.reports.report import Report
    from tests.reports.conftest import Desk

BERLIN = ZoneInfo(ZONE)


class Raw:
    """What is in the stores, as plain dicts."""

    def __init__(self, desk: Desk, path: Path) -> None:
        self._redis = desk.redis
        self._keys = desk.keys
        with sqlite3.connect(path) as connection:
            connection.row_factory = sqlite3.Row
            names = (
                "windows",
                "audit",
                "alerts",
                "routines",
                "occurrences",
                "tokens",
                "second_factors",
                "roll",
            )
            self.tables = {
                name: [dict(row) for row in connection.execute(f"SELECT * FROM guard_{name}")]  # noqa: S608
                for name in names
            }
        connection.close()
        for row in self.tables["audit"]:
            row["detail"] = json.loads(row["detail"])
        for row in self.tables["routines"]:
            row["result"] = json.loads(row["result"])
        self.now = desk.clock.now

    def account(self, row: dict[str, Any]) -> dict[str, int] | None:
        """Sums by kind; None: nobody knows."""
        fields = self._redis.hgetall(self._keys.counts(row["window_id"]))
        if "begun" not in fields:
            fields = json.loads(row["account"])
            if not fields:
                return None
        sums: Counter[str] = Counter()
        for name, number in fields.items():
            if ":" in name:
                sums[name.split(":")[0]] += int(number)
        return sums

    def requests(self, row: dict[str, Any]) -> int | None:
        fields = self._redis.hgetall(self._keys.attempts(row["window_id"]))
        total = sum(int(number) for name, number in fields.items() if name.startswith("count:"))
        whole = self._redis.hexists(self._keys.counts(row["window_id"]), "begun")
        return total if total or whole else None

    def outcomes(self, window_id: str) -> list[dict[str, Any]]:
        found = self._redis.hgetall(self._keys.outcomes(window_id))
        return [json.loads(text) for text in found.values()]


def midnight(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=BERLIN).timestamp()


def rounded(value: float | None, digits: int = 1) -> float | None:
    return None if value is None else round(value, digits)


def in_time(rows: list[dict[str, Any]], key: str, start: float, end: float) -> list[dict[str, Any]]:
    return [row for row in rows if start <= row[key] < end]


def closed_seconds(windows: list[dict[str, Any]], start: float, end: float) -> float:
    """Second by second would take long: by all edges instead."""
    real = [
        (max(row["started_at"], start), min(row["ended_at"], end)) for row in windows if row["mode"] != "test"
    ]
    edges = sorted({edge for pair in real for edge in pair if pair[0] < pair[1]})
    return sum(
        right - left
        for left, right in itertools.pairwise(edges)
        if any(first <= left and right <= last for first, last in real)
    )


def durations(lines: list[dict[str, Any]], first: str, then: str) -> list[float]:
    by_window: dict[str, dict[str, float]] = defaultdict(dict)
    for line in lines:
        window_id = line["detail"].get("window_id")
        if window_id and line["action"] in {first, then}:
            by_window[window_id].setdefault(line["action"], line["at"])
    return [pair[then] - pair[first] for pair in by_window.values() if len(pair) == 2]


def looked(runs: list[dict[str, Any]], routine: str, name: str) -> list[Any]:
    return [
        figure["value"]
        for run in runs
        if run["name"] == routine
        for figure in run["result"].get("figures", [])
        if figure["name"] == name
    ]


def of_time(raw: Raw, start: float, end: float) -> dict[str, Any]:
    """Every figure that a weekly and a monthly report have in common, and those of the monthly one."""
    windows = raw.tables["windows"]
    opened = in_time(windows, "started_at", start, end)
    real = [row for row in opened if row["mode"] != "test"]
    lengths = [row["ended_at"] - row["started_at"] for row in real]
    accounts = [raw.account(row) for row in real]
    requests = [raw.requests(row) for row in real]
    journal = in_time(raw.tables["audit"], "at", start, end)
    runs = [
        row for row in in_time(raw.tables["routines"], "due_at", start, end) if row["name"] != "expiry-sweep"
    ]
    runs.sort(key=lambda row: row["due_at"])
    alerts = Counter(row["severity"] for row in in_time(raw.tables["alerts"], "at", start, end))
    stages = Counter(row["stage"] for row in in_time(raw.tables["occurrences"], "starts_at", start, end))
    outcomes = Counter(row["outcome"] for row in runs)
    closed = closed_seconds(windows, start, end)

    def jobs(kind: str) -> int | None:
        return None if None in accounts else sum(one[kind] for one in accounts if one is not None)

    def done(action: str) -> int:
        return sum(line["action"] == action and line["outcome"] != "refused" for line in journal)

    found: dict[str, Any] = {
        "activations": len(real),
        "emergencies": sum(row["mode"] == "emergency" for row in real),
        "rehearsals": len(opened) - len(real),
        "average_length": rounded(mean(lengths)) if lengths else None,
        "longest": rounded(max(lengths)) if lengths else None,
        "overran": sum(
            row["duration"] is not None and row["ended_at"] - row["started_at"] > row["duration"]
            for row in real
        ),
        "still_open": 0,
        "seconds_closed": rounded(closed),
        "share_open": round(100 - 100 * closed / (end - start), 3),
        "requests_refused": None if None in requests else sum(one for one in requests if one is not None),
        "refused_tries": sum(line["outcome"] == "refused" for line in journal)
        + sum(line["detail"]["count"] for line in journal if line["action"] == "refused tries"),
        "sign_ins": done("sign in"),
        "tokens_made": done("make token"),
        "tokens_revoked": done("revoke token"),
        "break_glass": done("break-glass"),
        "bypasses_made": done("bypass"),
        "bypasses_used": done("bypass used"),
        "session_endings": done("invalidate sessions"),
        "uptime": 4321,
        "lengths_counted": len(lengths),
        "median_length": rounded(median(lengths)) if lengths else None,
        "response_times": None,
    }
    for kind in ("refused", "held", "parked", "released", "discarded", "expired", "interrupted", "killed"):
        found[f"jobs_{kind}"] = jobs(kind)
    for kind in ("lost", "failed", "bypassed"):
        found[f"jobs_{kind}"] = jobs(kind)
    for severity in ("critical", "warning", "info"):
        found[f"alerts_{severity}"] = alerts[severity]
    for outcome in ("done", "unknown", "failed", "missed", "skipped", "abandoned"):
        found[f"routines_{outcome}"] = outcomes[outcome]
    for stage in ("over", "missed", "cancelled"):
        found[f"planned_{stage}"] = stages[stage]
    for key, first, then in (
        ("closing", "enable", "confirm"),
        ("drain", "enable", "drained"),
        ("release", "disable", "released"),
    ):
        times = durations(journal, first, then)
        found[f"{key}_count"] = len(times)
        found[f"{key}_average"] = rounded(mean(times)) if times else None
        found[f"{key}_median"] = rounded(median(times)) if times else None
        found[f"{key}_longest"] = rounded(max(times)) if times else None
    for key, name in (("memory", "memory in use"), ("load", "load per core, 5 minutes")):
        values = looked(runs, "morning-check", name)
        found[f"{key}_average"] = rounded(mean(values)) if values else None
        found[f"{key}_highest"] = rounded(max(values)) if values else None
    used = [value["used"] for value in looked(runs, "morning-check", "Redis memory")]
    found["redis_first"] = used[0] if used else None
    found["redis_last"] = used[-1] if used else None
    found["redis_highest"] = max(used) if used else None
    sized = [
        (run["began_at"], sum(figure["value"].values()))
        for run in runs
        for figure in run["result"].get("figures", [])
        if figure["name"] == "table sizes"
    ]
    found["reviews"] = len(sized)
    found["tables_size"] = sized[-1][1] if sized else None
    grown = sized[-1][1] - sized[0][1] if len(sized) > 1 else None
    found["tables_growth"] = grown
    found["tables_growth_per_day"] = (
        round(grown / ((sized[-1][0] - sized[0][0]) / DAY)) if grown is not None else None
    )
    return found


def of_security(raw: Raw, start: float, end: float) -> dict[str, Any]:
    runs = sorted(in_time(raw.tables["routines"], "due_at", start, end), key=lambda row: row["due_at"])
    audits = [run for run in runs if run["name"] == "security-audit" and run["outcome"] == "done"]
    found = {
        key: value
        for key, value in of_time(raw, start, end).items()
        if key
        in {
            *("refused_tries", "sign_ins", "tokens_made", "tokens_revoked", "break_glass"),
            *("bypasses_made", "bypasses_used", "session_endings"),
        }
    }
    in_force = [
        row for row in raw.tables["tokens"] if row["expires_at"] > raw.now and row["revoked_at"] is None
    ]
    for right in ("read", "operate", "emergency", "admin"):
        found[f"tokens_{right}"] = sum(right in row["rights"].split(",") for row in in_force)
    found["second_factors"] = sum(row["confirmed_at"] is not None for row in raw.tables["second_factors"])
    if not audits:
        return {**found, "audit": None}
    figures = {one["name"]: one["value"] for one in audits[-1]["result"]["figures"]}
    return {
        **found,
        "audited_at": audits[-1]["began_at"],
        "admin_users": len(figures["admin users"]),
        "settings_that_should_be_changed": figures["settings that should be changed"],
        "days_until_the_certificate_ends": None,
    }


def of_window(raw: Raw, row: dict[str, Any]) -> dict[str, Any]:
    window_id, account = row["window_id"], raw.account(row)
    lines = [line for line in raw.tables["audit"] if line["detail"].get("window_id") == window_id]
    until = max([row["ended_at"], *(line["at"] for line in lines)])
    length = row["ended_at"] - row["started_at"]
    found: dict[str, Any] = {
        "window_id": window_id,
        "mode": row["mode"],
        "reason": row["reason"],
        "opened_by": row["opened_by"],
        "opened_at": row["started_at"],
        "ended_at": row["ended_at"],
        "ended_by": row["ended_by"],
        "length": round(length, 1),
        "planned_length": row["duration"],
        "over_plan": None if row["duration"] is None else max(0.0, round(length - row["duration"], 1)),
        "changes": sum(line["action"] == "change" for line in lines),
        "alerts": len(in_time(raw.tables["alerts"], "at", row["started_at"], until)),
        "requests_refused": raw.requests(row),
    }
    for key, first, then in (
        ("closing", "enable", "confirm"),
        ("drain", "enable", "drained"),
        ("release", "disable", "released"),
    ):
        times = durations(lines, first, then)
        found[key] = round(times[0], 2) if times else None
    for kind in (
        *(
            "refused",
            "held",
            "aborted",
            "coalesced",
            "requeued",
            "parked",
            "released",
            "expired",
            "discarded",
        ),
        *("duplicate", "running", "completed", "interrupted", "killed", "lost", "failed", "would_refuse"),
        *("ran_on", "would_hold", "would_wait_for", "would_end", "bypassed"),
    ):
        found[f"jobs_{kind}"] = account[kind] if account is not None else None
    return {**found, **_balance(raw, row, account)}


def _balance(raw: Raw, row: dict[str, Any], account: dict[str, int] | None) -> dict[str, Any]:
    """Nothing is parked and nothing runs in this past: so all that is left over is missing."""
    sums: dict[str, int] = account if account is not None else Counter()
    parked = sums["parked"] - sums["released"] - sums["discarded"]
    ends = ("completed", "interrupted", "killed", "lost", "ran_on")
    running = sums["running"] - sum(sums[one] for one in ends)
    gone = any(
        entry["window_id"] == row["window_id"] and entry["fate"] in {"gone", "vouched"}
        for entry in raw.tables["roll"]
    )
    with_gone = max(0, running) if gone else 0
    whole = "begun" in raw._redis.hgetall(raw._keys.counts(row["window_id"]))
    silent = any(
        entry["window_id"] == row["window_id"] and not entry["fate"] for entry in raw.tables["roll"]
    )
    missing: int | None = max(0, parked) + max(0, running) - with_gone
    if not whole or (silent and running > with_gone and parked <= 0):
        missing = None
    elif silent:  # what ran there may have ended uncounted: certain are only those that were parked
        missing = max(0, parked)
    return {
        "still_parked": 0,
        "still_running": 0,
        "with_gone_workers": with_gone,
        "uncounted": max(0, -parked) + max(0, -running),
        "unaccounted": missing,
        "adds_up": None if missing is None else missing == 0,
    }


def assert_same(report: Report, expected: dict[str, Any]) -> None:
    """Each figure of the report is what was computed here, and none is without a second computation."""
    said = {figure.key: figure.value for figure in report.figures}
    assert len(said) == len(list(report.figures)), "two figures have one key"
    assert said.keys() <= expected.keys(), said.keys() - expected.keys()
    wrong = {
        key: (value, expected[key])
        for key, value in said.items()
        if (value is None) != (expected[key] is None)
        or (isinstance(value, float) and abs(value - expected[key]) > 0.11)
        or (value is not None and not isinstance(value, float) and value != expected[key])
    }
    assert not wrong, wrong
    for figure in report.figures:
        assert figure.source
        assert figure.value is not None or figure.why
        assert not figure.nothing or figure.value is None


@pytest.fixture(params=[1000, 1001, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(20))])
def written(request: pytest.FixtureRequest, desk: Desk, tmp_path: Path) -> tuple[Desk, Raw]:
    """A past, and what of it is in the stores."""
    Past(desk, request.param).write(windows=16)
    return desk, Raw(desk, tmp_path / "guard.db")


def test_every_figure_is_what_the_raw_rows_say(written: tuple[Desk, Raw]) -> None:
    desk, raw = written
    monday = date(2026, 11, 9)
    for weeks in range(4):
        first = monday - timedelta(weeks=weeks)
        last = first + timedelta(days=6)
        kept, _ = desk.making.of_time(Kind.WEEKLY, first, last, by="t")
        start, end = midnight(first), midnight(last + timedelta(days=1))
        assert (kept.starts_at, kept.ends_at) == (start, end)
        assert kept.report is not None
        assert_same(kept.report, of_time(raw, start, end))
        _same_tables(kept.report, raw, start, end)
    for first, last in ((date(2026, 10, 1), date(2026, 10, 31)), (date(2026, 9, 21), date(2026, 11, 15))):
        kept, _ = desk.making.of_time(Kind.MONTHLY, first, last, by="t")
        start, end = midnight(first), midnight(last + timedelta(days=1))
        assert kept.report is not None
        assert_same(kept.report, of_time(raw, start, end))
        _same_tables(kept.report, raw, start, end)
        assert set(of_time(raw, start, end)) == {figure.key for figure in kept.report.figures}
    kept, _ = desk.making.of_time(Kind.SECURITY, date(2026, 10, 1), date(2026, 10, 31), by="t")
    assert kept.report is not None
    assert_same(kept.report, of_security(raw, kept.starts_at, kept.ends_at))
    for row in raw.tables["windows"]:
        kept, _ = desk.making.of_window(Kind.WINDOW, row["window_id"], by="t")
        assert kept.report is not None
        assert_same(kept.report, of_window(raw, row))
        if row["mode"] == "emergency":
            kept, _ = desk.making.of_window(Kind.INCIDENT, row["window_id"], by="t")
            assert kept.report is not None
            assert_same(kept.report, of_window(raw, row))
            _names_each_job(kept.report, raw.outcomes(row["window_id"]))
            _has_every_line(kept.report, raw, row)


def _same_tables(report: Report, raw: Raw, start: float, end: float) -> None:
    """Plots and tables: their sums are those of the rows, so no day is lost or counted twice."""
    opened = in_time(raw.tables["windows"], "started_at", start, end)
    touching = [row for row in raw.tables["windows"] if row["started_at"] < end and row["ended_at"] > start]
    assert [row[0] for row in report.table("windows").rows] == [
        row["window_id"] for row in sorted(touching, key=lambda row: row["started_at"])
    ]
    minutes = next(one for one in report.series if one.key == "minutes_closed")
    whole = closed_seconds(raw.tables["windows"], start, end) / 60
    assert abs(sum(value or 0 for _, value in minutes.points) - whole) < 0.06 * len(minutes.points)
    refused = next(one for one in report.series if one.key == "refused")
    accounts = [raw.account(row) for row in opened if row["mode"] != "test"]
    if None not in accounts:
        assert sum(value or 0 for _, value in refused.points) == sum(
            one["refused"] for one in accounts if one is not None
        )
    assert (None in [value for _, value in refused.points]) == (None in accounts)
    alerts = Counter(
        (row["severity"], row["kind"]) for row in in_time(raw.tables["alerts"], "at", start, end)
    )
    assert {row[:2]: row[2] for row in report.table("alerts").rows} == alerts
    runs = in_time(raw.tables["routines"], "due_at", start, end)
    turns = Counter((row["name"], row["outcome"]) for row in runs if row["name"] != "expiry-sweep")
    columns = [column.key for column in report.table("routines").columns][1:]
    said = {
        (row[0], outcome): number
        for row in report.table("routines").rows
        for outcome, number in zip(columns, row[1:], strict=True)
        if number
    }
    assert said == turns


def _names_each_job(report: Report, outcomes: list[dict[str, Any]]) -> None:
    table = report.table("ended_jobs")
    said = {(row[0], row[4], row[6]) for row in table.rows}
    assert said == {(one["task_id"], one["outcome"], one["went"]) for one in outcomes}
    if not outcomes:
        assert table.why or not table.rows


def _has_every_line(report: Report, raw: Raw, row: dict[str, Any]) -> None:
    """The timeline: each line that names the window, each alert and each job's end; in order of time."""
    times = [moment.at for moment in report.timeline]
    assert times == sorted(times)
    named = [line for line in raw.tables["audit"] if line["detail"].get("window_id") == row["window_id"]]
    until = max([row["ended_at"], *(line["at"] for line in named)])
    others = [
        line
        for line in raw.tables["audit"]
        if "window_id" not in line["detail"] and row["started_at"] <= line["at"] <= until
    ]
    alerts = in_time(raw.tables["alerts"], "at", row["started_at"], until)
    ends = raw.outcomes(row["window_id"])
    assert sorted(times) == sorted(
        [line["at"] for line in named + others]
        + [alert["at"] for alert in alerts]
        + [one["ended_at"] for one in ends]
    )


def test_what_a_store_does_not_say_is_unknown_and_never_zero(desk: Desk) -> None:
    """Redis is away: what is kept in SQL is said, the rest is unknown with why."""
    Past(desk, 7).write()
    parts = desk.parts()

    class Away:
        def __getattr__(self, name: str) -> Any:
            def refuse(*_: Any, **__: Any) -> Any:
                raise StoreUnavailable("it does not answer")

            return refuse

    making = Making(replace(parts, tally=Away(), attempts=Away(), index=Away(), outcomes=Away()))  # type: ignore[arg-type]
    kept, _ = making.of_time(Kind.MONTHLY, date(2026, 9, 21), date(2026, 11, 15), by="t")
    assert kept.report is not None
    assert kept.report.figure("requests_refused").value is None
    assert kept.report.figure("activations").value == len(
        [one for one in desk.guard.durable.windows(100) if one.mode != "test"]
    )
    window = desk.guard.durable.windows(1)[0]
    kept, _ = making.of_window(Kind.WINDOW, window.window_id, by="t")
    assert kept.report is not None
    assert kept.report.figure("adds_up").value is None
    assert kept.report.figure("still_parked").value is None
    assert "does not answer" in kept.report.figure("requests_refused").why


def test_a_part_is_never_taken_for_the_whole(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is more than is read at once: what it would say is unknown, and everything else is said."""
    from guard.store.sql import happenings

    Past(desk, 8).write(windows=2)
    monkeypatch.setattr(happenings, "_MOST_LINES", 10)
    kept, _ = desk.making.of_time(Kind.MONTHLY, date(2026, 9, 21), date(2026, 11, 15), by="t")
    assert kept.report is not None
    for key in ("refused_tries", "emergencies", "drain_average"):
        figure = kept.report.figure(key)
        assert (figure.value, figure.nothing) == (None, False)
        assert "more than 10 rows" in figure.why
    assert kept.report.figure("activations").value is not None
    assert kept.report.figure("alerts_info").value is not None


def test_an_average_of_nothing_is_nothing_and_not_unknown(desk: Desk) -> None:
    kept, _ = desk.making.of_time(Kind.WEEKLY, date(2026, 11, 2), date(2026, 11, 8), by="t")
    assert kept.report is not None
    figure = kept.report.figure("average_length")
    assert (figure.value, figure.nothing) == (None, True)
    assert kept.report.figure("activations").value == 0
    assert figure not in kept.report.unknown
    assert {one.key.partition("_")[0] for one in kept.report.unknown} == {"memory", "load"}
