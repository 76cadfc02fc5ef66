"""`docker/compose.yaml` and what it mounts: checked without a Docker engine."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.fernet import Fernet

from beat_schedule import TIMETABLE
from guard.settings import load_settings
from guard.settings.model import Settings
from guard.settings.read import SECRETS
from tasks import config
from tasks.settings import JobSettings
from tests.metrics.test_rules import promtool

DOCKER = Path(__file__).parents[2] / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
LASTING = sorted(SERVICES.keys() - {"migrate"})
NAMES = {
    *("mariadb", "redis", "rabbitmq", "migrate", "worker-1", "worker-2", "worker-maintenance", "beat"),
    *("web", "flower", "prometheus"),
}
VARIABLE = re.compile(r"\$\{([A-Z_]+)(:?-)([^}]*)\}")


def seconds(duration: str) -> int:
    number, unit = int(duration[:-1]), duration[-1]
    return number * {"s": 1, "m": 60, "h": 3600}[unit]


def filled(text: str, given: dict[str, str] | None = None) -> str:
    """A text as Compose fills it in."""
    given = given or {}
    return VARIABLE.sub(lambda found: given.get(found[1], "") or found[3], text)


def environment(service: str) -> dict[str, str]:
    return {name: filled(str(value)) for name, value in SERVICES[service].get("environment", {}).items()}


def in_path(program: str) -> str:
    """A lint's program, which pip puts beside Python."""
    beside = Path(sys.executable).with_name(program)
    found = str(beside) if beside.exists() else shutil.which(program)
    if found is None:
        if os.environ.get("GUARD_REQUIRE_SERVERS"):
            pytest.fail(f"{program} is missing: pip install -e '.[test]'")
        pytest.skip(f"NOT TESTED: no {program}")
    return found


def run(*words: str | Path) -> None:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_compose_file_follows_the_specification() -> None:
    schema = "vendor.compose-spec"
    run(in_path("check-jsonschema"), "--builtin-schema", schema, DOCKER / "compose.yaml")


def test_the_dockerfile_is_as_it_should_be() -> None:
    # DL3013: what is installed is the one wheel built before it, from no index.
    run(in_path("hadolint"), "--ignore", "DL3013", DOCKER / "Dockerfile")


def test_prometheus_can_read_its_configuration() -> None:
    run(promtool(), "check", "config", DOCKER / "prometheus" / "prometheus.yml")


def test_all_services_are_there() -> None:
    assert SERVICES.keys() == NAMES
    assert len({str(service["build"]) for service in OURS.values()}) == 1


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_setting_is_one_and_is_valid(name: str, tmp_path: Path) -> None:
    known = {field.upper() for field in [*Settings.__dataclass_fields__, *JobSettings.model_fields]}
    known |= {f"{secret}_FILE" for secret in SECRETS} | {"FLOWER_BASIC_AUTH_FILE"}
    given = environment(name)
    assert given.keys() <= known
    subprocess.run(["sh", DOCKER / "make_secrets", tmp_path / "s"], check=True, capture_output=True)
    here = {key: value.replace("/run/secrets", str(tmp_path / "s")) for key, value in given.items()}
    settings = load_settings(here)
    assert settings.database_url.startswith("mysql+pymysql://guard:")
    assert settings.secret is not None
    assert len(settings.encryption_keys) == 1


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_secrets_are_files_and_nothing_else(name: str) -> None:
    mounted = {one if isinstance(one, str) else one["source"] for one in SERVICES[name].get("secrets", [])}
    assert mounted <= COMPOSE["secrets"].keys()
    for variable, value in environment(name).items():
        assert variable not in SECRETS, f"{variable} would be in `docker inspect`"
        assert "://" not in value
        if variable.endswith("_FILE"):
            folder, _, secret = value.rpartition("/")
            assert (folder, secret in mounted) == ("/run/secrets", True), variable


