"""Which tools are here, and in which version."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib import metadata
from typing import TYPE_CHECKING

from benchmarks.compare.contestant import TOOLS, TOOLS_PYTHON
from tests.support.valkey import bundled_binary

if TYPE_CHECKING:
    from benchmarks.compare.contestant import Contestant

__all__ = ["versions", "why_not"]

_BULLMQ = TOOLS / "node" / "node_modules" / "bullmq" / "package.json"
_ASK = (
    "import importlib.metadata as m, json; print(json.dumps({d.name: d.version for d in m.distributions()}))"
)


def why_not(kind: type[Contestant], found: dict[str, str]) -> str:
    """Why a contestant cannot run here; empty when it can."""
    if not kind.needs or kind.needs in found:
        return ""
    if kind.needs == "bullmq" and "node" not in found:
        return "node is missing"
    return f"{kind.needs} is not installed (make compare installs it)"


def versions() -> dict[str, str]:
    """Name and version of what is here, by the names of `Contestant.needs`."""
    found = {name: metadata.version(name) for name in ("celery", "kombu", "redis")}
    found["guard"] = metadata.version("celery-maintenance-guard")
    found["valkey"] = _said([str(bundled_binary()), "--version"]).partition("v=")[2].split(" ")[0]
    if TOOLS_PYTHON.exists():
        theirs: dict[str, str] = json.loads(_said([str(TOOLS_PYTHON), "-c", _ASK]))
        found |= {name: theirs[name] for name in ("rq", "huey", "dramatiq") if name in theirs}
    if shutil.which("node"):
        found["node"] = _said(["node", "--version"]).removeprefix("v")
        if _BULLMQ.exists():
            found["bullmq"] = json.loads(_BULLMQ.read_text("utf-8"))["version"]
    return found


def _said(argv: list[str]) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=30).stdout.strip()
