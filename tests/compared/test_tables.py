"""What is shown of a run: nothing that was not played may look like a figure."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from benchmarks.compare.__main__ import broken, joined
from benchmarks.compare.contestants import CONTESTANTS
from benchmarks.compare.journal import Event
from benchmarks.compare.pages import BEGIN, END, PAGE, measured
from benchmarks.compare.plot import drawn
from benchmarks.compare.reckoning import Moments, reckon
from benchmarks.compare.rounds import Played
from benchmarks.compare.tables import tables
from benchmarks.compare.tools import why_not
from benchmarks.compare.wording import counts, ratio, seconds, spread


def played(
    name: str, *, call: float = 0.1, late: int = 0, kind: str = "calm", lost: bool = False
) -> dict[str, Any]:
    """A round of twenty jobs, as the JSON has it."""
    events = [Event("accepted", f"job-{n}", 0.0, 1) for n in range(20)]
    for n in range(20):
        at = 1.0 + n * 0.1 if n < 10 else 6.5 + n * 0.1
        at = 4.0 if 10 <= n < 10 + late else at
        events.append(Event("started", f"job-{n}", at, 1))
        if not (lost and n == 19):
            events.append(Event("ended", f"job-{n}", at + 0.05, 1))
    moments = Moments(pause=(2.0, 2.0 + call), resume=(7.0, 7.1), asked=2.0 + call, held_at=6.0)
    if kind == "unpaused":
        moments = Moments()
    figures = reckon(sorted(events, key=lambda event: event.at), moments)
    starts = [event.at for event in events if event.event == "started"]
    return Played(
        contestant=name, kind=kind, seconds=9.0, figures=figures, moments=moments, starts=starts
    ).to_dict()


def report(*rounds: dict[str, Any], **why: str) -> dict[str, Any]:
    """A run of these rounds."""
    names = [*dict.fromkeys(each["contestant"] for each in rounds), *why]
    return {
        "machine": {"date": "today", "processor": "a", "processors": 2, "python": "3", "load": 0.1},
        "load_after": 0.2,
        "versions": {"celery": "5"},
        "size": {"backlog": 10, "small": 5, "per_second": 10.0, "pause": 3.0},
        "seed": 7,
        "contestants": {
            name: {"why_not": why.get(name, ""), "drops": name in CONTESTANTS and CONTESTANTS[name].drops}
            for name in names
        },
        "rounds": list(rounds),
        "failed": [],
    }


def test_who_did_not_run_is_named_and_has_no_figures() -> None:
    shown = tables(report(played("guard"), bullmq="node is missing"))
    for table in shown:
        assert ("bullmq", "not run: node is missing") in table.rows
        assert "not run: node is missing" in table.as_text()
    assert "| bullmq | not run: node is missing |" in shown[0].as_markdown()


def test_a_contestant_all_of_whose_rounds_failed_has_no_figures() -> None:
    run = report(played("guard"))
    run["contestants"]["rq"] = {"why_not": "", "drops": False}
    assert ("rq", "no round was played to its end") in tables(run)[0].rows


def test_every_row_is_as_wide_as_its_headings() -> None:
    rounds = [played(name, kind=kind) for name in ("guard", "rq") for kind in ("calm", "unpaused")]
    for table in tables(report(*rounds)):
        assert {len(row) for row in table.rows} == {len(table.headings)}
        lines = table.as_markdown().splitlines()[2:]
        assert {line.count("|") for line in lines} == {len(table.headings) + 1}


def test_a_ratio_below_one_says_that_the_guard_is_faster() -> None:
    rows = tables(report(played("guard", call=0.1), played("rq", call=0.2)))[0].rows
    assert [row[2] for row in rows] == ["1", "0.5"]


def test_late_starts_and_what_was_dropped_are_shown() -> None:
    run = report(played("guard"), played("rq", late=3), played("huey", lost=True))
    pausing, _, books, _ = tables(run)
    assert [row[4] for row in pausing.rows] == ["0", "3", "0"]
    assert [row[7] for row in books.rows] == ["0", "0", "1 dropped"]


def test_the_guard_is_judged_and_nobody_else() -> None:
    assert list(broken(report(played("guard"), played("rq", late=3)))) == []
    assert list(broken(report(played("guard", late=2)))) == ["guard, calm: after 2"]
    assert list(broken(report(played("guard-hold", lost=True)))) == ["guard-hold, calm: lost 1"]
    assert list(broken(report(played("guard", kind="crashed", lost=True)))) == []


def test_runs_are_joined_if_they_measured_the_same(tmp_path: Path) -> None:
    files = [str(tmp_path / name) for name in ("one", "two", "other")]
    runs = [report(played("guard")), report(played("guard"), played("rq")), report(played("guard"))]
    runs[2]["size"]["backlog"] = 11
    for file, run in zip(files, runs, strict=True):
        Path(file).write_text(json.dumps(run), "utf-8")
    whole = joined(files[:2])
    assert [each["contestant"] for each in whole["rounds"]] == ["guard", "guard", "rq"]
    assert set(whole["contestants"]) == {"guard", "rq"}
    assert "Rounds of each: 1 to 2 calm." in measured(whole, CONTESTANTS)
    with pytest.raises(SystemExit, match="different sizes"):
        joined(files)


def test_a_drawing_marks_what_started_too_late() -> None:
    calm, leaking = (
        ET.fromstring(drawn([played("rq", late=late)]))  # noqa: S314 - our own
        for late in (0, 3)
    )
    paths = "{http://www.w3.org/2000/svg}path"
    assert [path.get("class") for path in calm.iter(paths)] == ["start", "axis"]
    assert [path.get("class") for path in leaking.iter(paths)] == ["start", "late", "axis"]
    told = leaking.find("{http://www.w3.org/2000/svg}desc")
    assert told is not None
    assert told.text == "rq: 3 jobs started in the pause."


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.0004, "0.4 ms"), (0.0123, "12 ms"), (0.999, "999 ms"), (1.25, "1.25 s"), (32.65, "32.6 s")],
)
def test_seconds_are_told_as_people_read_them(value: float, told: str) -> None:
    assert seconds(value) == told


def test_what_there_is_not_is_not_zero() -> None:
    assert spread([None, None]) == counts([None]) == ratio([None], [1.0]) == ratio([1.0], []) == "-"
    assert counts([0, 0]) == "0"
    assert counts([0, 3, 1]) == "1 (0 to 3)"
    assert spread([0.2, None, 0.1, 0.3]) == "200 ms (100 ms to 300 ms)"


def test_why_a_contestant_cannot_run() -> None:
    assert why_not(CONTESTANTS["guard"], {}) == ""
    assert why_not(CONTESTANTS["bullmq"], {"rq": "3"}) == "node is missing"
    assert "not installed" in why_not(CONTESTANTS["bullmq"], {"node": "20"})
    assert why_not(CONTESTANTS["rq"], {"rq": "3"}) == ""


def test_the_page_has_its_marks_and_names_every_contestant() -> None:
    text = PAGE.read_text("utf-8")
    _, _, rest = text.partition(BEGIN)
    inside, _, after = rest.partition(END)
    assert inside.strip()
    assert after.strip()
    for name in CONTESTANTS:
        assert f"| {name} |" in inside, f"{name}: run `python -m benchmarks.compare --from FILE --write`"


def test_a_busy_machine_is_said_to_be_busy() -> None:
    run = report(played("guard"))
    assert "no time here can be trusted" not in measured(run, CONTESTANTS)
    run["machine"]["load"] = 9.0
    assert "no time here can be trusted" in measured(run, CONTESTANTS)
