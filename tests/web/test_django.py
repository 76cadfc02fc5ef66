"""The middleware of Django without a server: who asks, pages, what a view declares, and no guard at all."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.processes import LocalProcess

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.valkey import Valkey

# Django is set up once for a process, and makes its app the default one of all threads: not in this one.
PRELUDE = """
import sys
import django
from celery import Celery
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory
import guard
settings.configure(SECRET_KEY="x", ALLOWED_HOSTS=["*"], INSTALLED_APPS=[], TEMPLATES=[])
django.setup()
app = Celery("site", broker=sys.argv[1])
app.set_default()
"""


def run(code: str, folder: Path, *argv: str) -> str:
    environ = {
        "DATABASE_URL": f"sqlite:///{folder / 'guard.db'}",
        "GUARD_LEASE_SECONDS": "2",
        "GUARD_RENEW_SECONDS": "0.4",
        "GUARD_TIMEOUT_SECONDS": "0.3",
        "GUARD_LOCAL_CLOSE_FILE": str(folder / "closed"),
        "PYTHONPATH": ":".join(sys.path),
    }
    script = [sys.executable, "-W", "ignore", "-c", PRELUDE + code, *argv]
    with LocalProcess("django", script, workdir=folder, env=environ) as process:
        process.wait(60)
        assert process.returncode == 0, process.log
        return process.log


ASKS = """
maintenance = guard.install(app)
from guard.web.django import MaintenanceMiddleware, guarded

@guarded("caption_generation")
def caption(request):
    return HttpResponse("made")

class Somebody:
    is_authenticated = True
    def __init__(self, name):
        self.name, self.is_superuser = name, name == "boss"
    def get_username(self):
        return self.name

class Away:
    @property
    def is_authenticated(self):
        raise OSError("the database is away")

middleware = MaintenanceMiddleware(lambda request: HttpResponse("served"))
ask = RequestFactory()

def said(request, view=None, user=None):
    if user is not None:
        request.user = user
    answer = middleware.process_view(request, view or (lambda request: None), (), {})
    return answer.status_code if answer is not None else None

assert said(ask.post("/basket")) is None
maintenance.enable(reason="Umzug <b>der</b> Bilder", by="me", mode="test")
assert said(ask.post("/basket")) is None
maintenance.disable(by="me")
maintenance.enable(reason="Umzug <b>der</b> Bilder", by="me")
assert said(ask.post("/basket")) == 503
assert said(ask.get("/basket")) is None
assert said(ask.get("/caption"), caption) == 503
assert said(ask.post("/basket"), user=Somebody("ann")) == 503
assert said(ask.post("/basket"), user=Somebody("boss")) is None
assert said(ask.get("/caption"), caption, user=Somebody("boss")) == 503
assert said(ask.post("/basket"), user=Away()) == 503

page = middleware.process_view(ask.post("/basket", headers={"accept": "text/html"}), None, (), {})
text = page.content.decode()
assert "<h1>Service Temporarily Unavailable</h1>" in text and "Umzug &lt;b&gt;der" in text, text
assert page["Content-Type"].startswith("text/html") and page["Retry-After"]
assert middleware.process_exception(ask.get("/"), ValueError()) is None
assert "flask" not in sys.modules
print(maintenance.attempts.of(maintenance.status().window_id).total)
maintenance.disable(by="me")
maintenance.close()
"""


def test_requests_are_asked_about(valkey: Valkey, tmp_path: Path) -> None:
    said = run(ASKS, tmp_path, valkey.broker_url(valkey.fresh_db()))
    assert "6" in said.splitlines(), said


@pytest.mark.parametrize("switched_off", [True, False])
def test_without_a_guard_django_does_not_begin(tmp_path: Path, *, switched_off: bool) -> None:
    code = (
        "from guard.web.django import MaintenanceMiddleware\nfrom django.core.exceptions import *\n"
        "try:\n    MaintenanceMiddleware(None)\nexcept ImproperlyConfigured as error:\n    print(error)\n"
    )
    install = (
        "guard.install(app, guard.load_settings({'MAINTENANCE_MODE_ENABLED': 'false'}))\n"
        if switched_off
        else ""
    )
    said = run(install + code, tmp_path, "memory://")
    assert ("has no guard. Call guard.install(app)" in said) is not switched_off, said
