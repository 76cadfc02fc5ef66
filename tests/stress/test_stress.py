"""Some runs of the kill harness for each broker, and the mistakes that it must find.

`make stress MINUTES=…` runs it for as long as one likes. The seed is printed; it draws the same plans again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.require import require_server

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]


def harness(broker: str, *options: str, folder: Path, within: float) -> tuple[int, dict[str, Any]]:
    """Exit code and report of a session, which is a process of its own. Its journals go to `folder`."""
    for server in ("mariadb", *(["rabbitmq"] if broker == "rabbitmq" else [])):
        require_server(server)
    # PATIENCE of `eventually` is for tests side by side; this has limits of its own
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    found = folder / "found.json"
    argv = [sys.executable, "-m", "tests.stress", "--broker", broker, "--json", str(found), *options]
    done = subprocess.run(
        argv, cwd=folder, env={**environ, "PYTHONPATH": str(ROOT)}, timeout=within, stdin=subprocess.DEVNULL
    )
    return done.returncode, json.loads(found.read_text()) if found.exists() else {}


@pytest.mark.timeout(195)
@pytest.mark.parametrize("broker", ["redis", "rabbitmq"])
def test_some_runs_of_faults(broker: str, tmp_path: Path) -> None:
    """A minute of it, which begins with the start of the fleet: as many runs as this machine does, and one at
    least. Each plan of windows and faults is another one; what must hold is the same."""
    times = ("--within", "58", "--at-most", "165")
    code, report = harness(broker, *times, "--no-ledger", folder=tmp_path, within=190)
    print(json.dumps(report, indent=1))
    assert report["violations"] == []
    assert report["runs"] >= 1, f"no run was judged in {report['seconds']} s: {report['notes']}"
    assert sum(report["fired"].values()) > 0
    assert report["jobs"]["ended"] >= 1
    zeros = ("started after close", "unaccounted", "doubled by the guard", "wrong outcomes")
    assert {name: report[name] for name in zeros} == dict.fromkeys(zeros, 0)
    assert code == 0


MISTAKES = [
    ("gate off", "redis", {"started after close"}),
    ("acknowledged too early", "rabbitmq", {"started after close"}),
    ("acknowledged before the copy is there", "rabbitmq", {"unaccounted"}),
    ("the release drops", "rabbitmq", {"unaccounted"}),
    ("the release drops", "redis", {"more lost than faults explain"}),
    ("the release doubles", "redis", {"doubled"}),
]


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize(("mistake", "broker", "kinds"), MISTAKES)
def test_a_guard_with_a_mistake_is_found_out(
    mistake: str, broker: str, kinds: Sequence[str], tmp_path: Path
) -> None:
    """Without any fault: it is the windows that bring it out."""
    options = ("--mistake", mistake, "--calm", "--runs", "6", "--no-ledger", "--seed", "1")
    code, report = harness(broker, *options, folder=tmp_path, within=390)
    assert code == 1
    assert kinds <= {one["kind"] for one in report["violations"]}
