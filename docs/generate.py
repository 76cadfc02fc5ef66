"""Write what of the documentation is made of the code: `python docs/generate.py`, or `--check` for CI.

The tables of docs/events.md and docs/metrics.md have scripts of their own beside this one.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from generators.acknowledging import acknowledging_drawn
from generators.commands import commands
from generators.endpoints import endpoints
from generators.gates import gates_drawn
from generators.layers import layers_drawn
from generators.parts import parts_drawn
from generators.phases import phases, phases_drawn
from generators.python_api import python_api
from generators.regions import architecture
from generators.settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

DOCS = Path(__file__).parent
MADE: Mapping[str, Callable[[], str]] = {
    "architecture.md": architecture,
    "drawings/acknowledging.svg": acknowledging_drawn,
    "drawings/gates.svg": gates_drawn,
    "drawings/layers.svg": layers_drawn,
    "drawings/parts.svg": parts_drawn,
    "drawings/phases.svg": phases_drawn,
    "phases.md": phases,
    "reference/commands.md": commands,
    "reference/endpoints.md": endpoints,
    "reference/python.md": python_api,
    "reference/settings.md": settings,
}
"""Each file, and what says what is in it."""


def main(arguments: Sequence[str]) -> int:
    """Write the files, or check them; 1 when one is stale."""
    stale = 0
    for name, make in MADE.items():
        path, text = DOCS / name, make()
        if path.exists() and path.read_text("utf-8") == text:
            continue
        if "--check" in arguments:
            sys.stderr.write(f"docs/{name} is stale: run `python docs/generate.py`\n")
            stale = 1
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
