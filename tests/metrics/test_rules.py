"""The alert rules: what they name, and when they fire, by Prometheus' own promtool."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from guard.observe.metrics_catalogue import CATALOGUE, exposed_names
from tests.metrics.naming import labels_used, names_in

RULES = Path(__file__).parents[2] / "docker" / "prometheus" / "alerts.yml"
GROUPS: list[dict[str, Any]] = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
ALERTS = {rule["alert"]: rule for group in GROUPS for rule in group["rules"]}
SEVERITIES = {"critical", "warning", "info"}


def promtool() -> str:
    """Prometheus' own tool: of the machine, or where `install_promtool.sh` has put it."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    ours = cache / "celery-maintenance-guard" / "promtool"
    found = shutil.which("promtool") or (str(ours) if os.access(ours, os.X_OK) else None)
    if found is None:
        pytest.skip("NOT TESTED: no promtool; tests/support/install_promtool.sh takes it from Debian")
    return found


def run(*arguments: str | Path) -> None:
    done = subprocess.run(
        [promtool(), *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


@pytest.mark.parametrize("name", ALERTS)
def test_each_rule_names_only_what_is_exposed_and_says_what_to_do(name: str) -> None:
    rule = ALERTS[name]
    assert names_in(rule["expr"]), "it asks about nothing"
    assert names_in(rule["expr"]) <= exposed_names()
    assert labels_used(rule["expr"]) <= {label for spec in CATALOGUE for label in spec.labels} | {"job", "le"}
    assert rule["labels"]["severity"] in SEVERITIES
    assert set(rule["annotations"]) == {"summary", "runbook"}
    assert len(rule["annotations"]["runbook"].split()) >= 8


def test_promtool_accepts_the_rules() -> None:
    run("check", "rules", RULES)


HEALTHY = {
    "guard_state_known": 1,
    'guard_up{component="redis"}': 1,
    'guard_up{component="sql"}': 1,
    'guard_up{component="broker"}': 1,
    'guard_mode{mode="off"}': 1,
    'guard_mode{mode="normal"}': 0,
    'guard_mode{mode="emergency"}': 0,
    'guard_mode{mode="test"}': 0,
    'guard_phase{phase="inactive"}': 1,
    'guard_phase{phase="releasing"}': 0,
    'guard_workers{standing="live"}': 3,
    'guard_workers{standing="acknowledged"}': 3,
    'guard_workers{standing="unconfirmed"}': 0,
    'guard_workers{standing="broken"}': 0,
    "guard_jobs_parked": 0,
    'guard_jobs_total{event="killed",operation="job_creation"}': 7,
    'guard_jobs_total{event="released",operation="job_creation"}': 7,
    'guard_store_errors_total{store="redis"}': 4,
    "guard_sessions_left": 0,
    "guard_beat_age_seconds": 40,
}
"""Two processes are scraped, and say the same."""
GONE: Any = None
OPEN = {'guard_mode{mode="off"}': 0, 'guard_mode{mode="normal"}': 1, 'guard_phase{phase="inactive"}': 0}
SLOW = {
    f'guard_decision_seconds_bucket{{place="publish",le="{bound}"}}': f"0+{step}x400"
    for bound, step in (("0.1", 10), ("2.5", 90), ("+Inf", 100))
}

CASES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "healthy": ({}, set()),
    "nobody answers": (dict.fromkeys(HEALTHY, GONE), {"GuardMetricsAbsent"}),
    "no store": (
        {
            **dict.fromkeys(HEALTHY, GONE),
            "guard_state_known": 0,
            'guard_up{component="redis"}': 0,
            'guard_up{component="sql"}': 0,
        },
        {"GuardStateUnknown", "GuardControlPlaneDown", "GuardPartDown"},
    ),
    "the database is away": ({'guard_up{component="sql"}': 0}, {"GuardPartDown"}),
    "Redis is away": ({'guard_up{component="redis"}': 0}, {"GuardControlPlaneDown"}),
    "calls fail": ({'guard_store_errors_total{store="redis"}': "0+5x400"}, {"GuardStoreErrors"}),
    "a call fails now and then": ({'guard_store_errors_total{store="redis"}': "0+1x400"}, set()),
    "decisions are slow": (
        {**SLOW, 'guard_decision_seconds_count{place="publish"}': "0+100x400"},
        {"GuardDecisionsSlow"},
    ),
    "no workers": ({'guard_workers{standing="live"}': 0}, {"GuardNoWorkers"}),
    "a broken worker": ({'guard_workers{standing="broken"}': 1}, {"GuardWorkerBroken"}),
    "beat is away": ({"guard_beat_age_seconds": 700}, {"GuardBeatMissing"}),
    "lost jobs": ({"guard_jobs_lost": 2}, {"GuardJobsLost"}),
    "a window": ({**OPEN, "guard_window_overrun_seconds": 0, "guard_jobs_parked": 9}, {"GuardMaintenance"}),
    "an emergency": (
        {'guard_mode{mode="off"}': 0, 'guard_mode{mode="emergency"}': 1},
        {"GuardEmergency"},
    ),
    "jobs are killed": (
        {'guard_jobs_total{event="killed",operation="job_creation"}': "0+1x400"},
        {"GuardJobsKilled"},
    ),
    "a rehearsal since yesterday": ({'guard_mode{mode="test"}': 1}, {"GuardRehearsalForgotten"}),
    "too long": ({**OPEN, "guard_window_overrun_seconds": 400}, {"GuardMaintenance", "GuardWindowOverrun"}),
    "far too long": (
        {**OPEN, "guard_window_overrun_seconds": 4000},
        {"GuardMaintenance", "GuardWindowOverrun", "GuardWindowOverrunLong"},
    ),
    "a drain past its deadline": (
        {**OPEN, "guard_drain_overrun_seconds": 5, "guard_drain_age_seconds": 90},
        {"GuardMaintenance", "GuardDrainStuck"},
    ),
    "a drain without a deadline": (
        {**OPEN, "guard_drain_age_seconds": 2000},
        {"GuardMaintenance", "GuardDrainStuck"},
    ),
    "a drain in time": (
        {**OPEN, "guard_drain_overrun_seconds": 0, "guard_drain_age_seconds": 90},
        {"GuardMaintenance"},
    ),
    "a worker does not follow": ({'guard_workers{standing="unconfirmed"}': 1}, {"GuardWorkerUnconfirmed"}),
    "a stranger takes jobs": (
        {**OPEN, "guard_unguarded_consumers": 1},
        {"GuardMaintenance", "GuardUnguardedConsumers"},
    ),
    "a release that stands": (
        {'guard_phase{phase="inactive"}': 0, 'guard_phase{phase="releasing"}': 1, "guard_jobs_parked": 50},
        {"GuardReleaseStalled"},
    ),
    "a release that goes on": (
        {
            'guard_phase{phase="inactive"}': 0,
            'guard_phase{phase="releasing"}': 1,
            'guard_jobs_total{event="released",operation="job_creation"}': "0+9x400",
        },
        set(),
    ),
    "parked for good": ({"guard_jobs_parked": 3}, {"GuardParkedAfterWindow"}),
    "sessions stay": ({"guard_sessions_left": 1}, {"GuardSessionsLeft"}),
}


def test_every_alert_fires_in_some_case() -> None:
    assert set().union(*(firing for _, firing in CASES.values())) == ALERTS.keys()


def test_each_alert_fires_when_it_should_and_only_then(tmp_path: Path) -> None:
    """By the minute, for longer than the longest `for`."""
    tests = [
        {
            "name": name,
            "interval": "1m",
            "input_series": [
                {
                    "series": with_labels(series, instance),
                    "values": value if isinstance(value, str) else f"{value}x400",
                }
                for series, value in {**HEALTHY, **changed}.items()
                if value is not GONE
                for instance in ("web-1", "web-2")
            ],
            "promql_expr_test": [
                {
                    "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                    "eval_time": "245m" if "GuardRehearsalForgotten" in firing else "65m",
                    "exp_samples": [
                        {"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in sorted(firing)
                    ],
                }
            ],
        }
        for name, (changed, firing) in CASES.items()
    ]
    file = tmp_path / "cases.yml"
    file.write_text(
        json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}), "utf-8"
    )
    run("test", "rules", file)


def with_labels(series: str, instance: str) -> str:
    name, _, labels = series.partition("{")
    return f'{name}{{job="app",instance="{instance}"{"," if labels else ""}{labels or "}"}'
