"""Which operation a request belongs to, and that tricks with a path never let it through."""

from __future__ import annotations

import re
import time
from enum import Enum
from itertools import permutations
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.endpoints import GUIDES, Endpoint, ranked, rule_of
from guard.core.operations import CATALOGUE, Operation
from guard.core.registry import OperationRegistry
from guard.errors import InvalidRequest
from tests.core.strategies import many

REGISTRY = OperationRegistry()
METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]


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
        assert (
            where[:1] in [["admin"], ["login"], ["logout"], ["auth"]]
            or where[:2]
            in [
                ["api", "maintenance"],
                ["api", "health"],
            ]
            or (method in {"GET", "HEAD", "OPTIONS"} and where[:1] in [["maintenance"], ["health"]])
        )


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


def test_the_rules_of_an_operation_can_be_shown() -> None:
    registry = OperationRegistry()
    registry.add_endpoint("batch_operations", regex="/bulk", methods=("post",))
    shown = registry.endpoints_of("batch_operations")
    assert "POST /bulk" in shown
    assert "DELETE,PATCH,POST,PUT /api/batch(/.*)?" in shown
    assert registry.endpoints_of("unknown") == ()


class OperationType(Enum):
    """As the guide's example has it."""

    CUSTOM_OPERATION = "custom_operation"


def test_an_operation_may_be_a_member_of_an_enumeration() -> None:
    mine = OperationRegistry()
    mine.declare("custom_operation")
    mine.add_endpoint(OperationType.CUSTOM_OPERATION, regex=r"/api/custom/.*")
    assert mine.of_endpoint("GET", "/api/custom/x").name == "custom_operation"
    mine.add_endpoint(Operation.READ_OPERATIONS, regex=r"/api/custom/search", methods="post")
    assert mine.of_endpoint("POST", "/api/custom/search").name == "read_operations"


OVERLAPPING = [
    ("read_operations", "/.*", ("POST",)),
    ("batch_operations", "/things/.*", None),
    ("image_processing", "/things/[^/]+", None),
    ("job_creation", "/things/[^/]+/run", None),
    ("caption_generation", "/things/[^/]+/run", ("POST",)),
    ("read_operations", "/things/search", ("POST",)),
    ("admin_operations", "/profile", ("POST",)),
]


@given(st.permutations(OVERLAPPING))
@many
def test_the_most_specific_rule_counts_in_whatever_order_they_came(
    rules: list[tuple[str, str, tuple[str]]],
) -> None:
    mine = OperationRegistry()
    for operation, regex, methods in rules:
        mine.add_endpoint(operation, regex=regex, methods=methods)
    found = {
        (method, path): mine.of_endpoint(method, path).name
        for method, path in [
            ("POST", "/else"),
            ("POST", "/things/a/b"),
            ("POST", "/things/a"),
            ("GET", "/things/a/run"),
            ("POST", "/things/a/run"),
            ("POST", "/things/search"),
            ("POST", "/profile"),
            ("POST", "/profile/x"),
            ("PUT", "/profile"),
        ]
    }
    assert list(found.values()) == [
        "read_operations",
        "batch_operations",
        "image_processing",
        "job_creation",
        "caption_generation",
        "read_operations",
        "admin_operations",  # of two alike the application's own
        "user_data_modification",
        "user_data_modification",
    ]


def test_of_two_rules_alike_the_stricter_counts() -> None:
    for order in (("read_operations", "unknown"), ("unknown", "read_operations")):
        mine = OperationRegistry()
        for operation in order:
            mine.add_endpoint(operation, regex="/x")
        assert mine.of_endpoint("POST", "/x").name == "unknown"


@pytest.mark.parametrize("path", ["/api/maintenance/disable", "/api/health", "/maintenance", "/health/live"])
def test_no_rule_takes_over_the_way_out(path: str) -> None:
    mine = OperationRegistry()
    mine.add_endpoint("job_creation", regex=path)
    mine.add_endpoint("job_creation", regex="/.*")
    assert mine.of_endpoint("GET", path).name == "admin_operations"


def test_an_empty_method_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="empty method"):
        OperationRegistry().add_endpoint("unknown", regex="/x", methods=("",))


def test_a_rule_that_ignores_case_is_found() -> None:
    mine = OperationRegistry()
    mine.add_endpoint("job_creation", regex="(?i)/RUN/.*", methods=("GET",))
    assert mine.of_endpoint("GET", "/run/x").name == "job_creation"


@pytest.mark.parametrize(
    "path",
    [
        "/" + "a" * 254,
        "/api/maintenance" + "/a" * 119,
        "/api/maintenance/" + "a" * 230 + " ",
        "/maintenance" + "/." * 100,
        "/maintenance/" + "a-" * 115 + "!",
        "/static/" + "a" * 240,
        "/review/" + "review_batches/" * 16,
        "/user-management/" + "log" * 78,
        "/" * 255,
    ],
)
def test_no_path_takes_long(path: str) -> None:
    mine = OperationRegistry()
    mine.add_endpoint("unknown", regex=r"/[a/]*x[a/]*y")
    begun = time.process_time()
    for method in METHODS:
        mine.of_endpoint(method, path)
    assert time.process_time() - begun < 0.3


def test_a_rule_for_get_is_for_head_too() -> None:
    """A web framework serves HEAD by the view of GET, which then does its work all the same."""
    registry = OperationRegistry()
    registry.add_endpoint("batch_operations", regex=r"/export", methods="GET")
    found = {method: registry.of_endpoint(method, "/export").name for method in ("GET", "HEAD", "OPTIONS")}
    assert found == {
        "GET": "batch_operations",
        "HEAD": "batch_operations",
        "OPTIONS": "read_operations",
    }


