"""What the guard relies on inside Flower, and that nobody else loads Flower."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


def test_the_flower_that_is_known_is_here() -> None:
    assert version("flower").startswith("2.2.")


def test_what_join_changes_is_what_flower_uses() -> None:
    code = """
import flower.app, flower.command, flower.events, flower.urls
from flower.events import EventsState
from prometheus_client import REGISTRY
from flower.views import monitor
before = EventsState.event
import guard.flower
guard.flower.come_up(); guard.flower.come_up()
assert flower.app.default_handlers is flower.urls.handlers
assert flower.command.settings is flower.urls.settings
assert monitor.prometheus_client.REGISTRY is REGISTRY
assert EventsState.event is not before
names = [getattr(handler, "name", None) for handler in flower.urls.handlers]
assert names.count("maintenance") == 1 and names[0] == "maintenance", names
loader = flower.urls.settings["template_loader"]
navbar = loader.load("navbar.html")
for name in ("maintenance.html", "maintenance_now.html", "base.html", "workers.html"):
    loader.load(name)
print("joined")
"""
    assert run(code) == "joined"


@pytest.mark.parametrize(
    "break_it",
    [
        "import guard.flower.inside as inside; inside.version = lambda name: '2.3.0'",
        "import guard.flower.inside as inside, re; inside._AFTER_BROKER = re.compile(b'moved away')",
    ],
    ids=["another release", "another navigation"],
)
def test_a_flower_that_is_not_known_is_left_as_it_is(break_it: str) -> None:
    code = f"""
import flower.urls
from flower.events import EventsState
before = (len(flower.urls.handlers), dict(flower.urls.settings), EventsState.event)
{break_it}
try:
    inside.join()
except inside.FlowerUnknown as error:
    assert (len(flower.urls.handlers), dict(flower.urls.settings), EventsState.event) == before
    print("left")
"""
    assert run(code) == "left"


def test_a_worker_or_script_loads_nothing_of_flower() -> None:
    code = """
import os, sys
os.environ |= {"SHOP_BROKER": "memory://", "SHOP_BACKEND": "cache+memory://", "SHOP_JOURNAL": "/dev/null"}
import tests.acceptance.shop
print(sorted({"flower", "tornado", "guard.flower", "prometheus_client"} & set(sys.modules)))
"""
    assert run(code) == "[]"


@pytest.mark.parametrize(("command", "comes_up"), [("flower", "True"), ("report", "False")])
def test_only_the_command_that_shows_it_brings_it_up(command: str, comes_up: str) -> None:
    """Celery's command line itself loads every package that adds a command to it, also Flower's command."""
    code = f"""
import os, sys
os.environ |= {{"SHOP_BROKER": "memory://", "SHOP_BACKEND": "cache+memory://", "SHOP_JOURNAL": "/dev/null"}}
from celery.bin.celery import celery
import flower.command
flower.command.flower.callback = lambda *_, **__: None
try:
    celery(["-A", "tests.acceptance.shop", {command!r}], standalone_mode=False)
finally:
    print("guard.flower" in sys.modules)
"""
    assert run(code).splitlines()[-1] == comes_up


def test_only_this_face_knows_flower() -> None:
    words = ("import flower", "from flower", "import tornado", "from tornado")
    elsewhere = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "guard").rglob("*.py")
        if path.parent.name != "flower"
        and any(line.strip().startswith(words) for line in path.read_text("utf-8").splitlines())
    ]
    assert elsewhere == []
