"""The document is true: schemathesis asks the running server everything that it says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from guard.core import rates
from guard.core.rates import Rate
from guard.web.api.openapi import document
from guard.web.api.routes import ROUTES
from tests.web_api.serving import served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web_api.site import Site

FEW, MANY = 2, 80
NOT_ASKED = [
    positive_data_acceptance,  # what only the guard can tell is 422, which each operation documents
    ignored_auth,  # asks without credentials by itself: one of our callers has none, and cookies count too
]


@pytest.fixture
def address(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for kind in ("public", "read", "change", "wrong token"):
        monkeypatch.setitem(rates.RATES, kind, Rate(limit=1_000_000, seconds=60))
    site.enable(mode="test")  # the registry is older than a lease from now on: no later window waits for it
    with served(site.flask) as where:
        yield where
        site.standing.close()


def ask_everything(site: Site, address: str, examples: int) -> int:
    """Each operation with so many made-up requests, right and wrong ones; how many were sent."""
    schema = schemathesis.openapi.from_url(f"{address}/api/maintenance/openapi.json")
    schema = schema.exclude(path="/api/maintenance/events")  # it does not end; test_live has it
    callers = [site.bearer("admin"), site.page("admin", stepped_up=True), {}]
    sent = 0

    def ask(operation: Any, headers: dict[str, str]) -> None:
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        @given(case=operation.as_strategy())
        def one(case: Any) -> None:
            nonlocal sent
            sent += 1
            told = {name: value for name, value in (case.headers or {}).items() if name != "X-CSRF-Token"}
            case.headers = {**told, **headers}
            case.cookies = {}
            case.validate_response(case.call(), excluded_checks=NOT_ASKED)

        one()

    for result in schema.get_all_operations():
        for headers in callers:
            ask(result.ok(), headers)
    return sent


def test_the_document_is_true(site: Site, address: str) -> None:
    assert ask_everything(site, address, FEW) >= (len(ROUTES) - 1) * 3


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_document_is_true_for_long(site: Site, address: str) -> None:
    assert ask_everything(site, address, MANY) > 1000


def test_the_document_has_every_route_and_only_those() -> None:
    told = {
        (method.upper(), path, operation["operationId"])
        for path, operations in document(ROUTES)["paths"].items()
        for method, operation in operations.items()
    }
    made = {
        (route.method, "/api" + route.path.replace("<", "{").replace(">", "}"), route.name)
        for route in ROUTES
    }
    assert told == made


def test_the_document_is_plain_json_and_says_who_may() -> None:
    text = json.dumps(document(ROUTES))
    assert json.loads(text) == document(ROUTES)
    for path, operations in document(ROUTES)["paths"].items():
        for operation in operations.values():
            public = operation["security"] == [{}]
            assert public != ("401" in operation["responses"]), path
            assert "500" in operation["responses"]
