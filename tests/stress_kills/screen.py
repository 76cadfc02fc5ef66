"""What is shown while it runs, and at the end."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.stress_kills.tally import Tally

__all__ = ["Bar", "render"]

_WIDTH = 30
_MOST_STORIES = 10


class Bar:
    """A bar on a terminal, a line now and then elsewhere."""

    def __init__(self, total: int) -> None:
        self._total = max(1, total)
        self._is_terminal = sys.stderr.isatty()
        self._next = 0.0

    def show(self, tally: Tally) -> None:
        """After a round."""
        part = min(1.0, tally.kills / self._total)
        text = f"{tally.kills:,} of {self._total:,} killed, {tally.rounds} rounds, {len(tally.wrong)} wrong"
        if self._is_terminal:
            filled = round(part * _WIDTH)
            red = tally.wrong and "NO_COLOR" not in os.environ
            text = f"\033[31m{text}\033[0m" if red else text
            print(
                f"\r\033[K[{'#' * filled}{'.' * (_WIDTH - filled)}] {text}",
                end="",
                file=sys.stderr,
                flush=True,
            )
        elif part >= self._next:
            print(text, file=sys.stderr, flush=True)
            self._next = part + 0.02

    def end(self) -> None:
        """The last word is to stand on a line of its own."""
        if self._is_terminal:
            print(file=sys.stderr)


def render(found: dict[str, Any]) -> str:
    """The report."""
    met = f"{found['rounds']} emergencies met {found['jobs']:,} running jobs in {found['seconds']} s"
    lines = [
        f"{met}; signals ended {found['kills']:,} of them. Seed {found['seed']}.",
        "",
        _row("outcomes", found["outcomes"]),
        _row("ended by", found["ended_by"]),
        _row("what went wrong beside", found["faults"]),
        f"{'in the instant after their last line':38}{found['ended_in_the_instant_after_their_last_line']}",
        f"{'retries that a killed worker got':38}{found['retries_that_redis_gave_to_a_killed_worker']}",
        _row("seconds beyond grace + 2 s", found["seconds_beyond_grace_and_2s"]),
        _row("  until the guard had proof", found["seconds_until_proven_beyond_grace_and_2s"]),
        _row("seconds a worker had no processor", found["seconds_queued_for_a_processor"]),
        "",
    ]
    lines += [_row(f"  {name}", counts) for name, counts in found["characters"].items()]
    lines += ["", f"later than grace + 2.5 s: {len(found['late'])}"]
    for one in found["late"][:_MOST_STORIES]:
        lines.append(f"  {one['job']}: {one['seconds_beyond']} s beyond; {one['why'] or 'not explained'}")
    lines += ["", f"stands that broke down: {len(found['stands_that_broke_down'])}"]
    lines += [f"  {error}" for error in found["stands_that_broke_down"]]
    lines += ["", f"wrong outcomes: {len(found['wrong'])}"]
    for one in found["wrong"][:_MOST_STORIES]:
        lines += [f"  {one['job']}: {'; '.join(one['wrong'])}", f"    {json.dumps(one['story'])}"]
    return "\n".join(lines)


def _row(name: str, counts: dict[str, Any]) -> str:
    return f"{name:38}" + ", ".join(f"{value:,} {key}" for key, value in sorted(counts.items()))
