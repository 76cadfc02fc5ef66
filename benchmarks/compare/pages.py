"""Writes what was measured into the documentation: the part between two marks, and the drawing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.compare.plot import drawn
from benchmarks.compare.tables import tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.compare.contestant import Contestant

__all__ = ["BEGIN", "DRAWING", "END", "PAGE", "measured", "write"]

_DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = _DOCS / "compared.md"
DRAWING = _DOCS / "drawings" / "compared.svg"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def write(report: dict[str, Any], kinds: Mapping[str, type[Contestant]]) -> None:
    """Replace the measured part of the page, and draw."""
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not rest or not after:
        raise SystemExit(f"{PAGE} has lost its marks {BEGIN} and {END}")
    PAGE.write_text(f"{before}{BEGIN}\n{measured(report, kinds)}\n{END}{after}", "utf-8")
    DRAWING.write_text(drawn(report["rounds"]), "utf-8")


def measured(report: dict[str, Any], kinds: Mapping[str, type[Contestant]]) -> str:
    """The part between the marks."""
    here, size = report["machine"], report["size"]
    versions = ", ".join(f"{name} {version}" for name, version in sorted(report["versions"].items()))
    played = ", ".join(f"{number} {kind}" for kind, number in _played(report["rounds"]).items())
    told = []
    if here["load"] > 1:
        told.append("**Other work ran on this machine: no time here can be trusted. The counts hold.**")
    told += [
        (
            f"Measured {here['date']}, {here['processor']}, **{here['processors']} processors**, "
            f"Python {here['python']}; load before {here['load']}, after {report['load_after']}. "
            f"Seed {report['seed']}. {versions}."
        ),
        (
            f"Rounds of each: {played}. {size['backlog']:,} jobs in the calm and unpaused rounds, "
            f"{size['small']:,} where a worker is replaced, {size['per_second']:g} more a second; "
            f"paused for {size['pause']:g} s."
        ),
    ]
    if report["failed"]:
        told.append("Rounds that failed: " + "; ".join(report["failed"]) + ".")
    told += [table.as_markdown() for table in tables(report)]
    about = ["| | paused by | what that was built for |", "|---|---|---|"]
    about += [f"| {name} | {kind.pause_is} | {kind.built_for} |" for name, kind in kinds.items()]
    return "\n\n".join([*told, "\n".join(about)])


def _played(rounds: list[dict[str, Any]]) -> dict[str, str]:
    """How many rounds of each kind the contestants have played: ``5``, or ``4 to 5``."""
    times: dict[str, Counter[str]] = {}
    for each in rounds:
        times.setdefault(each["round"], Counter())[each["contestant"]] += 1
    ends = {kind: (min(count.values()), max(count.values())) for kind, count in times.items()}
    return {kind: f"{low}" if low == high else f"{low} to {high}" for kind, (low, high) in ends.items()}
