"""Make the tables of docs/metrics.md: `python docs/metrics_table.py`, or `--check`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import yaml

from guard.observe.metrics_catalogue import CATALOGUE, Kind, MetricSpec

DOCS = Path(__file__).parent
PAGE = DOCS / "metrics.md"
RULES = DOCS.parent / "docker" / "prometheus" / "alerts.yml"


def made(page: str) -> str:
    """The page with its tables as they should be."""
    for name, table in {"metrics": metrics(), "alerts": alerts()}.items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        page = re.sub(
            f"{re.escape(begin)}.*?{re.escape(end)}",
            lambda _, table=table, begin=begin, end=end: f"{begin}\n{table}\n{end}",
            page,
            flags=re.DOTALL,
        )
    return page


def metrics() -> str:
    """The catalogue."""
    rows = [
        f"| `{_shown(spec)}` | {spec.kind.value} | {spec.help} | {spec.when or 'when it is known'} |"
        for spec in CATALOGUE
    ]
    return "\n".join(["", "| metric | kind | what it is | there |", "|---|---|---|---|", *rows, ""])


def _shown(spec: MetricSpec) -> str:
    labels = f"{{{', '.join(spec.labels)}}}" if spec.labels else ""
    return spec.name + ("_total" if spec.kind is Kind.COUNTER else "") + labels


def alerts() -> str:
    """The rules."""
    groups = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    rows = [
        " | ".join(
            (
                f"| {rule['alert']}",
                rule["labels"]["severity"],
                f"`{_one_line(rule['expr'])}`",
                f"{rule.get('for', '0')} |",
            )
        )
        for rule in rules
    ]
    return "\n".join(["", "| alert | severity | when | for |", "|---|---|---|---|", *rows, ""])


def _one_line(expression: str) -> str:
    return " ".join(expression.split()).replace("|", "\\|")


def main() -> int:
    """Write the page, or check it; 1 when it is stale."""
    page = PAGE.read_text("utf-8")
    text = made(page)
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(text, "utf-8")
        return 0
    if text == page:
        return 0
    sys.stderr.write(f"{PAGE} is stale: run `python docs/metrics_table.py`\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
