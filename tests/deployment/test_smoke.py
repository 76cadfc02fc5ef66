"""The processes of the compose file on one host: a whole window, with every step of it shown."""

from __future__ import annotations

import json

import pytest

from tests.deployment.one_host import OneHost
from tests.support.require import require_server

STEPS = [
    *(
        "access",
        "jobs",
        "worker stopped",
        "window",
        "refuse, hold, park",
        "HTTP API",
        "pages",
        "Flower",
        "Prometheus",
    ),
    *("emergency", "end", "account", "beat"),
]


# About 45 s on two cores that do nothing else: RabbitMQ starts, and thirty Python processes.
@pytest.mark.timeout(600)
def test_a_whole_window_on_the_processes_of_compose(tmp_path):
    for server in ("mariadb", "rabbitmq"):
        require_server(server)
    with OneHost(tmp_path, "--smoke", "--json") as host:
        code = host.wait(500)
        found = json.loads(host.log[host.log.index("{\n") : host.log.rindex("\n}") + 2])
        assert code == 0, host.log_tail
        assert found["passed"] is True
        assert [step["name"] for step in found["steps"]] == STEPS
        assert "killed" not in host.log
