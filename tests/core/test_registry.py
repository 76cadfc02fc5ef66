"""Which operation a task or an endpoint belongs to, and that tricks with a path never let it through."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.operations import CATALOGUE
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


ENDPOINTS = [
    ("POST", "/start_caption_generation", "caption_generation"),
    ("GET", "/start_caption_generation", "caption_generation"),
    ("POST", "/api/caption/regenerate", "caption_generation"),
    ("POST", "/api/jobs", "job_creation"),
    ("DELETE", "/api/jobs/7", "job_creation"),
    ("GET", "/api/jobs/7", "read_operations"),
    ("POST", "/switch_platform/3", "platform_operations"),
    ("GET", "/platform/list", "read_operations"),
    ("POST", "/batch/run", "batch_operations"),
    ("POST", "/profile", "user_data_modification"),
    ("GET", "/profile", "read_operations"),
    ("PUT", "/settings/mail", "user_data_modification"),
    ("POST", "/images", "image_processing"),
    ("PATCH", "/api/image/9", "image_processing"),
    ("GET", "/images/9", "read_operations"),
    ("POST", "/login", "authentication"),
    ("GET", "/logout", "authentication"),
    ("POST", "/auth/token", "authentication"),
    ("POST", "/admin", "admin_operations"),
    ("POST", "/admin/users/delete", "admin_operations"),
    ("GET", "/api/maintenance/status", "admin_operations"),
    ("POST", "/api/maintenance/disable", "admin_operations"),
    ("GET", "/api/health", "admin_operations"),
    ("GET", "/", "read_operations"),
    ("HEAD", "/anything", "read_operations"),
    ("POST", "/anything", "unknown"),
    ("post", "/api/jobs", "job_creation"),
    ("get", "/", "read_operations"),
    ("BREW", "/coffee", "unknown"),
    ("", "/", "unknown"),
]


@pytest.mark.parametrize(
    ("method", "path", "operation"), ENDPOINTS, ids=[f"{m} {p}" for m, p, _ in ENDPOINTS]
)
def test_operation_of_an_endpoint(method: str, path: str, operation: str) -> None:
    assert REGISTRY.of_endpoint(method, path).name == operation


TRICKS = [
    "//admin",
    "/admin//x",
    "/admin/../api/jobs",
    "/admin/..;/api/jobs",
    "/admin;/x",
    "/admin;x=1",
    "/admin/.",
    "/admin/./x",
    "/admin/..",
    "/%61dmin",
    "/admin/%2e%2e/api/jobs",
    "/admin%2f..%2fapi",
    "/admin%00",
    "/admin\\x",
    "/admin/..\\api",
    "\\admin",
    "admin",
    "",
    "/admin.",
    "/admin/x.",
    "/admin?x",
    "/admin#x",
    "/admin\n",
    "/admin\t/x",
    "/admin/\x00",
    "/admin/" + "x" * 260,
    "/login/..",
    "/auth/../api/jobs",
    "/auth/%2e%2e/api/jobs",
    "/login.",
    "/api/maintenance/../jobs",
    "/api/maintenance/%2e%2e/jobs",
    "/api/health/..;/jobs",
    "http://host/admin",
    "/admin/\u2028x",
    "/admin/\u202ex",
    "/admin/.hidden",
]


@pytest.mark.parametrize("path", TRICKS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_tricks_with_a_path_end_as_unknown(method: str, path: str) -> None:
    assert REGISTRY.of_endpoint(method, path).name == "unknown"


@pytest.mark.parametrize(
    "path",
    [
        "/Admin",
        "/ADMIN/x",
        "/LOGIN",
        "/Api/Maintenance",
        "/administrator",
        "/admins",
        "/login2",
        "/loginx",
        "/authx",
        "/api/maintenances",
        "/api/healthy",
        "/api/maintenance/a b",
        "/x/admin",
        "/api/admin",
        "/admin ",
        " /admin",
        "/\uff41dmin",
    ],
)
def test_what_only_looks_like_the_way_out_is_guarded(path: str) -> None:
    assert REGISTRY.of_endpoint("POST", path).guarded


segments = st.sampled_from(
    [
        "admin",
        "Admin",
        "api",
        "jobs",
        "login",
        "auth",
        "..",
        ".",
        "",
        "..;",
        "%2e%2e",
        "%2F",
        "maintenance",
        "health",
        ";x",
        "x.",
        " ",
        "\\",
        "?",
        "caption",
        "%61dmin",
        "é",
        "\u2024\u2024",
    ]
)
paths = st.lists(segments, max_size=6).map("/".join).map(lambda path: "/" + path) | st.text(max_size=30)


def resolved(path: str) -> list[str]:
    """Where a lenient server could take this path to: decoded twice, parameters cut, dots followed."""
    for _ in range(2):
        path = unquote(path)
    found: list[str] = []
    for segment in path.replace("\\", "/").split("?")[0].split("#")[0].split("/"):
        name = segment.split(";")[0].rstrip(". ") if segment.strip(". ") else segment
        if name == "..":
            found = found[:-1]
        elif name not in {"", "."}:
            found.append(name)
    return found


@given(st.sampled_from(METHODS), paths)
@many
def test_only_the_way_out_itself_is_never_blocked(method: str, path: str) -> None:
    kind = REGISTRY.of_endpoint(method, path)
    assert kind.name in CATALOGUE
    if not kind.guarded:
        where = resolved(path)
        assert where[:1] in [["admin"], ["login"], ["logout"], ["auth"]] or where[:2] in [
            ["api", "maintenance"],
            ["api", "health"],
        ]


@given(st.sampled_from(["POST", "PUT", "PATCH", "DELETE"]), paths)
@many
def test_no_writing_counts_as_reading(method: str, path: str) -> None:
    assert REGISTRY.of_endpoint(method, path).name != "read_operations"


def test_an_endpoint_rule_of_the_app_comes_first() -> None:
    mine = OperationRegistry()
    mine.add_endpoint("caption_generation", regex="/admin/captions(/.*)?", methods=("post",))
    assert mine.of_endpoint("POST", "/admin/captions/all").name == "caption_generation"
    assert mine.of_endpoint("GET", "/admin/captions/all").name == "admin_operations"
    assert mine.of_endpoint("POST", "/admin/captions/../x").name == "unknown"
