"""Which operation a task or an endpoint belongs to, and that tricks with a path never let it through."""

from __future__ import annotations

from enum import Enum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.modes import Gate
from guard.core.operations import CATALOGUE, OperationKind
from guard.core.registry import OperationRegistry
from guard.errors import InvalidRequest
from tests.core.strategies import many

REGISTRY = OperationRegistry()
METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]


def registry() -> OperationRegistry:
    filled = OperationRegistry()
    filled.declare("thumbnails", blocked="emergency")
    filled.add("image_processing", name="shop.resize")
    filled.add("thumbnails", glob="shop.thumb.*")
    filled.add("batch_operations", regex=r"shop\.(nightly|weekly)\..+")
    filled.add("caption_generation", glob="shop.*.caption")
    filled.add("read_operations", queue="reports")
    return filled


@pytest.mark.parametrize(
    ("task", "declared", "queue", "operation"),
    [
        pytest.param("shop.resize", None, None, "image_processing", id="by its name"),
        pytest.param(
            "shop.resize", "read_operations", None, "read_operations", id="its own word comes first"
        ),
        pytest.param(
            "shop.resize", "raed_operations", None, "unknown", id="its own word is misspelt: guarded"
        ),
        pytest.param("shop.resize", "", None, "unknown", id="its own word is empty: guarded"),
        pytest.param("shop.resize", None, "reports", "image_processing", id="a name comes before the queue"),
        pytest.param("shop.thumb.small", None, None, "thumbnails", id="by glob, a custom operation"),
        pytest.param("shop.thumb.caption", None, None, "thumbnails", id="the rule that was added first wins"),
        pytest.param("shop.x.caption", None, None, "caption_generation", id="by the second glob"),
        pytest.param("shop.nightly.sum", None, None, "batch_operations", id="by expression"),
        pytest.param("shop.nightly.", None, None, "job_creation", id="expressions are matched to the end"),
        pytest.param("xshop.nightly.sum", None, None, "job_creation", id="and from the start"),
        pytest.param(
            "shop.nightly.a\nb", None, None, "job_creation", id="a line break is no character of a name"
        ),
        pytest.param("shop.sum", None, "reports", "read_operations", id="by its queue"),
        pytest.param("shop.sum", None, "other", "job_creation", id="nobody said: guarded"),
        pytest.param("shop.thumb." + "x" * 300, None, None, "job_creation", id="a name too long for rules"),
        pytest.param("", None, None, "job_creation", id="no name"),
    ],
)
def test_operation_of_a_task(task: str, declared: str | None, queue: str | None, operation: str) -> None:
    assert registry().of_task(task, declared=declared, queue=queue).name == operation


@given(st.text(max_size=300), st.none() | st.text(max_size=20), st.none() | st.text(max_size=20))
@many
def test_every_task_has_an_operation(task: str, declared: str | None, queue: str | None) -> None:
    assert registry().of_task(task, declared=declared, queue=queue).name in registry().kinds


@pytest.mark.parametrize(
    "name", ["", "Read", "with space", "a-b", "ünder", "x" * 65, "a.b", "a\n", "unknown", "job_creation"]
)
def test_a_custom_operation_needs_a_good_new_name(name: str) -> None:
    with pytest.raises(InvalidRequest, match="operation"):
        OperationRegistry().declare(name)


@pytest.mark.parametrize(
    ("blocked", "nearest"), [("alwys", "always"), ("emergancy", "emergency"), ("no", "")]
)
def test_a_custom_operation_is_blocked_in_a_known_way(blocked: str, nearest: str) -> None:
    with pytest.raises(
        InvalidRequest, match=f"did you mean '{nearest}'" if nearest else "use always, emergency"
    ):
        OperationRegistry().declare("mine", blocked=blocked)


def test_a_custom_operation_says_something_to_its_users() -> None:
    kind = OperationRegistry().declare("export_data")
    assert kind.message == "Export data is temporarily unavailable during maintenance"
    assert kind.guarded


