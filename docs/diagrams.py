"""Draw the diagrams of the docs from the code: `python docs/diagrams.py`, or `--check` for CI.

The table of moves in `guard.core.phases` is the only place where it is said which phase may follow which.
"""

from __future__ import annotations

import sys
from pathlib import Path

from guard.core.modes import Phase
from guard.core.phases import MOVES

PHASES = Path(__file__).parent / "phases.md"

MEANINGS = {
    Phase.INACTIVE: "No window. Nothing is blocked.",
    Phase.CLOSING: "The gates close; `enable` waits for every worker's word, or for its lease to end.",
    Phase.DRAINING: "Every gate is closed. Guarded jobs that ran before are still running.",
    Phase.ACTIVE: "Drained: no guarded job is left in any worker.",
    Phase.VERIFYING: "Holders of a bypass may run jobs, everybody else may not yet.",
    Phase.RELEASING: "The gates are open; parked jobs go back to their queues.",
}


def phases() -> str:
    """The page about phases."""
    arrows = [
        f"    {before.value} --> {after.value}: {event.value}"
        for before, moves in MOVES.items()
        for event, after in moves.items()
        if before is not after
    ]
    stays = [
        f"| {phase.value} | {', '.join(event.value for event, after in moves.items() if after is phase)} |"
        for phase, moves in MOVES.items()
        if phase in moves.values()
    ]
    return "\n".join(
        [
            "# Phases of a window",
            "",
            "<!-- Drawn by `python docs/diagrams.py` from guard/core/phases.py. Do not edit. -->",
            "",
            "```mermaid",
            "stateDiagram-v2",
            "    [*] --> inactive",
            *arrows,
            "```",
            "",
            "| phase | what it means |",
            "|---|---|",
            *(f"| {phase.value} | {MEANINGS[phase]} |" for phase in Phase),
            "",
            "Changes that do not move a window:",
            "",
            "| in | these leave it where it stands |",
            "|---|---|",
            *stays,
            "",
            "Every move that is not here is refused, with a word about what to do.",
            "",
        ]
    )


def main() -> int:
    """Write the pages, or check them; 1 when one is stale."""
    text = phases()
    if "--check" not in sys.argv[1:]:
        PHASES.write_text(text, "utf-8")
        return 0
    if PHASES.exists() and PHASES.read_text("utf-8") == text:
        return 0
    sys.stderr.write(f"{PHASES} is stale: run `python docs/diagrams.py`\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