@pytest.mark.parametrize("name", LASTING)
def test_every_service_that_lasts_has_a_health_check_and_comes_back(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    if name in OURS:
        assert service["healthcheck"]["test"][1:4] == ["python", "-m", "guard.alive"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_it_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "mem_limit" in service
    assert "privileged" not in service
    for port in service.get("ports", []):
        assert port.startswith("127.0.0.1:")
        assert name in {"web", "flower", "prometheus"}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_it_starts_after_what_it_needs(name: str) -> None:
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        if how["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[needed]
        else:
            assert (needed, how["condition"]) == ("migrate", "service_completed_successfully")


def test_only_the_front_leads_out() -> None:
    assert COMPOSE["networks"]["back"] == {"internal": True}
    fronted = {name for name, service in SERVICES.items() if "front" in service["networks"]}
    assert fronted == {"web", "flower", "prometheus", "worker-maintenance"}


def test_the_queues_are_all_served_and_the_maintenance_queue_by_its_worker_alone() -> None:
    served = {
        name: set(word.removeprefix("--queues=").split(","))
        for name, service in SERVICES.items()
        for word in service.get("command", [])
        if word.startswith("--queues=")
    }
    declared = {queue.name for queue in config.task_queues}
    assert served.pop("worker-maintenance") == {"maintenance"}
    assert served == {"worker-1": declared - {"maintenance"}, "worker-2": declared - {"maintenance"}}


@pytest.mark.parametrize("name", sorted(name for name in OURS if name.startswith("worker")))
def test_a_worker_may_end_its_job_and_its_emergency(name: str) -> None:
    """Warm shutdown waits for the longest job; the ladder of an emergency ends 2.5 s after its grace."""
    given = seconds(SERVICES[name]["stop_grace_period"])
    assert SERVICES[name]["stop_signal"] == "SIGTERM"
    longest_grace = 300
    with pytest.raises(Exception, match="EMERGENCY_MODE_JOB_GRACE_PERIOD"):
        load_settings({"EMERGENCY_MODE_JOB_GRACE_PERIOD": str(longest_grace + 1)})
    assert given > max(config.task_time_limit, longest_grace + 2.5) + 10


def test_rabbitmq_lets_the_longest_job_and_the_next_one_end() -> None:
    text = (DOCKER / "rabbitmq.conf").read_text("utf-8")
    (found,) = re.findall(r"^consumer_timeout = (\d+)$", text, re.MULTILINE)
    longest = max([config.task_time_limit, *(row.limit or 0 for row in TIMETABLE)])
    assert int(found) / 1000 >= 2 * longest


def test_what_is_mounted_is_there() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (DOCKER / source).exists() if source.startswith("./") else source in COMPOSE["volumes"]


def test_images_are_pinned() -> None:
    base = re.search(r"^ARG PYTHON_IMAGE=(\S+)$", (DOCKER / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert base is not None
    foreign = [service["image"] for name, service in SERVICES.items() if name not in OURS]
    for image in [base[1], *foreign]:
        assert re.search(r":v?\d+\.\d+\.\d+", image), image


def test_the_example_of_settings_names_each_with_its_default() -> None:
    text = (DOCKER / ".env.example").read_text("utf-8")
    listed = dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))
    found = VARIABLE.findall((DOCKER / "compose.yaml").read_text("utf-8"))
    assert listed == {name: default for name, _, default in found}


def secrets_in(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in folder.iterdir()}


def test_secrets_are_made_once_and_go_together(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    command = ["sh", DOCKER / "make_secrets", folder]
    for _ in range(2):
        subprocess.run(command, check=True, capture_output=True)
        if "first" not in locals():
            first = secrets_in(folder)
    assert secrets_in(folder) == first
    assert first.keys() == COMPOSE["secrets"].keys()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o444}
    assert first["mariadb_password"].strip() in first["database_url"]
    assert re.search(r"default_pass = (\w{48})\n", first["rabbitmq_user"])[1] in first["celery_broker_url"]  # type: ignore[index]
    Fernet(first["guard_encryption_keys"].strip())
    assert "SHA256" not in first["redis_users"]
    assert len(set(re.findall(r"\b[0-9a-f]{48}\b", json.dumps(first)))) == 8

    (folder / "redis_users").unlink()
    (folder / "guard_secret_key").chmod(0o644)
    (folder / "guard_secret_key").write_text("of the operator's own\n", "utf-8")
    subprocess.run(command, check=True, capture_output=True)
    assert secrets_in(folder) == {**first, "guard_secret_key": "of the operator's own\n"}


def test_the_context_of_the_image_is_what_it_is_made_of() -> None:
    """`.dockerignore` lets through what the Dockerfile copies, and no secrets."""
    lines = (DOCKER.parent / ".dockerignore").read_text("utf-8").splitlines()
    allowed = {line[1:].rstrip("/") for line in lines if line.startswith("!")}
    assert "*" in lines
    copied = re.findall(r"^COPY (.+) \S+$", (DOCKER / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert allowed == {name for words in copied for name in words.split()}