def test_one_registry_does_not_change_another() -> None:
    OperationRegistry().declare("mine")
    assert "mine" not in OperationRegistry().kinds
    assert "mine" not in CATALOGUE


@pytest.mark.parametrize(
    "selectors",
    [
        {},
        {"name": "a", "glob": "b"},
        {"name": "a", "queue": "b"},
        {"name": "a", "glob": "b", "regex": "c", "queue": "d"},
    ],
)
def test_a_rule_needs_exactly_one_selector(selectors: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest, match="exactly one"):
        OperationRegistry().add("job_creation", **selectors)


@pytest.mark.parametrize("operation", ["job_craetion", "", None, ["job_creation"], 7])
def test_a_rule_needs_a_known_operation(operation: object) -> None:
    with pytest.raises(InvalidRequest, match="is unknown: use one of"):
        OperationRegistry().add(operation, name="a")  # type: ignore[arg-type]


def test_a_rule_that_was_refused_has_changed_nothing() -> None:
    mine = OperationRegistry()
    with pytest.raises(InvalidRequest):
        mine.add("read_operations", regex="(a+)+")
    with pytest.raises(InvalidRequest):
        mine.add_endpoint("admin_operations", regex="(a+)+")
    assert mine.of_task("aaa").name == "job_creation"
    assert mine.of_endpoint("POST", "/aaa").name == "unknown"


def test_whether_anybody_said_what_kind_of_work_a_task_is() -> None:
    registry = OperationRegistry()
    registry.add("read_operations", glob="report.*")
    registry.add("read_operations", name="one")
    registry.add("read_operations", queue="fast")
    assert registry.knows_task("report.daily")
    assert registry.knows_task("one")
    assert registry.knows_task("x", queue="fast")
    assert registry.knows_task("x", declared="job_creation")
    assert not registry.knows_task("x", declared="job_craetion")
    assert not registry.knows_task("x", queue="slow")


def problem_of(caught: pytest.ExceptionInfo[InvalidRequest]) -> str:
    (problem,) = caught.value.problems
    return problem


def test_a_custom_operation_is_as_it_was_declared() -> None:
    mine = OperationRegistry()
    said = mine.declare(
        "x" * 64, blocked="emergency", message="Not now", alternative="Come back", makes_jobs=False
    )
    assert said == OperationKind(
        name="x" * 64,
        blocked_by=frozenset({Gate.EMERGENCY}),
        message="Not now",
        alternative="Come back",
        makes_jobs=False,
    )
    assert mine.kind("x" * 64) is said
    assert mine.declare("export_2_data") == OperationKind(
        name="export_2_data",
        blocked_by=frozenset({Gate.NORMAL, Gate.EMERGENCY}),
        message="Export 2 data is temporarily unavailable during maintenance",
        alternative="",
        makes_jobs=True,
    )
    assert mine.declare("a", blocked="always").blocked_by == {Gate.NORMAL, Gate.EMERGENCY}
    assert mine.declare("b", blocked="never").blocked_by == frozenset()


def test_what_is_wrong_with_a_custom_operation_is_named() -> None:
    with pytest.raises(InvalidRequest) as caught:
        OperationRegistry().declare("A" * 100)
    name = "A" * 80
    assert problem_of(caught) == (
        f"operation name {name!r} is not valid: lower-case letters, digits and _ , at most 64"
    )
    with pytest.raises(InvalidRequest) as caught:
        OperationRegistry().declare("unknown")
    assert problem_of(caught) == "operation 'unknown' is built in and cannot be declared again"
    with pytest.raises(InvalidRequest) as caught:
        OperationRegistry().declare("mine", blocked="nevr")
    assert problem_of(caught) == (
        "blocked='nevr' is unknown: use always, emergency, never (did you mean 'never'?)"
    )


