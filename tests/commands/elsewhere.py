"""Commands of the documents that other tests run, since they take minutes, root, Docker or the network."""

from __future__ import annotations

from tests.commands.steps import Elsewhere

__all__ = ["ELSEWHERE"]

_DEMO = "tests/acceptance/test_demo.py::test_every_job_is_accounted_for"
_CORE = "tests/packaging/test_faces.py::test_the_core_alone"
_EXTRAS = "tests/packaging/test_faces.py::test_an_extra_alone_brings_its_face"
_COMPOSE = "tests/docker/test_compose.py"
_WINDOW = "tests/docker/test_redis_users.py::test_a_whole_window_needs_nothing_else"
_PAGE = "docs/deployment.md"
_DUMP = (
    "docker compose -f docker/compose.yaml exec mariadb sh -c 'mariadb-dump --user=root "
    '--password="$(cat /run/secrets/mariadb_root_password)" --single-transaction guard\' > guard.sql'
)

ELSEWHERE: tuple[Elsewhere, ...] = (
    Elsewhere("make demo", _DEMO, "runs the demo that the target starts; `.ci/run` runs the target"),
    Elsewhere("make test", ".ci/run", "runs the target in a fresh clone"),
    Elsewhere("pip install celery-maintenance-guard", _CORE, "installs the wheel in an empty environment"),
    Elsewhere("pip install 'celery-maintenance-guard[web,flower]'", _EXTRAS, "installs each extra"),
    Elsewhere(
        "pip install 'celery-maintenance-guard[metrics,notify,reports,logs,otel,automation]'",
        _EXTRAS,
        "installs each extra",
    ),
    # No Docker engine where the tests run: the files are checked, and a window is run on the same servers.
    *(
        Elsewhere(command, _COMPOSE, "checks the files that it reads", _PAGE)
        for command in (
            "git clone https://your.host/celery-maintenance-guard && cd celery-maintenance-guard",
            "git pull",
            "docker/make_secrets",
            "cp docker/.env.example docker/.env",
            "docker compose -f docker/compose.yaml up --build --detach --wait",
            "docker compose -f docker/compose.yaml build",
            "docker compose -f docker/compose.yaml up --detach --wait",
            (
                "alias guard='docker compose -f docker/compose.yaml exec worker-maintenance "
                "celery -A tasks maintenance'"
            ),
            _DUMP,
        )
    ),
    *(
        Elsewhere(
            f"guard {command}", _WINDOW, "a window by the same commands on the compose file's Redis", _PAGE
        )
        for command in (
            "check",
            'enable --reason "First window" --duration 10m',
            "drain --watch",
            "status",
            "disable",
            "report",
            'enable --reason "Upgrade" --duration 30m --wait',
        )
    ),
)
