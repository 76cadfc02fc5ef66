"""Drained means drained: every worker's word, and unknown is never zero."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.agents import AgentCard, AgentReport, RunningJob
from guard.core.drain import Basis, Blocker, BlockerKind, DrainFacts, DrainView, Pace, view_drain
from guard.core.finishing import FinishingStep
from guard.core.roll import Fate, RollEntry
from guard.core.roster import RosterEntry
from tests.core.strategies import many

NOW = 1_700_000_000.0
LEASE = 5.0
STEP = FinishingStep(token="a1", task_id="t-1", task="shop.step", queue="jobs", since=NOW - 3)
JOB = RunningJob(task_id="t", task="shop.job", since=NOW - 10, operation="job_creation")


def worker(name: str = "a", *, epoch: int = 7, seen: float = 0.5, **report: object) -> RosterEntry:
    return RosterEntry(
        card=AgentCard(agent_id=name, role="worker", node=f"{name}@h", host="h", pid=1, terminable=True),
        acknowledged_epoch=epoch,
        seen_seconds_ago=seen,
        report=AgentReport(**report),  # type: ignore[arg-type]
    )


def enrolled(name: str, fate: Fate = Fate.UNKNOWN) -> RollEntry:
    return RollEntry(agent_id=name, node=f"{name}@h", host="h", pid=1, fate=fate)


def facts(*workers: RosterEntry, roll: tuple[RollEntry, ...] = ()) -> DrainFacts:
    seen = tuple(enrolled(one.card.agent_id) for one in workers)
    return DrainFacts(
        epoch=7, workers=workers, roll=roll or seen, lease=LEASE, registry_age=LEASE + 0.001, now=NOW
    )


def kinds(of: DrainFacts) -> list[BlockerKind]:
    return [blocker.kind for blocker in view_drain(of).blockers]


@pytest.mark.parametrize(
    ("given", "blockers"),
    [
        (facts(), []),
        (facts(worker()), []),
        (facts(worker(epoch=8)), []),
        (facts(worker(running=(JOB,))), [BlockerKind.RUNNING]),
        (facts(worker(reserved=2)), [BlockerKind.RESERVED]),
        (facts(worker(lost_slots=1)), [BlockerKind.LOST]),
        (facts(worker(ending=1)), [BlockerKind.ENDING]),
        (facts(worker(epoch=6)), [BlockerKind.UNCONFIRMED]),
        (facts(replace(worker(), report=None)), [BlockerKind.UNCONFIRMED]),
        (facts(worker(seen=5.0)), []),
        (facts(worker(seen=5.1)), [BlockerKind.SILENT]),
        (replace(facts(worker()), steps=(STEP,)), [BlockerKind.FINISHING]),
        (replace(facts(worker(running=(JOB,))), steps=(replace(STEP, task_id="t"),)), [BlockerKind.RUNNING]),
        (facts(worker("a"), roll=(enrolled("a"), enrolled("b"))), [BlockerKind.SILENT]),
        (facts(worker("a"), roll=(enrolled("a"), enrolled("b", Fate.LEFT))), []),
        (facts(worker("a"), roll=(enrolled("a"), enrolled("b", Fate.GONE))), []),
        (facts(worker("a", seen=60), roll=(enrolled("a", Fate.VOUCHED),)), []),
        # The roll of this window has not seen it: nobody has said that it is gone.
        (facts(worker("a", seen=60), roll=(enrolled("b", Fate.LEFT),)), [BlockerKind.SILENT]),
        # It answers after all: its own word counts, not the operator's.
        (facts(worker("a", running=(JOB,)), roll=(enrolled("a", Fate.VOUCHED),)), [BlockerKind.RUNNING]),
    ],
)
def test_what_blocks(given: DrainFacts, blockers: list[BlockerKind]) -> None:
    view = view_drain(given)
    assert [blocker.kind for blocker in view.blockers] == blockers
    assert view.drained == (not blockers)
    assert view.unknown == ()


_NOT_ASKED = {
    "workers": "the registry of workers does not answer",
    "roll": "the durable store does not say which workers this window has seen",
    "steps": "nobody can say which steps of workflows go on",
}


@pytest.mark.parametrize("missing", _NOT_ASKED)
def test_unknown_is_never_drained(missing: str) -> None:
    view = view_drain(replace(facts(worker()), **{missing: None}))
    assert view == DrainView(drained=False, blockers=(), unknown=(_NOT_ASKED[missing],), ends_in=None)


def test_all_that_is_unknown_is_said() -> None:
    view = view_drain(replace(facts(), **dict.fromkeys(_NOT_ASKED)))
    assert view.unknown == tuple(_NOT_ASKED.values())


_YOUNG = (
    "the registry of workers is not known to have been whole for longer than a lease (Redis or the fleet was "
    "started just now): workers may be missing in it"
)


@pytest.mark.parametrize("age", [None, -1.0, 0.0, LEASE])
@pytest.mark.parametrize("given", [facts(), facts(worker()), facts(worker(running=(JOB,)))])
def test_a_registry_that_may_have_gaps_proves_nothing(given: DrainFacts, age: float | None) -> None:
    whole, view = view_drain(given), view_drain(replace(given, registry_age=age))
    assert view == DrainView(
        drained=False,
        blockers=whole.blockers,
        unknown=(_YOUNG,),
        ends_in=None,
    )


def estimate(**job: float | None) -> Blocker:
    (blocker,) = view_drain(facts(worker(running=(replace(JOB, **job),)))).blockers
    return blocker


@pytest.mark.parametrize(
    ("job", "ends_in", "basis", "pace"),
    [
        ({}, None, Basis.NOTHING, Pace.NEVER),
        ({"usual": 15, "longest": 40}, 5, Basis.PAST_RUNS, Pace.NORMAL),
        ({"usual": 5, "longest": 40}, 30, Basis.PAST_RUNS, Pace.NORMAL),
        ({"usual": 5, "longest": 40, "limit": 20}, 10, Basis.PAST_RUNS, Pace.NORMAL),
        ({"usual": 5, "longest": 8}, None, Basis.NOTHING, Pace.NEVER),
        ({"usual": 5, "longest": 8, "limit": 60}, 50, Basis.TIME_LIMIT, Pace.SLOW),
        ({"limit": 60}, 50, Basis.TIME_LIMIT, Pace.NORMAL),
        ({"limit": 4}, 0, Basis.TIME_LIMIT, Pace.NORMAL),
        ({"usual": 10, "longest": 12}, 2, Basis.PAST_RUNS, Pace.NORMAL),
        ({"usual": 15, "longest": 40, "limit": 4}, 0, Basis.PAST_RUNS, Pace.NORMAL),
    ],
)
def test_an_estimate_and_what_it_rests_on(
    job: dict[str, float | None], ends_in: float | None, basis: Basis, pace: Pace
) -> None:
    blocker = estimate(**job)
    assert (blocker.ends_in, blocker.basis, blocker.pace) == (ends_in, basis, pace)
    assert blocker.running_for == 10


def test_the_end_of_the_drain_is_that_of_the_last_job_or_unknown() -> None:
    quick, slow = replace(JOB, limit=20), replace(JOB, limit=90)
    assert view_drain(facts(worker("a", running=(quick,)), worker("b", running=(slow,)))).ends_in == 80
    assert view_drain(facts(worker("a", running=(quick, JOB)))).ends_in is None
    assert view_drain(facts(worker())).ends_in == 0


def test_what_ends_last_is_shown_first() -> None:
    jobs = (
        replace(JOB, task_id="1", limit=20),
        replace(JOB, task_id="2"),
        replace(JOB, task_id="3", limit=90),
    )
    assert [one.task_id for one in view_drain(facts(worker(running=jobs))).blockers] == ["2", "3", "1"]


reports = st.builds(
    AgentReport,
    running=st.lists(st.just(JOB), max_size=2).map(tuple),
    reserved=st.integers(0, 2),
    lost_slots=st.integers(0, 1),
    ending=st.integers(0, 1),
)
workers = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(6, 8), st.floats(0, 10), st.none() | reports), max_size=4
)
fates = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(Fate))


@given(workers, fates, st.none() | st.floats(-1, 20))
@many
def test_drained_only_when_each_worker_is_empty_or_its_fate_is_known(
    fleet: list[tuple[str, int, float, AgentReport | None]], known: dict[str, Fate], age: float | None
) -> None:
    entries = tuple(
        replace(worker(name, epoch=epoch, seen=seen), report=report) for name, epoch, seen, report in fleet
    )
    roll = tuple(enrolled(name, fate) for name, fate in known.items())
    view = view_drain(replace(facts(), workers=entries, roll=roll, registry_age=age))
    heard = {one.card.agent_id for one in entries}
    vouched_for = all(
        known.get(one.card.agent_id, Fate.UNKNOWN) is not Fate.UNKNOWN
        if one.seen_seconds_ago > LEASE
        else one.acknowledged_epoch >= 7
        and one.report is not None
        and not (one.report.running or one.report.reserved or one.report.lost_slots or one.report.ending)
        for one in entries
    )
    accounted = all(fate is not Fate.UNKNOWN or name in heard for name, fate in known.items())
    whole = age is not None and age > LEASE
    assert view.drained == (vouched_for and accounted and whole)
    assert bool(view.unknown) != whole


def test_a_step_on_its_way_is_named() -> None:
    (blocker,) = view_drain(replace(facts(worker()), steps=(STEP,))).blockers
    assert (blocker.task_id, blocker.task, blocker.worker) == ("t-1", "shop.step", "queue jobs")
    assert (blocker.running_for, blocker.ends_in) == (3.0, None)


def test_a_running_job_is_shown_whole() -> None:
    job = RunningJob(task_id="t", task="shop.job", since=NOW - 10, operation="job_creation", limit=60.0)
    for can_end in (True, False):
        entry = worker(running=(job,))
        given = facts(replace(entry, card=replace(entry.card, terminable=can_end)))
        assert view_drain(given).blockers == (
            Blocker(
                kind=BlockerKind.RUNNING,
                worker="a@h",
                count=1,
                task_id="t",
                task="shop.job",
                operation="job_creation",
                running_for=10.0,
                limit=60.0,
                ends_in=50.0,
                basis=Basis.TIME_LIMIT,
                pace=Pace.NORMAL,
                can_end=can_end,
            ),
        )


def test_clocks_that_differ_make_nothing_run_for_less_than_no_time() -> None:
    ahead = replace(JOB, since=NOW + 3)
    assert view_drain(facts(worker(running=(ahead,)))).blockers[0].running_for == 0.0
    given = replace(facts(worker()), steps=(replace(STEP, since=NOW + 3),))
    assert view_drain(given).blockers[0].running_for == 0.0


def test_what_is_counted_is_counted() -> None:
    view = view_drain(facts(worker(reserved=4, ending=3, lost_slots=2)))
    assert {(one.kind, one.count, one.worker) for one in view.blockers} == {
        (BlockerKind.RESERVED, 4, "a@h (pid 1 on h)"),
        (BlockerKind.ENDING, 3, "a@h (pid 1 on h)"),
        (BlockerKind.LOST, 2, "a@h (pid 1 on h)"),
    }


def test_a_worker_that_does_not_follow_yet_is_named() -> None:
    assert view_drain(facts(worker(epoch=6))).blockers == (
        Blocker(kind=BlockerKind.UNCONFIRMED, worker="a@h (pid 1 on h)"),
    )


def test_a_silent_worker_is_named_with_the_time_of_its_silence() -> None:
    (silent,) = view_drain(facts(worker(seen=60.0))).blockers
    assert silent == Blocker(kind=BlockerKind.SILENT, worker="a@h (pid 1 on h)", running_for=60.0)
    (never_heard_of,) = view_drain(facts(roll=(enrolled("b"),))).blockers
    assert never_heard_of == Blocker(kind=BlockerKind.SILENT, worker="b@h (pid 1 on h)", running_for=None)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(facts(roll=(enrolled("a"),)), id="not registered any more"),
        pytest.param(facts(worker("a", seen=60.0)), id="registered and silent"),
    ],
)
def test_a_worker_that_is_gone_with_jobs_that_are_not_back(given: DrainFacts) -> None:
    assert kinds(replace(given, undelivered=frozenset({"a"}))) == [BlockerKind.UNDELIVERED]
    assert kinds(replace(given, undelivered=frozenset({"another"}))) == [BlockerKind.SILENT]


def test_what_ends_at_the_same_time_is_shown_by_worker_and_job() -> None:
    one, two = replace(JOB, task_id="1"), replace(JOB, task_id="2")
    view = view_drain(facts(worker("b", running=(two, one)), worker("a", running=(two, one))))
    assert [(each.worker, each.task_id) for each in view.blockers] == [
        ("a@h", "1"),
        ("a@h", "2"),
        ("b@h", "1"),
        ("b@h", "2"),
    ]


def test_the_words_that_commands_and_pages_show() -> None:
    assert [kind.value for kind in BlockerKind] == [
        "running",
        "reserved",
        "ending",
        "lost",
        "unconfirmed",
        "silent",
        "undelivered",
        "finishing",
    ]
    assert [basis.value for basis in Basis] == ["past runs", "time limit", "nothing"]
    assert [pace.value for pace in Pace] == ["normal", "slow", "never"]


def test_of_a_blocker_that_is_no_job_nothing_of_a_job_is_claimed() -> None:
    blocker = Blocker(kind=BlockerKind.SILENT, worker="a@h")
    assert blocker == Blocker(
        kind=BlockerKind.SILENT,
        worker="a@h",
        count=1,
        task_id="",
        task="",
        operation="",
        running_for=None,
        limit=None,
        ends_in=None,
        basis=Basis.NOTHING,
        pace=Pace.NORMAL,
        can_end=False,
    )
    assert DrainView(drained=True).blockers == ()
