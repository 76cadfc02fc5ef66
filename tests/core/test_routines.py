"""Which routine is due: by table, and over whole years with a clock of ours.

What a year must look like is worked out a second time, minute by minute, from what the clocks of the zone
show; none of the code under test takes part in that.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.appointments import Every, LocalTime, parse_when
from guard.core.routines import Act, Outcome, Ruling, Run, Span, next_time, rule
from guard.core.timetable import Entry, InWindow, Row, timetable
from tests.core.strategies import some

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MINUTE, HOUR, DAY = 60, 3600, 86_400
YEAR = 2026
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
SKIP, AFTERWARDS, ANYWAY = InWindow.SKIP, InWindow.AFTERWARDS, InWindow.ANYWAY
TIMES = {
    "morning-check": "08:00",
    "evening-review": "18:00",
    "weekly-review": "mon 09:00",
    "weekly-optimization": "sun 02:00",
    "security-audit": "mon#1 10:00",
    "performance-review": "mon#2 10:00",
    # each of them lies in a gap and in a fold of one of the zones
    "half past two": "02:30",
    "half past one": "01:30",
    "quarter past two": "02:15",
    "quarter to two": "01:45",
}


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def entry(when: str = "08:00", in_window: InWindow = ANYWAY, name: str = "one", **more: float) -> Entry:
    row = Row(name=name, task="t", when="time", in_window=in_window, **more)  # type: ignore[arg-type]
    return timetable([row], {"time": when})[0]


def every(seconds: float, in_window: InWindow = ANYWAY) -> Entry:
    return timetable([Row(name="one", task="t", when=seconds, in_window=in_window)], {})[0]


def done(due_at: float, outcome: Outcome = Outcome.DONE, **more: float) -> Run:
    return Run(due_at=due_at, outcome=outcome, **more)  # type: ignore[arg-type]


# -- one decision ------------------------------------------------------------------------------------------

TODAY, YESTERDAY = at("2026-11-21 08:00"), at("2026-11-20 08:00")
OPEN = Span(start=TODAY - HOUR, end=None)
BOTH = (Span(start=TODAY, end=TODAY + 5 * HOUR), Span(start=TODAY + HOUR, end=TODAY + 4 * HOUR))


def decide(which: Entry, last: Run | None, windows: Sequence[Span] | None, now: float) -> Ruling:
    return rule(which, last=last, windows=windows, zone=UTC, now=now)


@pytest.mark.parametrize(
    ("last", "late", "act"),
    [
        (done(YESTERDAY), -1, Act.NOTHING),
        (done(YESTERDAY), 0, Act.RUN),
        (done(YESTERDAY), 6 * HOUR, Act.RUN),
        (done(YESTERDAY), 6 * HOUR + 1, Act.MISS),
        (done(TODAY), 10, Act.NOTHING),
        (done(TODAY, Outcome.FAILED), 10, Act.NOTHING),
        (done(TODAY, Outcome.SKIPPED), 10, Act.NOTHING),
        (done(TODAY, Outcome.MISSED), 10, Act.NOTHING),
        (done(TODAY, Outcome.ABANDONED), 10, Act.NOTHING),
        (done(TODAY + 5), 10, Act.NOTHING),  # by hand, after its time
        (done(TODAY - 5), 10, Act.RUN),  # by hand, before its time
        (None, 10, Act.BEGIN),
        (done(TODAY, Outcome.RUNNING, held_until=TODAY + 100), 10, Act.NOTHING),
        (done(YESTERDAY, Outcome.RUNNING, held_until=TODAY + 100), 10, Act.WAIT),
        (done(YESTERDAY, Outcome.RUNNING, held_until=TODAY - 100), 10, Act.RUN),
        (done(TODAY, Outcome.RUNNING, held_until=TODAY + 5), 10, Act.RUN),  # its worker went away
        (done(TODAY, Outcome.RUNNING, held_until=TODAY + 5, attempts=2), 10, Act.GIVE_UP),
        (done(TODAY, Outcome.RUNNING, held_until=TODAY + 5), 7 * HOUR, Act.GIVE_UP),
    ],
)
def test_daily(last: Run | None, late: float, act: Act) -> None:
    ruling = decide(entry(), last, (), TODAY + late)
    assert ruling.act is act
    if act not in {Act.NOTHING, Act.WAIT}:
        assert ruling.due_at == TODAY


@pytest.mark.parametrize(
    ("in_window", "windows", "late", "act"),
    [
        (SKIP, [OPEN], 1, Act.SKIP),
        (SKIP, [Span(start=TODAY - HOUR, end=TODAY + 5)], 10, Act.SKIP),  # it covered the time
        (SKIP, [Span(start=TODAY + 1, end=None)], 10, Act.SKIP),  # opened just before we could begin
        (SKIP, [Span(start=TODAY - HOUR, end=TODAY)], 10, Act.RUN),
        (SKIP, [], 10, Act.RUN),
        (SKIP, None, 10, Act.WAIT),
        (AFTERWARDS, [OPEN], 1, Act.WAIT),
        (AFTERWARDS, [OPEN], 23 * HOUR, Act.WAIT),
        (AFTERWARDS, [Span(start=TODAY - HOUR, end=TODAY + 9 * HOUR)], 9 * HOUR, Act.RUN),
        (AFTERWARDS, [Span(start=TODAY - HOUR, end=TODAY + 9 * HOUR)], 15 * HOUR, Act.RUN),
        (AFTERWARDS, [Span(start=TODAY - HOUR, end=TODAY + 9 * HOUR)], 15 * HOUR + 1, Act.MISS),
        # overlapping ones take their union
        (AFTERWARDS, [*BOTH],
         11 * HOUR, Act.RUN),
        (AFTERWARDS, [*BOTH],
         11 * HOUR + 1, Act.MISS),
        (AFTERWARDS, None, 10, Act.WAIT),
        (ANYWAY, [OPEN], 1, Act.RUN),
        (ANYWAY, None, 1, Act.RUN),
    ],
)  # fmt: skip
def test_in_a_window(in_window: InWindow, windows: list[Span] | None, late: float, act: Act) -> None:
    ruling = decide(entry(in_window=in_window), done(YESTERDAY), windows, TODAY + late)
    assert ruling.act is act
    assert ruling.due_at == TODAY


@pytest.mark.parametrize(
    ("last", "act"),
    [
        (None, Act.RUN),
        (done(TODAY - 300), Act.RUN),
        (done(TODAY - 226), Act.RUN),
        (done(TODAY - 224), Act.NOTHING),
        (done(TODAY + HOUR), Act.RUN),  # the clock was put back
        (done(TODAY - 300, Outcome.RUNNING, held_until=TODAY + 5), Act.NOTHING),
        (done(TODAY - 300, Outcome.RUNNING, held_until=TODAY - 5), Act.RUN),
    ],
)
def test_by_interval(last: Run | None, act: Act) -> None:
    assert decide(every(300), last, [OPEN], TODAY).act is act


@pytest.mark.parametrize(("windows", "act"), [([], Act.RUN), ([OPEN], Act.WAIT), (None, Act.WAIT)])
def test_by_interval_and_not_in_a_window(windows: list[Span] | None, act: Act) -> None:
    assert decide(every(300, SKIP), None, windows, TODAY).act is act


def test_off_is_never() -> None:
    assert decide(entry("off"), None, (), TODAY).act is Act.NOTHING
    assert next_time(entry("off"), None, UTC, TODAY) is None


def test_what_is_next() -> None:
    assert next_time(entry(), None, UTC, TODAY) == TODAY + DAY
    assert next_time(entry(), None, ZoneInfo("America/New_York"), TODAY) == TODAY + 5 * HOUR
    assert next_time(every(300), done(TODAY - 100), UTC, TODAY) == TODAY + 200
    assert next_time(every(300), done(TODAY - 400), UTC, TODAY) == TODAY
    assert next_time(every(300), None, UTC, TODAY) == TODAY


# -- a year ------------------------------------------------------------------------------------------------


class Clockwork:
    """Beats that tick, and a store that keeps what they did."""

    def __init__(self, entries: Iterable[Entry], zone: ZoneInfo, windows: Sequence[Span] = ()) -> None:
        self.entries = list(entries)
        self.zone = zone
        self.windows = windows
        self.turns: dict[str, Run] = {}
        self.runs: dict[str, list[tuple[float, float]]] = {one.name: [] for one in self.entries}
        """Per name: for which time, and when."""
        self.noted: Counter[tuple[str, Outcome]] = Counter()

    def tick(self, now: float) -> None:
        seen = [
            Span(start=one.start, end=one.end if one.end is not None and one.end <= now else None)
            for one in self.windows
            if now - 30 * DAY < one.start <= now
        ]
        for one in self.entries:
            ruling = rule(one, last=self.turns.get(one.name), windows=seen, zone=self.zone, now=now)
            notes = {Act.SKIP: Outcome.SKIPPED, Act.MISS: Outcome.MISSED, Act.BEGIN: Outcome.FIRST}
            if ruling.act is Act.RUN:
                self.runs[one.name].append((ruling.due_at, now))
                self.turns[one.name] = done(ruling.due_at)
            elif ruling.act in notes:
                self.noted[one.name, notes[ruling.act]] += 1
                self.turns[one.name] = done(ruling.due_at, notes[ruling.act])

    def tick_through(self, start: float, end: float, step: float) -> None:
        now = start
        while now <= end:
            self.tick(now)
            now += step


@cache
def minutes_of(zone: str) -> list[tuple[float, date, int]]:
    """Each minute of the year as the clocks of the zone show it: instant, date, minute of the day."""
    start = int(at(f"{YEAR}-01-01")) - DAY
    here = ZoneInfo(zone)
    shown = ((now, datetime.fromtimestamp(now, here)) for now in range(start, start + 367 * DAY, MINUTE))
    return [(now, local.date(), local.hour * 60 + local.minute) for now, local in shown]


def by_the_clocks(zone: str, text: str) -> list[float]:
    """On each date that it names, the first minute at which clocks show this time or a later one."""
    wanted = parse_when(text)
    assert wanted is not None
    found: dict[date, float] = {}
    minute = wanted.hour * 60 + wanted.minute
    for now, day, shown in minutes_of(zone):
        if shown >= minute and day not in found and _is_named(day, wanted):
            found[day] = now
    return sorted(now for day, now in found.items() if day.year == YEAR)


def _is_named(day: date, wanted: LocalTime) -> bool:
    if wanted.weekday is None:
        return True
    return day.weekday() == wanted.weekday and (
        wanted.nth is None or day.day in range(7 * wanted.nth - 6, 7 * wanted.nth + 1)
    )


def bounds(zone: str) -> tuple[float, float]:
    here = ZoneInfo(zone)
    first, last = datetime(YEAR, 1, 1, tzinfo=here), datetime(YEAR + 1, 1, 1, tzinfo=here)
    return first.timestamp(), last.timestamp() - 1


@pytest.mark.parametrize(("zone", "beats"), [*((zone, 1) for zone in ZONES), (ZONES[0], 2)])
def test_a_year_each_exactly_when_it_should(zone: str, beats: int) -> None:
    step = HOUR
    work = Clockwork([entry(when, name=name) for name, when in TIMES.items()], ZoneInfo(zone))
    start, end = bounds(zone)
    work.tick(start - 1)
    for now in range(int(start), int(end), step):
        for beat in range(beats):
            work.tick(now + beat)
    for name, when in TIMES.items():
        due = [which for which, _ in work.runs[name]]
        assert due == by_the_clocks(zone, when), name
        assert all(0 <= ran - which < step for which, ran in work.runs[name]), name
    assert set(work.noted) == {(name, Outcome.FIRST) for name in TIMES}
    assert [len(work.runs[name]) for name in ("morning-check", "security-audit")] == [365, 12]


@pytest.mark.parametrize("zone", ZONES)
def test_the_changes_of_the_clock_minute_by_minute(zone: str) -> None:
    here = ZoneInfo(zone)
    start, end = bounds(zone)
    offsets = [
        (now, datetime.fromtimestamp(now, here).utcoffset()) for now in range(int(start), int(end), 1800)
    ]
    changes = [now for (_, old), (now, new) in pairwise(offsets) if old != new]
    assert len(changes) == 2
    for change in changes:
        work = Clockwork([entry(when, name=name) for name, when in TIMES.items()], here)
        work.tick_through(change - DAY / 2, change + DAY / 2, MINUTE)
        for name, when in TIMES.items():
            expected = [now for now in by_the_clocks(zone, when) if abs(now - change) < DAY / 2]
            assert [which for which, _ in work.runs[name]] == expected, (name, change)
            assert all(ran == which for which, ran in work.runs[name]), name


@pytest.mark.parametrize("zone", ZONES)
def test_a_year_with_windows_over_its_times(zone: str) -> None:
    """Every Monday from 08:30 for three hours, and once from Friday to Tuesday."""
    here = ZoneInfo(zone)
    mondays = by_the_clocks(zone, "mon 08:30")
    long_one = Span(start=mondays[20] - 3 * DAY, end=mondays[20] + DAY)
    short = [Span(start=one, end=one + 3 * HOUR) for one in mondays if one != mondays[20]]
    windows = sorted([*short, long_one], key=lambda one: one.start)
    kinds = {SKIP: "skip", AFTERWARDS: "afterwards", ANYWAY: "anyway"}
    entries = [
        entry(when, kind, name=f"{word} {when}")
        for kind, word in kinds.items()
        for when in ("mon 09:00", "08:00")
    ]
    work = Clockwork(entries, here, windows)
    start, end = bounds(zone)
    work.tick(start - 1)
    work.tick_through(start, end, HOUR / 2)

    def covered(now: float) -> bool:
        return any(one.start <= now < (one.end or 0) for one in windows)

    for when in ("mon 09:00", "08:00"):
        due = by_the_clocks(zone, when)
        in_windows = [now for now in due if covered(now)]
        assert in_windows
        assert [which for which, _ in work.runs[f"anyway {when}"]] == due
        assert [which for which, _ in work.runs[f"skip {when}"]] == [now for now in due if not covered(now)]
        ran = work.runs[f"afterwards {when}"]
        assert not any(covered(when_it_ran) for _, when_it_ran in ran)
        # Of the times in one window, the last; it runs within a tick of the window's end.
        lasts: dict[float, float] = {}
        for one in windows:
            inside = [now for now in in_windows if one.start <= now < (one.end or 0)]
            if inside:
                lasts[max(inside)] = one.end or 0.0
        expected = [now for now in due if not covered(now) or now in lasts]
        assert [which for which, _ in ran] == expected
        for which, when_it_ran in ran:
            assert 0 <= when_it_ran - lasts.get(which, which) < HOUR
    assert work.noted["skip mon 09:00", Outcome.SKIPPED] == len(mondays)
    assert not any(outcome is Outcome.MISSED for _, outcome in work.noted)


@pytest.mark.parametrize("away", [DAY, 7 * DAY, 40 * DAY])
def test_no_burst_after_beat_was_away(away: float) -> None:
    zone = ZoneInfo("Europe/Berlin")
    work = Clockwork([entry(when, name=name) for name, when in TIMES.items()], zone)
    start = at("2026-03-20 11:00")
    work.tick_through(start - 40 * DAY, start, HOUR)
    before = {name: len(runs) for name, runs in work.runs.items()}
    work.tick_through(start + away, start + away + 2 * HOUR, 30)
    since = {name: runs[before[name] :] for name, runs in work.runs.items()}
    assert all(len(runs) <= 1 for runs in since.values()), since
    # 08:00 is three hours old and made up; 18:00 and those of the night are older than six hours.
    assert len(since["morning-check"]) == 1
    assert work.noted["evening-review", Outcome.MISSED] == 1
    # What was handled, run or noted, is the last time that there was.
    assert all(run.due_at > start + away - 40 * DAY for run in work.turns.values())


def test_a_clock_that_is_put_back_runs_nothing_twice() -> None:
    work = Clockwork([entry()], ZoneInfo("UTC"))
    work.tick_through(YESTERDAY - HOUR, TODAY + HOUR, 60)
    work.tick_through(TODAY - HOUR, TODAY + 2 * HOUR, 60)
    assert [which for which, _ in work.runs["one"]] == [YESTERDAY, TODAY]


@given(
    st.sampled_from(list(InWindow)),
    st.lists(st.tuples(st.integers(0, 20 * DAY), st.integers(1, 4 * DAY)), max_size=5),
    st.lists(st.integers(1, 12 * HOUR), min_size=5, max_size=60),
)
@some
def test_whatever_happens_no_time_is_handled_twice_and_none_runs_in_a_window_that_forbids_it(
    in_window: InWindow, windows: list[tuple[int, int]], pauses: list[int]
) -> None:
    start = at("2026-03-20 00:00")
    spans = [Span(start=start + begin, end=start + begin + length) for begin, length in windows]
    work = Clockwork([entry("02:30", in_window)], ZoneInfo("Europe/Berlin"), spans)
    now = start
    for pause in pauses:
        work.tick(now)
        now += pause
    handled = [which for which, _ in work.runs["one"]]
    assert handled == sorted(set(handled))
    for which, ran in work.runs["one"]:
        assert which <= ran
        is_open = any(one.start <= ran < (one.end or 0) for one in spans)
        assert in_window is ANYWAY or not is_open


def test_two_beats_by_interval_run_as_often_as_one() -> None:
    one, two = Clockwork([every(300)], ZoneInfo("UTC")), Clockwork([every(300)], ZoneInfo("UTC"))
    one.tick_through(TODAY, TODAY + DAY, 300)
    for now in range(int(TODAY), int(TODAY) + DAY, 300):
        two.tick(now)
        two.tick(now + 140)
    assert isinstance(every(300).when, Every)
    assert len(two.runs["one"]) == len(one.runs["one"]) - 1 == 288


def test_a_week_as_a_calendar_shows_it() -> None:
    """By hand: what runs in New York in the week of the change to summer time."""
    zone = ZoneInfo("America/New_York")
    work = Clockwork([entry(TIMES[name], name=name) for name in list(TIMES)[:6]], zone)
    work.tick_through(at("2026-03-06 12:00"), at("2026-03-10 12:30"), 300)
    ran = sorted(
        (datetime.fromtimestamp(when, UTC).strftime("%a %H:%M"), name)
        for name, runs in work.runs.items()
        for when, _ in runs
        if name not in {"morning-check", "evening-review"}
    )
    assert ran == [
        ("Mon 13:00", "weekly-review"),
        ("Mon 14:00", "performance-review"),
        ("Sun 07:00", "weekly-optimization"),
    ]
    mornings = [datetime.fromtimestamp(which, UTC).hour for which, _ in work.runs["morning-check"]]
    assert mornings == [13, 13, 12, 12, 12]


# -- words and edges ---------------------------------------------------------------------------------------


def test_words_that_are_stored() -> None:
    assert [each.value for each in Outcome] == [
        "running", "done", "unknown", "failed", "skipped", "missed", "abandoned", "first seen",
    ]  # fmt: skip
    assert [each.value for each in Act] == ["nothing", "run", "wait", "skip", "miss", "begin", "give up"]
    assert done(1.0) == Run(due_at=1.0, outcome=Outcome.DONE, attempts=1, held_until=0.0)
    assert Ruling(act=Act.RUN) == Ruling(act=Act.RUN, due_at=0.0, why="")


AWAY = done(TODAY, Outcome.RUNNING, held_until=TODAY + 5)


@pytest.mark.parametrize(
    ("in_window", "last", "windows", "late", "act", "why"),
    [
        (ANYWAY, None, (), 10, Act.BEGIN, "it is followed from now on"),
        (ANYWAY, done(YESTERDAY, Outcome.RUNNING, held_until=TODAY + 99), (), 10, Act.WAIT, "it runs"),
        (ANYWAY, replace(AWAY, attempts=2), (), 10, Act.GIVE_UP, "its worker went away, twice"),
        (
            ANYWAY, AWAY, (), 7 * HOUR, Act.GIVE_UP,
            "its worker went away, and then: nobody ran it in time",
        ),
        (SKIP, AWAY, [OPEN], 10, Act.GIVE_UP, "its worker went away, and then: a window was open"),
        (AFTERWARDS, AWAY, [OPEN], 10, Act.WAIT, "it runs when the window is over"),
        (SKIP, done(YESTERDAY), None, 10, Act.WAIT, "nobody knows whether a window is open"),
        (SKIP, done(YESTERDAY), [OPEN], 10, Act.SKIP, "a window was open"),
        (ANYWAY, done(YESTERDAY), (), 7 * HOUR, Act.MISS, "nobody ran it in time"),
        (ANYWAY, done(YESTERDAY), (), 10, Act.RUN, ""),
    ],
)  # fmt: skip
def test_why_in_a_few_words(
    in_window: InWindow, last: Run | None, windows: list[Span] | None, late: float, act: Act, why: str
) -> None:
    due_at = YESTERDAY if act is Act.WAIT and why == "it runs" else TODAY
    assert decide(entry(in_window=in_window), last, windows, TODAY + late) == Ruling(
        act=act, due_at=due_at, why=why
    )


def test_by_interval_in_full() -> None:
    assert decide(every(300), None, (), TODAY) == Ruling(act=Act.RUN, due_at=TODAY)
    assert decide(every(300, SKIP), None, [OPEN], TODAY) == Ruling(
        act=Act.WAIT, due_at=TODAY, why="a window is open, or nobody knows"
    )
    assert decide(entry("off"), None, (), TODAY) == Ruling(act=Act.NOTHING)


@pytest.mark.parametrize(
    ("last", "act"),
    [
        (done(TODAY - 225), Act.RUN),
        (done(TODAY - 224.9), Act.NOTHING),
        (done(TODAY), Act.NOTHING),
        (done(TODAY - 0.5), Act.NOTHING),
        (done(TODAY + 224.9), Act.NOTHING),
        (done(TODAY + 225), Act.RUN),
        (done(TODAY - 300, Outcome.RUNNING, held_until=TODAY), Act.RUN),
        (done(TODAY - 300, Outcome.DONE, held_until=TODAY + 5), Act.RUN),
    ],
)
def test_by_interval_at_its_edges(last: Run, act: Act) -> None:
    assert decide(every(300), last, (), TODAY).act is act


@pytest.mark.parametrize(
    ("last", "act"),
    [
        (done(TODAY, Outcome.RUNNING, held_until=TODAY + 10), Act.RUN),
        (done(TODAY, Outcome.RUNNING, held_until=TODAY + 10, attempts=3), Act.GIVE_UP),
        (done(TODAY + 5, Outcome.RUNNING, held_until=TODAY + 6), Act.RUN),
        (done(TODAY, Outcome.DONE, held_until=TODAY + 99), Act.NOTHING),
        (done(YESTERDAY, Outcome.DONE, held_until=TODAY + 99), Act.RUN),
    ],
)
def test_a_lock_at_its_edges(last: Run, act: Act) -> None:
    assert decide(entry(), last, (), TODAY + 10).act is act


@pytest.mark.parametrize(
    ("span", "act"),
    [
        (Span(start=TODAY + 10, end=None), Act.SKIP),
        (Span(start=TODAY + 10.1, end=None), Act.RUN),
        (Span(start=TODAY, end=TODAY + 1), Act.SKIP),
        (Span(start=TODAY + 1, end=TODAY + 10), Act.RUN),
        (Span(start=TODAY + 1, end=TODAY + 10.1), Act.SKIP),
    ],
)
def test_a_window_at_its_edges(span: Span, act: Act) -> None:
    assert decide(entry(in_window=SKIP), done(YESTERDAY), [span], TODAY + 10).act is act


@pytest.mark.parametrize(
    ("spans", "covered"),
    [
        ([(-9, -5)], 0),
        ([(-9, 1)], 1),
        ([(1, 3), (2, 5)], 4),
        ([(2, 5), (1, 3)], 4),
        ([(1, 5), (2, 3)], 4),
        ([(1, 5), (2, 3), (4, 6)], 5),
        ([(1, 2), (3, 4)], 2),
        ([(1, 2), (2, 3)], 2),
        ([(-9, -8), (-7, 2), (1, 3)], 3),
    ],
)
def test_time_inside_of_windows_does_not_count(spans: list[tuple[float, float]], covered: float) -> None:
    """It may be late by its grace and by what lies in windows."""
    windows = [Span(start=TODAY + begin * HOUR, end=TODAY + end * HOUR) for begin, end in spans]
    latest = TODAY + (6 + covered) * HOUR
    for now, act in ((latest, Act.RUN), (latest + 1, Act.MISS)):
        assert decide(entry(in_window=AFTERWARDS), done(YESTERDAY), windows, now).act is act
        assert decide(entry(in_window=SKIP), done(YESTERDAY), (), latest - covered * HOUR).act is Act.RUN


def test_time_inside_of_windows_counts_for_what_runs_in_them() -> None:
    ruling = decide(entry(in_window=ANYWAY), done(YESTERDAY), BOTH, TODAY + 6 * HOUR + 1)
    assert ruling.act is Act.MISS


@pytest.mark.parametrize("end", [TODAY + 30 * HOUR, None])
def test_a_window_to_come_covers_nothing(end: float | None) -> None:
    later = Span(start=TODAY + 20 * HOUR, end=end)
    ruling = decide(entry(in_window=AFTERWARDS), done(YESTERDAY), [later], TODAY + 6 * HOUR + 1)
    assert ruling.act is Act.MISS
