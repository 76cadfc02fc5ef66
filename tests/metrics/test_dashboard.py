"""The Grafana dashboard: whole, and about metrics that are there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from guard.observe.metrics_catalogue import CATALOGUE, exposed_names
from tests.metrics.naming import labels_used, names_in

FILE = Path(__file__).parents[2] / "docker" / "grafana" / "dashboard.json"
BOARD: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
PANELS: list[dict[str, Any]] = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = [target["expr"] for panel in PANELS for target in panel["targets"]]
LABELS = {label for spec in CATALOGUE for label in spec.labels} | {"job", "le"}


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_each_panel_asks_for_what_is_exposed(panel: dict[str, Any]) -> None:
    assert panel["targets"]
    assert panel["description"]
    assert panel["fieldConfig"]["defaults"]["noValue"] == "unknown", "what is unknown is not shown as zero"
    for target in panel["targets"]:
        assert names_in(target["expr"]), target["expr"]
        assert names_in(target["expr"]) <= exposed_names()
        assert labels_used(target["expr"]) <= LABELS
        assert 'job=~"$job"' in target["expr"], "of the chosen fleet"
        assert target["datasource"] == panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_every_metric_of_the_catalogue_is_shown() -> None:
    shown = set().union(*map(names_in, EXPRESSIONS))
    not_shown = {
        spec.name
        for spec in CATALOGUE
        if not any(name == spec.name or name.startswith(f"{spec.name}_") for name in shown)
    }
    # of use in alerts, or by other names on the same panels
    assert not_shown == {"guard_look_age_seconds", "guard_window_age_seconds", "guard_window_refused_jobs"}


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    panels = BOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: dict[tuple[int, int], str] = {}
    for panel in panels:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        across, down = range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"])
        for cell in ((x, y) for x in across for y in down):
            assert cell not in taken, (panel["title"], taken[cell])
            taken[cell] = panel["title"]


def test_what_a_person_chooses_is_asked_of_prometheus() -> None:
    names = {variable["name"]: variable for variable in BOARD["templating"]["list"]}
    assert names["datasource"]["query"] == "prometheus"
    assert names_in(names["job"]["definition"]) <= exposed_names()
    for annotation in BOARD["annotations"]["list"]:
        assert names_in(annotation["expr"]) <= exposed_names()
