"""One cause is one problem; unknown is not healthy; the order holds."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.diagnosis import (
    Answer,
    Check,
    Diagnosis,
    Family,
    Finding,
    Source,
    Status,
    Verdict,
    broken,
    diagnose,
    needed_for,
    not_known,
    ok,
    out_of_order,
    warn,
)

SOURCES = {
    "store": Source(name="store", root="store"),
    "state": Source(name="state", root="state", needs=("store",)),
    "fleet": Source(name="fleet", root="fleet", needs=("state",)),
    "disk": Source(name="disk", root="disk"),
}


def check(name: str, *asks: str, family: Family = Family.ACTIVATION, judge: Any = None) -> Check:
    return Check(
        name=name, family=family, symptom="s", asks=asks, judge=judge or (lambda *_: ok("well")),
        why="it matters", remedy="do this",
    )  # fmt: skip


CHECKS = (
    check("store", "store"),
    check("state", "state"),
    check("fleet", "fleet"),
    check("both", "disk", "fleet", family=Family.BLOCKING),
    check("disk", "disk", family=Family.PERFORMANCE),
    check(
        "lenient",
        "disk",
        "fleet?",
        family=Family.PERFORMANCE,
        judge=lambda disk, fleet: ok(f"{disk} {fleet}"),
    ),
)
ALL = {name: Answer(value=name) for name in SOURCES}


def found(answers: dict[str, Answer], **more: Any) -> dict[str, Finding]:
    return {one.check: one for one in diagnose(CHECKS, SOURCES, answers, **more)}


def test_answers_are_judged() -> None:
    assert {one.status for one in found(ALL).values()} == {Status.OK}
    assert found(ALL)["lenient"].seen == "disk fleet"


def test_one_cause_is_one_problem() -> None:
    answers = {
        **ALL,
        "store": Answer(lost="it is away"),
        "state": Answer(lost="it is away", after="store"),
        "fleet": Answer(lost="it is away", after="state"),
    }
    by_name = found(answers)
    assert (by_name["store"].status, by_name["store"].seen) == (Status.PROBLEM, "it is away")
    assert (by_name["store"].why, by_name["store"].remedy) == ("it matters", "do this")
    for name in ("state", "fleet", "both"):
        assert (by_name[name].status, by_name[name].because) == (Status.UNKNOWN, "store")
        assert by_name[name].seen == "not looked at, because of “store”"
    assert by_name["disk"].status is Status.OK
    assert by_name["lenient"].seen == "disk None"


def test_a_root_is_found_for_a_source_that_is_lost_by_itself() -> None:
    by_name = found({**ALL, "fleet": Answer(lost="no answer")})
    assert by_name["fleet"].status is Status.PROBLEM
    assert by_name["both"].because == "fleet"
    assert by_name["state"].status is Status.OK


def test_what_was_not_asked_is_not_known() -> None:
    assert found({})["both"].because == "disk"


def test_families() -> None:
    assert set(found(ALL, families=[Family.BLOCKING])) == {"both"}
    lost = {**ALL, "fleet": Answer(lost="no answer")}
    assert set(found(lost, families=[Family.BLOCKING])) == {"both", "fleet"}


def test_what_is_needed() -> None:
    assert needed_for([CHECKS[2]], SOURCES) == {"fleet", "state", "store"}
    assert needed_for([CHECKS[5]], SOURCES) == {"disk", "fleet", "state", "store"}


def test_order() -> None:
    assert out_of_order([*CHECKS[:3], CHECKS[4], CHECKS[3]], SOURCES) == []
    assert out_of_order([CHECKS[1], CHECKS[0]], SOURCES) == ["state before store"]
    assert out_of_order([CHECKS[4], CHECKS[5]], SOURCES) == []  # what may be lost is no cause


@given(st.lists(st.sampled_from(list(Status)), max_size=6))
def test_health(statuses: list[Status]) -> None:
    whole = Diagnosis(
        findings=tuple(
            Finding(check=str(number), family=Family.SESSIONS, symptom="", status=status, seen="")
            for number, status in enumerate(statuses)
        )
    )
    if Status.PROBLEM in statuses:
        assert whole.health is Status.PROBLEM
    elif set(statuses) - {Status.OK}:
        assert whole.health is Status.WARNING
    else:
        assert whole.health is Status.OK
    assert sum(whole.to_dict()["counts"].values()) == len(statuses)
    with pytest.raises(KeyError):
        whole.of("none")


def test_verdicts() -> None:
    made = (ok("a"), warn("a", "b", "c"), broken("a", "b", "c"), not_known("a", "c"))
    assert [one.status for one in made] == [Status.OK, Status.WARNING, Status.PROBLEM, Status.UNKNOWN]
    assert len({family.heading for family in Family}) == 5
    assert all(one.seen == "a" for one in made)
    assert not any(one is other for one, other in itertools.combinations(made, 2))


def test_the_families_are_the_guides() -> None:
    assert {family.value: family.heading for family in Family} == {
        "activation": "Maintenance mode won't activate",
        "blocking": "Users can still access blocked operations",
        "sessions": "Session invalidation not working",
        "emergency": "Emergency mode issues",
        "performance": "Performance issues during maintenance",
    }
    assert [status.value for status in Status] == ["ok", "warning", "problem", "unknown"]


def test_verdicts_in_full() -> None:
    assert ok("a") == Verdict(status=Status.OK, seen="a", why="", remedy="")
    assert warn("a", "b", "c") == Verdict(status=Status.WARNING, seen="a", why="b", remedy="c")
    assert broken("a", "b", "c") == Verdict(status=Status.PROBLEM, seen="a", why="b", remedy="c")
    assert not_known("a") == Verdict(status=Status.UNKNOWN, seen="a", why="", remedy="")
    assert not_known("a", "c").remedy == "c"


def test_what_is_said_of_nothing() -> None:
    assert Source(name="a", root="b").needs == ()
    assert Answer() == Answer(value=None, lost="", after="")
    bare = Check(name="a", family=Family.BLOCKING, symptom="s", asks=(), judge=lambda: ok("well"))
    assert (bare.why, bare.remedy) == ("", "")
    finding = Finding(check="a", family=Family.BLOCKING, symptom="s", status=Status.OK, seen="well")
    assert diagnose([bare], {}, {}) == (finding,)
    assert (finding.why, finding.remedy, finding.because) == ("", "", "")
    assert Diagnosis(findings=()).seconds == 0.0


def test_a_finding_has_what_the_check_and_the_verdict_say() -> None:
    one = Check(
        name="a", family=Family.SESSIONS, symptom="s", asks=(), judge=lambda: warn("seen", "why", "remedy")
    )
    (finding,) = diagnose([one], {}, {})
    assert finding.to_dict() == {
        "check": "a",
        "family": "sessions",
        "symptom": "s",
        "status": "warning",
        "seen": "seen",
        "why": "why",
        "remedy": "remedy",
        "because": "",
    }
    whole = Diagnosis(findings=(finding,), seconds=1.23456)
    assert whole.to_dict() == {
        "health": "warning",
        "counts": {"ok": 0, "warning": 1, "problem": 0, "unknown": 0},
        "seconds": 1.235,
        "findings": [finding.to_dict()],
    }
    assert whole.of("a") is finding
    assert whole.with_status(Status.WARNING) == (finding,)
    assert whole.with_status(Status.OK) == ()
    with pytest.raises(KeyError, match="none"):
        whole.of("none")


def test_a_source_that_nobody_asked_is_said_to_be_so() -> None:
    assert (found({})["disk"].status, found({})["disk"].seen) == (Status.PROBLEM, "it was not asked")


def test_a_cause_that_is_not_among_the_answers_is_not_followed() -> None:
    by_name = found({**ALL, "fleet": Answer(lost="no answer", after="elsewhere")})
    assert (by_name["fleet"].status, by_name["both"].because) == (Status.PROBLEM, "fleet")


def test_a_check_that_asks_what_may_be_lost_first_still_hears_of_the_rest() -> None:
    one = check("one", "fleet?", "disk")
    (finding,) = diagnose([one], SOURCES, {**ALL, "disk": Answer(lost="full")})
    assert (finding.status, finding.because) == (Status.UNKNOWN, "disk")


def test_only_what_keeps_a_family_from_being_looked_at_is_shown_beside_it() -> None:
    lost = {**ALL, "disk": Answer(lost="full"), "store": Answer(lost="it is away")}
    shown = found(lost, families=[Family.BLOCKING])
    assert set(shown) == {"both", "disk"}, "the store is away, and nobody asks it here"


def test_everything_that_is_out_of_order_is_named() -> None:
    assert out_of_order([CHECKS[3], CHECKS[2], *CHECKS[:2]], SOURCES) == [
        "both before disk, fleet, state, store",
        "fleet before state, store",
    ]


def test_what_may_be_lost_may_also_not_have_been_asked() -> None:
    one = check("one", "fleet?", judge=lambda fleet: ok(f"{fleet}"))
    assert [found.seen for found in diagnose([one], SOURCES, {})] == ["None"]


def test_what_keeps_another_family_from_being_looked_at_is_not_shown() -> None:
    performance = check("p", "fleet", family=Family.PERFORMANCE)
    blocking = check("b", "disk", family=Family.BLOCKING)
    lost = {**ALL, "fleet": Answer(lost="no answer")}
    shown = diagnose([CHECKS[2], performance, blocking], SOURCES, lost, families=[Family.BLOCKING])
    assert [one.check for one in shown] == ["b"]
