"""What everybody may see: the status page, its data, the banner."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, render_template_string
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

from guard.errors import MaintenanceActive, StateUnknown
from guard.web.refusal import Refusals
from guard.web.serving import make_site

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.web.conftest import Gallery

FIELDS = {
    "is_active",
    "mode",
    "reason",
    "estimated_duration",
    "started_at",
    "estimated_completion",
    "blocked_operations",
    "active_jobs_count",
    "message",
    "epoch",
    "standing",
}


def test_with_no_window_all_is_well(gallery: Gallery) -> None:
    page = gallery.client().get("/maintenance")
    assert (page.status_code, "All systems operational" in page.text) == (200, True)
    assert "Not available" not in page.text
    data = gallery.client().get("/maintenance/status.json").json
    assert data is not None
    assert data.keys() == FIELDS
    assert (data["is_active"], data["mode"], data["blocked_operations"]) == (False, "normal", [])


@pytest.mark.parametrize("mode", ["normal", "emergency"])
def test_in_a_window_it_says_what_why_and_until_when(gallery: Gallery, mode: str) -> None:
    gallery.close(mode, duration=1800)
    client = gallery.client()
    page = client.get("/maintenance").text
    for text in ("Umzug &lt;b&gt;der&lt;/b&gt; Bilder", "Caption generation", "Not available", "Still works"):
        assert text in page
    assert ("Reading and browsing" in page.split("Still works")[0]) == (mode == "emergency")
    assert "<b>" not in page
    data = client.get("/maintenance/status.json").json
    assert data is not None
    assert (data["standing"], data["estimated_duration"], data["is_active"]) == (mode, 1800, True)
    assert "ops" not in page
    assert "ops" not in str(data)


def test_it_changes_nothing_and_loads_nothing_from_elsewhere(gallery: Gallery) -> None:
    client = gallery.client()
    for path in ("/maintenance", "/maintenance/status.json", "/maintenance/banner.js"):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert client.open(path, method=method).status_code == 405
    for path in ("", "/banner.js", "/assets/public.css", "/assets/banner.css", "/assets/status.js"):
        with client.get(f"/maintenance{path}") as answer:
            assert answer.status_code == 200
            assert "://" not in answer.text
    page = client.get("/maintenance")
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert " style=" not in page.text
    assert " onclick" not in page.text


def test_the_banner_of_a_template_says_so_without_a_script(gallery: Gallery) -> None:
    with gallery.app.test_request_context("/"):
        calm = render_template_string("{{ maintenance_banner() }}")
    assert "hidden" in calm
    assert "banner.js" in calm
    gallery.close()
    with gallery.app.test_request_context("/"):
        loud = render_template_string("{{ maintenance_banner() }}")
    assert "System maintenance in progress" in loud
    assert "&lt;b&gt;der&lt;/b&gt;" in loud
    assert "hidden" not in loud


def test_what_the_application_adds_to_its_pages_is_not_in_ours(make_gallery: Callable[..., Gallery]) -> None:
    """It may ask a database that is being maintained."""
    gallery = make_gallery()

    @gallery.app.context_processor
    def add() -> dict[str, object]:
        raise OSError("the application's database is away")

    gallery.close("emergency")
    client = gallery.client()
    refused = client.get("/", headers={"Accept": "text/html"})
    assert (refused.status_code, "Umzug" in refused.text) == (503, True)
    page = client.get("/maintenance")
    assert (page.status_code, "Emergency maintenance in progress" in page.text) == (200, True)


def test_a_refusal_while_nobody_knows_the_state_is_not_that_of_a_moment_before(gallery: Gallery) -> None:
    refusals = Refusals(gallery.guard)
    terms: dict[str, Any] = {"operation": "job_creation", "reason": "", "retry_after": 5, "epoch": 7}
    known = MaintenanceActive("not now", mode="normal", **terms)
    unknown = StateUnknown("not now", mode=None, **terms)
    told = [json.loads(refusals.document(error, "/"))["mode"] for error in (known, unknown)]
    assert told == ["normal", None]


def test_the_site_below_a_prefix_leads_nobody_out_of_it(gallery: Gallery) -> None:
    mounted = Client(DispatcherMiddleware(Flask("root"), {"/tools": make_site(gallery.guard)}))
    assert mounted.get("/tools/").headers["Location"] == "/tools/admin/maintenance/"
    asked = mounted.get("/tools/admin/maintenance/jobs?id=1").headers["Location"]
    assert asked.startswith("/tools/admin/maintenance/sign-in?")
    assert 'value="/tools/admin/maintenance/jobs?id=1"' in mounted.get(asked).text
    assert "evil" not in mounted.get("/tools/admin/maintenance/sign-in?next=//evil.example/").text
