"""The runbook has a section for every alert and symptom, and the pages name every procedure and command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from guard.cli.main import maintenance
from guard.core.alert_rules import RULES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
RUNBOOK = (DOCS / "runbook.md").read_text("utf-8")
PROMETHEUS = [
    rule["alert"]
    for group in yaml.safe_load((ROOT / "docker/prometheus/alerts.yml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
SYMPTOMS = (ROOT / "tests/doctor/symptoms.txt").read_text("utf-8").splitlines()
PROCEDURES = (
    "Morning System Health Check", "Evening System Review", "Weekly Maintenance Review",
    "Weekly System Optimization", "Monthly Security Audit", "Monthly Performance Review",
    "Emergency Response Protocol", "Immediate Response (0-5 minutes)", "Extended Response (5-30 minutes)",
    "Emergency Recovery Procedures", "Security Incident Recovery", "Data Corruption Recovery",
    "System Failure Recovery", "Alert Response Procedures", "Critical Alert Response",
    "Warning Alert Response",
    "Escalation", "On-call handover", "Post-mortem", "Planning", "Before", "During", "After", "Communication",
    "Training", "Monitoring and alerting", "Documentation",
)  # fmt: skip
"""As the guides for operations and administrators call them."""


def anchors(text: str) -> set[str]:
    """Of the headings, as GitHub and MkDocs make them."""
    headings = re.findall(r"^#{1,6} (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def table(title: str) -> dict[str, str]:
    """First cell -> anchor of the second, in the table below this heading. `the same` is the row above's."""
    found, last = {}, ""
    for row in RUNBOOK.split(f"\n## {title}\n")[1].split("\n## ")[0].splitlines():
        cells = [cell.strip() for cell in row.strip("|").split("|")] if row.startswith("|") else []
        if len(cells) == 2:
            link = re.search(r"\(#([\w-]+)\)", cells[1])
            last = link[1] if link else last
            found[cells[0]] = last
    return found


@pytest.mark.parametrize("name", [*PROMETHEUS, *(rule.name for rule in RULES)])
def test_every_alert_has_its_section(name: str) -> None:
    places = [anchor for cell, anchor in table("By alert").items() if f"`{name}`" in cell]
    assert places, f"docs/runbook.md, By alert: add `{name}` and the section that helps"
    assert set(places) <= anchors(RUNBOOK)


def test_the_table_names_no_alert_that_is_gone() -> None:
    named = set(re.findall(r"`([\w-]+)`", "".join(table("By alert"))))
    assert named == {*PROMETHEUS, *(rule.name for rule in RULES)}


@pytest.mark.parametrize("symptom", SYMPTOMS)
def test_every_symptom_of_the_guide_has_its_section(symptom: str) -> None:
    assert table("By what people say")[symptom] in anchors(RUNBOOK)


def test_every_procedure_of_the_guides_is_there() -> None:
    pages = "".join((DOCS / name).read_text("utf-8") for name in ("operating.md", "operating-emergency.md"))
    headings = re.findall(r"^#+ (.+?)(?: \(.*before\)|$)", pages, flags=re.M)
    assert [name for name in PROCEDURES if not any(one.startswith(name) for one in headings)] == []


@pytest.mark.parametrize("command", sorted(maintenance.list_commands(None)))  # type: ignore[arg-type]
def test_the_command_line_page_has_every_command(command: str) -> None:
    text = (DOCS / "cli.md").read_text("utf-8")
    assert f"[`{command}`]" in text, f"docs/cli.md: {command} is not in its table"


@pytest.mark.parametrize("page", ["runbook.md", "operating.md", "operating-emergency.md"])
def test_links_to_sections_of_these_pages_lead_somewhere(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    for file, anchor in re.findall(r"\]\(([\w-]+\.md)?#([\w-]+)\)", text):
        target = DOCS / (file or page)
        if target.exists():
            assert anchor in anchors(target.read_text("utf-8")), f"{page} links to {file}#{anchor}"
