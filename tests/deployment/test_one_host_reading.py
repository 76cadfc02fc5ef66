"""What `docker/one_host` reads out of a compose file, and how names and paths become this host's."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from one_host.compose_file import read_compose
from one_host.durations import seconds
from one_host.interpolation import MissingVariable, interpolate
from one_host.network import Network
from one_host.paths import Paths
from one_host.programs.ours import _image
from tests.deployment.places import COMPOSE, DOCKER, FIXTURES

SERVICES = [
    *("mariadb", "redis", "rabbitmq", "migrate", "worker-1", "worker-2", "worker-maintenance"),
    *("beat", "web", "flower", "prometheus"),
]


@pytest.fixture
def network():
    with closing(Network(("web", "redis", "worker", "worker-1"))) as made:
        yield made


def test_our_compose_file_is_read_whole():
    composition = read_compose(COMPOSE, {})
    assert list(composition.services) == SERVICES
    worker = composition.services["worker-1"]
    assert worker.image == ""
    assert worker.stop_grace_period == 360
    assert worker.environment["DATABASE_URL_FILE"] == "/run/secrets/database_url"
    assert worker.depends_on["migrate"] == "service_completed_successfully"
    assert composition.services["migrate"].is_one_shot
    assert set(worker.secrets.values()) <= set(composition.secrets)
    assert composition.secrets["database_url"] == DOCKER / "secrets/database_url"


def test_the_small_one_says_what_it_says():
    services = read_compose(FIXTURES / "small.yaml", {"WHERE": "there"}).services
    assert services["web"].environment == {
        "REDIS_URL": "redis://redis:6379/0",
        "ALIVE": "/run/alive",
        "WHERE": "there",
    }
    assert (services["web"].stop_signal, services["web"].stop_grace_period) == ("SIGINT", 90)
    assert services["redis"].healthcheck.argv == ("sh", "-c", "valkey-cli ping | grep -q PONG")
    assert [(mount.target, mount.volume) for mount in services["redis"].mounts] == [
        ("/data", "data"),
        ("/etc/valkey/redis.conf", ""),
    ]


def test_a_service_that_depends_on_nobody_known_is_told(tmp_path):
    path = tmp_path / "compose.yaml"
    path.write_text("services: {web: {image: x, depends_on: [db]}}")
    with pytest.raises(ValueError, match="web depends on db"):
        read_compose(path, {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$A", "1"),
        ("${A}", "1"),
        ("${B:-2}", "2"),
        ("${E:-2}", "2"),
        ("${E-2}", ""),
        ("$$A", "$A"),
        ("${A:+x}", "x"),
    ],
)
def test_variables_are_replaced_as_compose_does(text, expected):
    assert interpolate({"key": [text]}, {"A": "1", "E": ""}) == {"key": [expected]}


def test_a_variable_that_must_be_set_is_asked_for():
    with pytest.raises(MissingVariable, match="PASSWORD must be set: make one"):
        interpolate("${PASSWORD:?make one}", {})


@pytest.mark.parametrize(
    ("text", "expected"), [("10s", 10), ("1m30s", 90), ("500ms", 0.5), ("6m", 360), (None, 7)]
)
def test_durations(text, expected):
    assert seconds(text, 7) == expected


def test_a_duration_without_a_unit_is_refused():
    with pytest.raises(ValueError, match="'90' is no duration"):
        seconds("90", 0)


def test_hosts_become_addresses_and_nothing_else_does(network):
    web, redis, worker = (network.addresses[name] for name in ("web", "redis", "worker-1"))
    for text, expected in {
        "redis://guard:x@redis:6379/0": f"redis://guard:x@{redis}:6379/0",
        "redis://redis/0": f"redis://{redis}/0",
        'targets: ["web:8080", "worker-1:9"]': f'targets: ["{web}:8080", "{worker}:9"]',
        "amqp://u:p@redis//": f"amqp://u:p@{redis}//",
        "http://127.0.0.1:8080/": f"http://{web}:8080/",
        "--host 0.0.0.0": f"--host {web}",
        "/etc/redis/redis.conf": "/etc/redis/redis.conf",
        "web": "web",
        "maintenance web --port 8080": "maintenance web --port 8080",
        "127.0.0.10": "127.0.0.10",
    }.items():
        assert network.translate(text, "web") == expected


def test_two_runs_have_two_networks(network):
    with closing(Network(("web",))) as other:
        assert other.addresses["web"].rpartition(".")[0] != network.addresses["web"].rpartition(".")[0]


def test_an_earlier_run_has_its_network_again(network):
    with closing(Network(("web",), wanted="127.99.251")) as again:
        assert again.addresses["web"] == "127.99.251.2"
        # taken: another one
        with closing(Network(("web",), wanted="127.99.251")) as other:
            assert other.prefix != "127.99.251"


def test_paths_are_whole_names():
    paths = Paths(
        {"/srv": Path("/here"), "/run/secrets/a": Path("/there/a"), "/run/secrets/ab": Path("/there/ab")}
    )
    assert paths.translate("/srv/x /run/secrets/ab,/run/secrets/a") == "/here/x /there/ab,/there/a"
    assert paths.translate("/srvfs /var/srv http://host/srv") == "/srvfs /var/srv http://host/srv"


def test_entry_point_and_variables_are_the_images():
    entrypoint, variables = _image()
    assert entrypoint == ("celery", "-A", "tasks")
    assert variables["PYTHONUNBUFFERED"] == "1"
    assert variables["STORAGE_IMAGES_DIR"] == "/var/lib/guard/images"
    assert "PATH" not in variables
