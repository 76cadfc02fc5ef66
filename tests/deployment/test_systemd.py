"""The systemd units: systemd itself has no complaint, and they are true to what a guard needs."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from tasks import config
from tests.deployment.command_lines import read_command_line
from tests.deployment.places import COMPOSE, SYSTEMD
from tests.deployment.settings_names import unknown
from tests.deployment.units import SERVICES, unit
from tests.support.require import require_binary

if TYPE_CHECKING:
    from pathlib import Path

INSTALLED = "/opt/celery-guard/bin/celery"
MOST_EXPOSED = 1.5
"""Of 10, by `systemd-analyze security`: what is left is that they use the network and see /proc."""
POOL_ENDS_WITHIN = 15
LASTING = tuple(name for name in SERVICES if "migrate" not in name)
IN_COMPOSE = {"worker@": "worker-1"}
OF_ITS_OWN = (
    *("--hostname", "--concurrency", "--schedule", "--conf", "--host", "--address"),
    *("0.0.0.0", "127.0.0.1", "--behind-tls"),  # noqa: S104 - looked for, not bound
)
"""What one host has otherwise than a container."""
each = pytest.mark.parametrize("name", SERVICES)
each_lasting = pytest.mark.parametrize("name", LASTING)


def _short(name: str) -> str:
    return name.removeprefix("celery-guard-").removesuffix(".service")


def _compose(name: str) -> dict:
    return yaml.safe_load(COMPOSE.read_text())["services"][IN_COMPOSE.get(_short(name), _short(name))]


@pytest.fixture(scope="module")
def units(tmp_path_factory) -> Path:
    """The units, with a program that is there: `verify` looks for it."""
    folder = tmp_path_factory.mktemp("units") / "systemd"
    shutil.copytree(SYSTEMD, folder)
    for path in folder.glob("*.service"):
        path.write_text(path.read_text().replace(INSTALLED, "/bin/true"))
    return folder


def _analyze(units: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SYSTEMD_UNIT_PATH": f"{units}:", "SYSTEMD_COLORS": "0"}
    argv = [str(require_binary("systemd-analyze")), *words]
    return subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60)


def _names() -> list[str]:
    return ["celery-guard.target", *(name.replace("@.", "@1.") for name in SERVICES)]


def test_systemd_has_no_complaint(units):
    ran = _analyze(units, "verify", "--man=no", *(str(units / name) for name in _names()))
    ours = [line for line in ran.stderr.splitlines() if "celery-guard" in line or str(units) in line]
    assert ran.returncode == 0
    assert not ours


def test_systemd_would_complain(units, tmp_path):
    broken = tmp_path / "systemd"
    shutil.copytree(units, broken)
    path = broken / "celery-guard-beat.service"
    path.write_text(path.read_text().replace("TimeoutStopSec=", "TimoutStopSec="))
    assert "TimoutStopSec" in _analyze(broken, "verify", "--man=no", str(path)).stderr


def test_the_services_are_hardened(units):
    ran = _analyze(
        units,
        *("security", "--offline=true", f"--threshold={MOST_EXPOSED * 10:.0f}"),
        *(str(units / name.replace("@.", "@1.")) for name in SERVICES),
    )
    overall = [line for line in ran.stdout.splitlines() if "Overall exposure" in line]
    assert ran.returncode == 0, overall
    assert len(overall) == len(SERVICES)


@each
def test_the_command_line_is_one(name):
    program, dash, app, *words = unit(name).command
    assert (program, dash, app) == (INSTALLED, "-A", "${APP}")
    assert read_command_line([word.replace("%%", "%").replace("%i", "1") for word in words])


@each
def test_the_queues_and_options_are_those_of_compose(name):
    mine = [word for word in unit(name).command[3:] if not word.startswith(OF_ITS_OWN)]
    theirs = [word for word in _compose(name)["command"] if not word.startswith(OF_ITS_OWN)]
    assert mine == theirs


@each
def test_every_setting_is_one(name, tmp_path):
    assert not unknown(set(unit(name).environment(tmp_path)))


def test_the_example_of_settings_has_settings():
    lines = (SYSTEMD / "environment.example").read_text().splitlines()
    assert not unknown({line.partition("=")[0] for line in lines if line and not line.startswith("#")})


@each
def test_every_secret_is_a_credential(name, tmp_path):
    one = unit(name)
    named = {
        value
        for key, value in one.environment(tmp_path).items()
        if key.endswith("_FILE") and str(tmp_path) in value
    }
    assert named == {str(tmp_path / credential) for credential in one.credentials}
    for credential, path in one.credentials.items():
        assert path == f"/etc/celery-guard/secrets/{credential}"
        assert credential in yaml.safe_load(COMPOSE.read_text())["secrets"]


@each_lasting
def test_stopping_is_gentle_and_long_enough(name):
    from one_host.durations import seconds

    one = unit(name)
    assert (one.one("KillMode"), one.one("KillSignal")) == ("mixed", "SIGTERM")
    assert int(one.one("TimeoutStopSec")) >= seconds(_compose(name).get("stop_grace_period"), 10)
    if "worker" in name:
        assert int(one.one("TimeoutStopSec")) >= config.task_time_limit + POOL_ENDS_WITHIN


@each_lasting
def test_it_comes_back_and_comes_after_the_tables(name):
    one = unit(name)
    assert one.one("Restart") == "always"
    assert one.one("StartLimitIntervalSec") == "0"
    assert "celery-guard-migrate.service" in one.all("After")
    assert "celery-guard-migrate.service" in one.all("Wants")
    # Celery tells systemd neither that it is ready nor that it lives: a watchdog would kill a healthy process
    assert one.one("Type") == "exec"
    assert not one.one("WatchdogSec")


def test_the_target_wants_every_service():
    wanted = (SYSTEMD / "celery-guard.target").read_text()
    for name in LASTING:
        assert name.replace("@.", "@1.") in wanted


def test_the_tables_are_made_once_and_by_themselves():
    one = unit("celery-guard-migrate.service")
    assert (one.one("Type"), one.one("RemainAfterExit"), one.one("Restart")) == ("oneshot", "yes", "")