READING, WRITING = {"GET", "HEAD", "OPTIONS"}, {"POST", "PUT", "PATCH", "DELETE"}
# A path, for which methods there is a rule, and the operation that it says.
RULES = """
    /api/maintenance                 all      admin_operations
    /api/maintenance/v1/windows.json all      admin_operations
    /api/health/ready-now            all      admin_operations
    /maintenance/                    reading  admin_operations
    /maintenance/a/b.js              reading  admin_operations
    /health/ready                    reading  admin_operations
    /admin                           all      admin_operations
    /admin/x/y                       all      admin_operations
    /static/x.css                    reading  admin_operations
    /favicon.ico                     reading  admin_operations
    /robots.txt                      reading  admin_operations
    /metrics                         reading  admin_operations
    /login                           all      authentication
    /logout/                         all      authentication
    /logout_all                      all      authentication
    /auth/x                          all      authentication
    /user-management/login           all      authentication
    /user-management/logout          all      authentication
    /start_caption_generation        all      caption_generation
    /api/caption/x                   all      caption_generation
    /caption/x                       writing  caption_generation
    /api/regenerate_caption/7        writing  caption_generation
    /api/jobs/x                      writing  job_creation
    /test_connection/x               writing  platform_operations
    /platform/x                      writing  platform_operations
    /api/platform/x                  writing  platform_operations
    /switch_platform/3               all      platform_operations
    /api/add_platform                writing  platform_operations
    /api/switch_platform/3           writing  platform_operations
    /api/test_platform/3             writing  platform_operations
    /api/edit_platform/3             writing  platform_operations
    /api/delete_platform/3           writing  platform_operations
    /api/approve_and_post/3          writing  platform_operations
    /batch/x                         writing  batch_operations
    /api/batch/x                     writing  batch_operations
    /review/batches/7                writing  batch_operations
    /review/review_batch             writing  batch_operations
    /review_batches                  writing  batch_operations
    /profile/x                       writing  user_data_modification
    /settings/x                      writing  user_data_modification
    /user-management/x               writing  user_data_modification
    /caption_settings/x              writing  user_data_modification
    /gdpr/x                          writing  user_data_modification
    /review/x                        writing  user_data_modification
    /caption/settings                writing  user_data_modification
    /save_caption_settings           writing  user_data_modification
    /api/update_caption/7            writing  user_data_modification
    /user-management/verify-email/x  all      user_data_modification
    /images/x                        writing  image_processing
    /api/image/x                     writing  image_processing
"""
ROWS = [line.split() for line in RULES.strip().splitlines()]


@pytest.mark.parametrize(("path", "methods", "operation"), ROWS, ids=[row[0] for row in ROWS])
def test_the_rule_of_each_endpoint(path: str, methods: str, operation: str) -> None:
    asked = {"all": READING | WRITING | {"BREW"}, "reading": READING, "writing": WRITING}[methods]
    rules = ranked(GUIDES, CATALOGUE)
    assert {method for method in READING | WRITING | {"BREW"} if rule_of(method, path, rules)} == asked
    assert {REGISTRY.of_endpoint(method, path).name for method in asked} == {operation}


def test_how_long_a_path_may_be() -> None:
    assert REGISTRY.of_endpoint("POST", "/admin/" + "x" * 248).name == "admin_operations"
    assert REGISTRY.of_endpoint("POST", "/admin/" + "x" * 249).name == "unknown"


def test_a_path_that_is_not_plain_has_no_rule() -> None:
    rules = ranked(GUIDES, CATALOGUE)
    assert rule_of("POST", "/admin/x", rules) is not None
    assert rule_of("POST", "/admin//x", rules) is None


def test_a_rule_is_the_guides_and_for_all_methods_unless_it_says_otherwise() -> None:
    rule = Endpoint(pattern=re.compile("/x(/.*)?"), operation="unknown")
    assert (rule.methods, rule.own, rule.begins) == (frozenset(), False, "/x")
    with pytest.raises(TypeError):
        Endpoint(pattern=re.compile("/x"), operation="unknown", begins="/")  # type: ignore[call-arg]


def test_the_rules_of_all_methods_are_shown_so() -> None:
    assert "* /admin(/.*)?" in REGISTRY.endpoints_of("admin_operations")


def test_the_applications_own_rule_comes_before_the_guides() -> None:
    mine = OperationRegistry()
    mine.add_endpoint("admin_operations", regex="/profile(/.*)?", methods=tuple(WRITING))
    assert mine.of_endpoint("POST", "/profile").name == "admin_operations"


def test_of_rules_alike_the_stricter_counts_in_one_order() -> None:
    def rule(path: str, operation: str, *methods: str) -> Endpoint:
        return Endpoint(pattern=re.compile(path), operation=operation, methods=frozenset(methods))

    rules = [
        rule("/x", "read_operations", "PUT"),
        rule("/x", "image_processing", "PUT"),
        rule("/x", "batch_operations", "PUT"),
        rule("/x", "batch_operations", "POST"),
        rule("/w", "batch_operations", "PUT"),
    ]
    said = {
        tuple((one.pattern.pattern, one.operation, *one.methods) for one in ranked(some, CATALOGUE))
        for some in permutations(rules)
    }
    assert said == {
        (
            ("/x", "image_processing", "PUT"),
            ("/x", "batch_operations", "PUT"),
            ("/x", "batch_operations", "POST"),
            ("/w", "batch_operations", "PUT"),
            ("/x", "read_operations", "PUT"),
        )
    }
