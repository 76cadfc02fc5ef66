"""`docker/one_host` on a small compose file: the order, the environment, and that nothing outlives it."""

from __future__ import annotations

import signal
import subprocess
import urllib.request

import pytest

from tests.deployment.one_host import OneHost, left
from tests.deployment.places import FIXTURES
from tests.support.eventually import eventually

SMALL = FIXTURES / "small.yaml"


@pytest.fixture
def host(tmp_path):
    with OneHost(tmp_path, "--compose", SMALL, "--json") as started:
        eventually(lambda: started.document, within=20, what="all services to be up")
        yield started


def _order(log: str, word: str) -> list[str]:
    rows = (line.split() for line in log.splitlines())
    return [row[2] for row in rows if len(row) > 3 and row[1] == "s" and row[3] == word]


def test_order_environment_and_an_orderly_end(host):
    found = host.document
    assert {name: one["state"] for name, one in found.items()} == {
        "redis": "healthy",
        "migrate": "done",
        "web": "healthy",
    }
    assert _order(host.log, "starting") == ["redis", "migrate", "web"]
    # the command saw this host's addresses and folders under the container's names
    told = next((host.folder / "volumes").glob("migrate-tmp/done")).read_text()
    assert told == f"redis://{found['redis']['address']}:6379/0"
    with urllib.request.urlopen(f"http://{found['web']['address']}:8080/", timeout=5) as answer:
        assert answer.status == 200
    runner = host.folder / "services/migrate/bin/exec"
    beside = subprocess.run([runner, "sh", "-c", "echo $REDIS_URL"], capture_output=True, text=True)
    assert beside.stdout.strip() == told
    processes = host.descendants()
    host.signal(signal.SIGTERM)
    assert host.wait(20) == 128 + signal.SIGTERM
    assert _order(host.log, "stopping") == ["web", "redis"]
    assert _order(host.log, "ended") == ["web", "redis"]
    assert not left(processes)


def test_nothing_outlives_its_sigkill(host):
    processes = host.descendants()
    assert len(processes) >= 2
    host.signal(signal.SIGKILL)
    host.wait(10)
    eventually(lambda: not left(processes), within=10, what="all services to be gone")


def test_a_service_that_does_not_get_well_ends_all_with_its_log(tmp_path):
    broken = tmp_path / "compose.yaml"
    broken.write_text(SMALL.read_text().replace("write(os.environ['REDIS_URL'])", "write(1)"))
    (tmp_path / "redis.conf").write_bytes((FIXTURES / "redis.conf").read_bytes())
    with OneHost(tmp_path, "--compose", broken) as host:
        assert host.wait(30) == 3
        assert "migrate: it ended by itself with exit code 1" in host.log
        assert "TypeError" in host.log
        assert _order(host.log, "ended") == ["redis"]


def test_a_server_that_is_not_installed_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    compose = tmp_path / "compose.yaml"
    compose.write_text(
        "services: {prometheus: {image: prometheus}, web: {build: ., depends_on: [prometheus]}}"
    )
    with OneHost(tmp_path, "--compose", compose) as host:
        assert host.wait(30) == 3
        assert "prometheus: prometheus is not installed here; needed by web" in host.log.replace("\n", " ")


@pytest.mark.slow
def test_nothing_of_the_whole_system_outlives_its_sigkill(tmp_path):
    with OneHost(tmp_path, "--json") as host:
        eventually(lambda: host.document, within=120, what="all services to be up")
        processes = host.descendants()
        assert len(processes) > 15
        host.signal(signal.SIGKILL)
        host.wait(10)
        # pool children of a worker notice by themselves
        eventually(lambda: not left(processes), within=15, what="all services to be gone")
