"""Which operation a request belongs to, and that tricks with a path never let it through."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.operations import CATALOGUE
from guard.core.registry import OperationRegistry
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
