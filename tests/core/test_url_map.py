"""The routes of the application that the guides are about, as it registers them: method by path by mode by
role.

There the classification was guessed from parts of URLs, and 26 of 36 routes that write passed a normal
window.
"""

from __future__ import annotations

import pytest

from guard.core.modes import Gate
from guard.core.registry import OperationRegistry
from guard.core.requests import decide_request
from guard.core.view import GateView

ADMIN, SIGN_IN, READ = "admin_operations", "authentication", "read_operations"
CAPTION, PLATFORM, BATCH = "caption_generation", "platform_operations", "batch_operations"
DATA, JOBS, IMAGES, UNKNOWN = "user_data_modification", "job_creation", "image_processing", "unknown"

ROUTES = {
    "GET /": READ,
    "GET /index": READ,
    "GET /landing": READ,
    "GET /dashboard": READ,
    "GET /cache-stats": READ,
    "GET /profile": READ,
    "GET /health": ADMIN,
    "GET /health/ready": ADMIN,
    "GET /health/live": ADMIN,
    "GET /metrics": ADMIN,
    "GET /login": SIGN_IN,
    "POST /login": SIGN_IN,
    "GET /logout": SIGN_IN,
    "GET /logout_all": SIGN_IN,
    "GET /first_time_setup": READ,
    "GET /user-management/login": SIGN_IN,
    "POST /user-management/login": SIGN_IN,
    "GET /user-management/logout": SIGN_IN,
    "GET /user-management/register": READ,
    "POST /user-management/register": DATA,
    "GET /user-management/forgot-password": READ,
    "POST /user-management/forgot-password": DATA,
    "GET /user-management/get-anonymous-notifications": READ,
    "POST /user-management/resend-verification": DATA,
    "GET /user-management/verify-email/tOkEn": DATA,
    "GET /user-management/reset-password/tOkEn": READ,
    "POST /user-management/reset-password/tOkEn": DATA,
    "GET /user-management/change-password": READ,
    "POST /user-management/change-password": DATA,
    "GET /user-management/delete_profile": READ,
    "POST /user-management/delete_profile": DATA,
    "GET /user-management/profile": READ,
    "POST /user-management/profile": DATA,
    "GET /user-management/profile/export": READ,
    "GET /gdpr/data-export": READ,
    "POST /gdpr/data-export": DATA,
    "GET /gdpr/data-rectification": READ,
    "POST /gdpr/data-rectification": DATA,
    "GET /gdpr/data-erasure": READ,
    "POST /gdpr/data-erasure": DATA,
    "POST /gdpr/consent-management": DATA,
    "POST /gdpr/privacy-request": DATA,
    "POST /gdpr/compliance-report": DATA,
    "POST /gdpr/data-portability": DATA,
    "GET /gdpr/privacy-policy": READ,
    "GET /gdpr/rights-overview": READ,
    "GET /platform/management": READ,
    "GET /caption/generation": READ,
    "POST /caption/start": CAPTION,
    "POST /start_caption_generation": CAPTION,
    "GET /caption/api/status/7": READ,
    "POST /caption/api/cancel/7": CAPTION,
    "GET /caption/settings": READ,
    "POST /caption/settings": DATA,
    "GET /caption_settings": READ,
    "POST /save_caption_settings": DATA,
    "GET /review/": READ,
    "GET /review": READ,
    "GET /review/5": READ,
    "POST /review/5": DATA,
    "GET /review/batch": READ,
    "POST /review/batch": BATCH,
    "GET /review/review_batches": READ,
    "GET /review/review_batch/3": READ,
    "POST /review/review_batch/3": BATCH,
    "GET /review_list": READ,
    "GET /review_batches": READ,
    "GET /post_approved": READ,
    "GET /api/session/state": READ,
    "GET /api/csrf-token": READ,
    "POST /api/session/cleanup": UNKNOWN,
    "POST /api/csp-report": UNKNOWN,
    "POST /api/update_caption/5": DATA,
    "POST /api/approve_and_post/5": PLATFORM,
    "POST /api/regenerate_caption/5": CAPTION,
    "POST /api/add_platform": PLATFORM,
    "POST /api/switch_platform/2": PLATFORM,
    "POST /api/test_platform/2": PLATFORM,
    "GET /api/get_platform/2": READ,
    "PUT /api/edit_platform/2": PLATFORM,
    "DELETE /api/delete_platform/2": PLATFORM,
    "GET /switch_platform/2": PLATFORM,
    "GET /api/maintenance/status": ADMIN,
    "POST /api/maintenance/disable": ADMIN,
    "GET /api/health/maintenance": ADMIN,
    "GET /maintenance": ADMIN,
    "GET /maintenance/banner.js": ADMIN,
    "GET /maintenance/assets/public.css": ADMIN,
    "GET /api/websocket/client-config": READ,
    "POST /api/websocket/validate-origin": UNKNOWN,
    "POST /api/notifications/page/register": UNKNOWN,
    "GET /api/notifications/page/status/x": READ,
    "POST /api/jobs/7": JOBS,
    "POST /api/batch/run": BATCH,
    "POST /images/7/optimize": IMAGES,
    "GET /images/a/b.png": READ,
    "GET /static/js/app.js": ADMIN,
    "GET /favicon.ico": ADMIN,
    "GET /robots.txt": ADMIN,
    "GET /websocket-test": READ,
    "GET /admin/": ADMIN,
    "GET /admin/api/jobs/active": ADMIN,
    "DELETE /admin/api/users/delete": ADMIN,
    "POST /admin/api/maintenance-mode/enable": ADMIN,
}

BLOCKED = {
    # mode: (for users, for admins)
    "OPEN": ((), ()),
    "TEST": ((), ()),
    "NORMAL": (
        (CAPTION, JOBS, PLATFORM, BATCH, DATA, IMAGES, UNKNOWN),
        (CAPTION, JOBS, BATCH, IMAGES),
    ),
    "EMERGENCY": (
        (CAPTION, JOBS, PLATFORM, BATCH, DATA, IMAGES, UNKNOWN, READ),
        (CAPTION, JOBS, PLATFORM, BATCH, DATA, IMAGES, UNKNOWN),
    ),
}
REGISTRY = OperationRegistry()


@pytest.mark.parametrize(("route", "operation"), ROUTES.items(), ids=list(ROUTES))
def test_every_route_by_mode_and_role(route: str, operation: str) -> None:
    method, path = route.split(" ", 1)
    kind = REGISTRY.of_endpoint(method, path)
    assert kind.name == operation
    for mode, blocked in BLOCKED.items():
        for role, admin in enumerate((False, True)):
            view = GateView(gate=Gate[mode])
            allowed = decide_request(kind, view, admin=admin, bypass=False, now=0).allowed
            assert allowed == (operation not in blocked[role]), (mode, "admin" if admin else "user")


def test_no_route_that_writes_passes_a_normal_window_but_the_way_out() -> None:
    passing = [
        route
        for route in ROUTES
        if not route.startswith("GET ")
        and not REGISTRY.of_endpoint(*route.split(" ", 1)).guarded
        and not route.split(" ")[1].startswith(("/admin/", "/api/maintenance/"))
    ]
    assert passing == ["POST /login", "POST /user-management/login"]


@pytest.mark.parametrize(
    ("route", "operation"),
    [
        ("HEAD /profile", READ),
        ("OPTIONS /api/jobs", READ),
        ("HEAD /health", ADMIN),
        ("PATCH /health", UNKNOWN),
    ],
)
def test_other_methods(route: str, operation: str) -> None:
    assert REGISTRY.of_endpoint(*route.split(" ", 1)).name == operation
