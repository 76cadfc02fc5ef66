"""Installed packages of which a newer release is there, by asking pip. It goes to the network."""

from __future__ import annotations

import json
import subprocess
import sys

from guard.errors import Unanswerable

__all__ = ["outdated_packages"]

_COMMAND = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "list", "--outdated")


def outdated_packages(*, timeout: float = 120.0) -> list[dict[str, str]]:
    """Name, installed version and latest version of each.

    Raises:
        Unanswerable: pip is not there, did not end in time, or reached no index.
    """
    try:
        done = subprocess.run(
            [*_COMMAND, "--format", "json"],
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unanswerable(f"pip gave no answer ({type(error).__name__})") from error
    # pip says "nothing is outdated" when it reached no index: then it has complained.
    if done.returncode != 0 or "WARNING: Retrying" in done.stderr or "ERROR" in done.stderr:
        raise Unanswerable("pip gave no answer: no index was reached, or pip is not installed")
    return [
        {
            "name": str(one["name"]),
            "version": str(one["version"]),
            "latest": str(one["latest_version"]),
        }
        for one in json.loads(done.stdout)
    ]