def test_what_is_wrong_with_a_rule_is_named() -> None:
    with pytest.raises(InvalidRequest) as caught:
        OperationRegistry().add("unknown")
    assert problem_of(caught) == "a rule needs exactly one of name=, glob=, regex= or queue="
    with pytest.raises(InvalidRequest) as caught:
        OperationRegistry().add("job_creatio" + "n" * 90, name="a")
    said = "job_creatio" + "n" * 69
    assert problem_of(caught) == f"operation {said!r} is unknown: use one of {', '.join(sorted(CATALOGUE))}"
    with pytest.raises(InvalidRequest) as caught:
        OperationRegistry().add("unknwon", name="a")
    assert problem_of(caught).endswith("user_data_modification (did you mean 'unknown'?)")
    with pytest.raises(InvalidRequest) as caught:
        OperationRegistry().add_endpoint("unknown", regex="/x", methods=("POST", " "))
    assert problem_of(caught) == "an endpoint rule has an empty method: leave methods out for all"


def test_each_operation_that_does_not_exist_is_a_problem() -> None:
    problems = REGISTRY.unknown_among(["unknown", "one", "job_creation", "two"])
    assert [problem.split(" is ")[0] for problem in problems] == ["operation 'one'", "operation 'two'"]
    assert REGISTRY.unknown_among([]) == []


def test_rules_of_patterns_are_asked_for_names_of_at_most_255_characters() -> None:
    mine = OperationRegistry()
    mine.add("read_operations", glob="*")
    for length, operation in ((255, "read_operations"), (256, "job_creation")):
        assert mine.of_task("x" * length).name == operation
        assert mine.knows_task("x" * length) == (length == 255)


def test_whether_the_queue_matters() -> None:
    mine = OperationRegistry()
    mine.add("read_operations", name="fast")
    assert mine.has_queue_rules is False
    mine.add("read_operations", queue="fast")
    assert mine.has_queue_rules is True
    assert not mine.knows_task("x")
    assert mine.knows_task("fast", queue="slow")
    assert mine.of_task("x", queue="fast").name == "read_operations"
    assert not mine.knows_task("fast", declared="job_craetion")


class Kind(Enum):
    """Operations by an enumeration of the application's own."""

    READING = "read_operations"


def test_rules_for_endpoints_are_added_to_those_of_the_guides() -> None:
    mine = OperationRegistry()
    before = mine.endpoints
    assert mine.endpoints is before, "ranked once"
    assert not mine.knows_endpoint("POST", "/mine")
    mine.add_endpoint(Kind.READING, regex="/mine", methods=(" post ", "Put"))
    assert mine.endpoints is not before
    assert len(mine.endpoints) == len(before) + 1
    mine.add_endpoint("job_creation", regex="/mine/too", methods="delete")
    assert len(mine.endpoints) == len(before) + 2
    found = {verb: mine.of_endpoint(verb, "/mine").name for verb in METHODS}
    assert found == {
        "GET": "read_operations",
        "HEAD": "read_operations",
        "OPTIONS": "read_operations",
        "POST": "read_operations",
        "PUT": "read_operations",
        "PATCH": "unknown",
        "DELETE": "unknown",
    }
    assert mine.knows_endpoint("POST", "/mine")
    assert not mine.knows_endpoint("PATCH", "/mine")
    assert "POST,PUT /mine" in mine.endpoints_of("read_operations")
    assert "DELETE /mine/too" in mine.endpoints_of("job_creation")


def test_a_rule_without_methods_is_for_all() -> None:
    mine = OperationRegistry()
    mine.add_endpoint("batch_operations", regex="/mine")
    assert {mine.of_endpoint(verb, "/mine").name for verb in METHODS} == {"batch_operations"}


def test_of_two_rules_alike_the_applications_own_counts() -> None:
    mine = OperationRegistry()
    mine.add_endpoint("read_operations", regex="/api/jobs(/.*)?", methods=("POST", "PUT", "PATCH", "DELETE"))
    assert mine.of_endpoint("POST", "/api/jobs").name == "read_operations"


def test_a_queue_that_nobody_named_is_not_the_one_without_a_name() -> None:
    mine = OperationRegistry()
    mine.add("read_operations", queue="")
    assert mine.of_task("x").name == "job_creation"
    assert not mine.knows_task("x")
