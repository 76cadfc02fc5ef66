"""No secret of a command line reaches what we write."""

from __future__ import annotations

import pytest

from guard.core.command_lines import masked_arguments


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (["mysqldump", "-ps3cret", "app"], ["mysqldump", "-p***", "app"]),
        (["/usr/bin/mariadb", "-uroot", "-ps3cret"], ["/usr/bin/mariadb", "-uroot", "-p***"]),
        (["ssh", "-p22", "host"], ["ssh", "-p22", "host"]),
        (["x", "--password=s3cret"], ["x", "--password=***"]),
        (["x", "--password", "s3cret", "y"], ["x", "--password", "***", "y"]),
        (["x", "--api-key", "s3cret"], ["x", "--api-key", "***"]),
        (["x", "--PASSWORD", "s3cret"], ["x", "--PASSWORD", "***"]),
        (["env", "GUARD_SECRET_KEY=s3cret", "celery"], ["env", "GUARD_SECRET_KEY=***", "celery"]),
        (["redis-cli", "-a", "s3cret", "ping"], ["redis-cli", "-a", "***", "ping"]),
        (["curl", "-H", "Authorization: Bearer s3cret"], ["curl", "-H", "Authorization: ***"]),
        (["curl", "-H", "X-Key: bearer abc\ns3cret"], ["curl", "-H", "X-Key: bearer ***"]),
        (["mysql", "-p", "app"], ["mysql", "-p", "app"]),
        (["ls", "-a", "folder"], ["ls", "-a", "folder"]),
        (["/opt/valkey-cli", "-a", "s3cret"], ["/opt/valkey-cli", "-a", "***"]),
        (["celery", "-A", "tasks", "worker"], ["celery", "-A", "tasks", "worker"]),
        ([], []),
    ],
)
def test_what_names_itself_secret_is_hidden(given: list[str], shown: list[str]) -> None:
    masked = masked_arguments(given)
    assert masked == shown
    assert "s3cret" not in " ".join(masked)
