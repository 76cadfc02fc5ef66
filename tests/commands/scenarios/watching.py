"""Day, week and month: looks, routines, reports, the journal; and what goes on by itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.commands.scenarios.acting import CELERY, LAST_WEEK, NEXT_SUNDAY, looked_up, noted, prepared
from tests.commands.steps import Scenario, Step
from tests.support.ports import free_port

if TYPE_CHECKING:
    from tests.commands.fleet import Fleet

__all__ = ["DIAGNOSIS", "KEEPING", "PLANS", "ROUTINES", "SERVERS"]

_SOME = (0, 1, 2)
"""Exit codes of the doctor: a temporary database file and a missing beat are things that it mentions."""

DIAGNOSIS = Scenario(
    "the doctor",
    begin=lambda fleet: fleet.worker(),
    steps=(
        Step(CELERY + "doctor", code=_SOME, says=["46 checks", "beat"]),
        Step(CELERY + "doctor --all", code=_SOME),
        Step(CELERY + "doctor --json", code=_SOME, says=['"findings"']),
        Step(CELERY + "doctor --json > doctor.json", code=_SOME),
        Step(CELERY + "doctor --only activation", code=_SOME),
        Step(CELERY + "doctor --only activation --json", code=_SOME),
        Step(CELERY + "doctor --only blocking", code=0, says=["all well"]),
        Step(CELERY + "doctor --only emergency", code=_SOME),
        Step(CELERY + "doctor --only performance", code=_SOME),
        Step(CELERY + "doctor --only sessions", code=0, says=["all well"]),
        Step(CELERY + "doctor --only sessions --json", code=0),
        Step("celery maintenance doctor", code=_SOME),
    ),
)
ROUTINES = Scenario(
    "day, week, month",
    begin=lambda fleet: fleet.worker(),
    steps=(
        Step("celery -A shop beat", until="is starting", stays=True),
        Step(CELERY + "health", code=(0, 4), unlike=["! redis", "! beat"]),
        Step(CELERY + "health --json", code=(0, 4)),
        Step(CELERY + "routines", says=["morning-check", "weekly-optimization"]),
        Step(CELERY + "routines run morning-check", code=(0, 4)),
        Step(CELERY + "routines show morning-check --limit 3", code=(0, 4)),
        Step(CELERY + "routines run evening-review", code=(0, 4)),
        Step(CELERY + "routines run security-audit", code=(0, 4)),
        Step(CELERY + "routines run performance-review", code=(0, 4)),
        Step(CELERY + "routines run expiry-sweep"),
        Step(CELERY + "routines show weekly-review", before=prepared("routines run weekly-review")),
        Step(CELERY + "routines show weekly-review --limit 3"),
        Step(CELERY + "optimize --dry-run"),
        Step(CELERY + "optimize", code=(0, 4), unlike=["keys", "files", "! table"]),
        Step(CELERY + "routines show weekly-optimization"),
        Step(CELERY + "reports"),
        Step(CELERY + "reports list"),
        Step(CELERY + "reports make weekly", code=(0, 4)),
        Step(CELERY + "reports show weekly", code=(0, 4)),
        Step(
            CELERY + "reports make weekly --from 2026-11-16 --to 2026-11-22",
            code=(0, 4),
            fill={"2026-11-16": LAST_WEEK[0], "2026-11-22": LAST_WEEK[1]},
        ),
        Step(CELERY + "reports export weekly week.html"),
        Step(CELERY + "reports make monthly", code=(0, 4)),
        Step(CELERY + "reports export monthly month.html"),
        Step(CELERY + "reports make security", code=(0, 4)),
        Step("df -h"),
        Step("free -h"),
        Step("top -bn1 | head -20"),
    ),
)


def _log(fleet: Fleet) -> None:
    lines = (
        '[MAINTENANCE] Operation blocked: endpoint="/x"\n[EMERGENCY] Emergency maintenance activated\nother\n'
    )
    (fleet.folder / "worker.log").write_text(lines)


def _drill(fleet: Fleet, said: str) -> None:
    found = re.search(r"drill ([0-9a-f]{8})", said)
    assert found, said
    fleet.notes["drill"] = found[1]


KEEPING = Scenario(
    "sessions, journal, access, drills",
    begin=lambda fleet: fleet.worker(),
    steps=(
        Step(CELERY + "sessions stats"),
        Step(CELERY + "sessions sweep --dry-run"),
        Step(CELERY + "sessions sweep"),
        Step(CELERY + "sessions invalidate --dry-run"),
        Step(CELERY + "sessions invalidate"),
        Step(
            CELERY + "sessions allow",
            before=prepared("enable -r Upgrade"),
            after=lambda f, _: prepared("disable")(f),
        ),
        Step(CELERY + "access token make alice --right admin --for 90d", says=["gmt_"]),
        Step(CELERY + "access token list", says=["alice"]),
        Step(CELERY + "access enrol alice", says=["break-glass"]),
        Step(CELERY + "access approvals"),
        Step(
            CELERY + "access token revoke TOKEN_ID",
            fill={"TOKEN_ID": looked_up("access token list", 0, "token_id")},
        ),
        Step(CELERY + "secrets list"),
        Step(CELERY + "secrets new-key"),
        Step(CELERY + "audit show --limit 20", says=["make token"]),
        Step(CELERY + "audit show --since 24h", says=["enrol"]),
        Step(CELERY + "audit show --since 24h --limit 200"),
        Step(CELERY + "audit show --since 7d --limit 50"),
        Step(CELERY + "audit show --since 24h --json > journal.json"),
        Step(CELERY + "audit verify", says=["Chain intact"]),
        Step(CELERY + "audit export journal.jsonl"),
        Step(
            CELERY + "evidence /var/tmp/incident-7",
            code=(0, 4),
            fill={"/var/tmp/incident-7": lambda fleet: str(fleet.folder / "incident-7")},  # noqa: S108 - replaced
        ),
        Step(CELERY + "drill planned-window --unattended", says=["points"]),
        Step(CELERY + "drill security-incident --unattended"),
        Step(CELERY + "drill list", says=["planned-window"]),
        # people are asked: each step waits for `drill acknowledge`, or for its time
        Step(CELERY + "drill planned-window", until="plan", code=1),
        Step(CELERY + "drill security-incident", until="assess", stays=True, after=_drill),
        Step(CELERY + "drill acknowledge 5f0c7ad2 --by alice", fill={"5f0c7ad2": noted("drill")}),
        Step('grep -h -E "\\[(MAINTENANCE|EMERGENCY)\\]" worker.log | tail -20', before=_log),
        Step('grep -c "Operation blocked" worker.log', says=["1"]),
    ),
)
_SUNDAY = {"2026-12-06 02:00": NEXT_SUNDAY}
PLANS = Scenario(
    "plans",
    begin=prepared("migrate"),
    steps=(
        Step(
            CELERY + 'schedule add --name Upgrade --reason "Database upgrade" --at "2026-12-06 02:00" '
            "--zone Europe/Berlin --duration 90m --notice 72h,24h,1h --look-ahead 30m --no-auto-end",
            fill=_SUNDAY,
        ),
        Step(CELERY + "schedule show Upgrade", says=["Database upgrade"]),
        Step(CELERY + "schedule list", says=["Upgrade"]),
        Step(
            CELERY
            + 'schedule add --reason "Reindex" --at "2026-12-06 02:00" --zone Europe/Berlin --duration 90m '
            '--every "FREQ=WEEKLY;BYDAY=SU" --notice 72h,24h,1h --only-queue images',
            fill=_SUNDAY,
        ),
        Step(CELERY + "schedule list --starts 3"),
        Step(CELERY + "schedule show Reindex"),
        Step(CELERY + "schedule change Reindex --duration 2h"),
        Step(CELERY + "schedule cancel Reindex"),
        Step(
            CELERY
            + 'schedule add -r "Reindex" --at "2026-12-06 02:00" -z Europe/Berlin -d 90m -e "FREQ=WEEKLY"',
            fill=_SUNDAY,
        ),
    ),
)


def _port(_fleet: Fleet) -> str:
    return str(free_port())


def _token_file(fleet: Fleet) -> str:
    path = fleet.folder / "metrics.token"
    path.write_text("a token of more than sixteen characters\n")
    path.chmod(0o600)
    return str(path)


SERVERS = Scenario(
    "what goes on by itself, and the servers' own tools",
    begin=prepared("migrate"),
    steps=(
        Step("celery -A shop worker -Q maintenance -c 2", until="transport:", stays=True),
        Step("celery -A shop inspect ping", says=["pong"], before=lambda fleet: fleet.worker()),
        Step(CELERY + "web", fill={"web": "web --port 0"}, until="http://"),
        Step(CELERY + "web --port 8080", fill={"8080": _port}, until="http://"),
        Step(
            CELERY + "web --host 0.0.0.0 --port 8080 --behind-tls --trusted-proxy 10.0.0.5",
            fill={"0.0.0.0": "127.0.0.1", "8080": _port},  # noqa: S104 - replaced
            until="http",
        ),
        Step(CELERY + "metrics", fill={"metrics": "metrics --port 0"}, until="http"),
        Step(CELERY + "metrics --once", says=["guard_state_known"]),
        Step(
            CELERY + "metrics --port 9540 --host 10.0.0.7 --behind-tls --token-file /etc/guard/metrics.token",
            fill={"9540": _port, "10.0.0.7": "127.0.0.1", "/etc/guard/metrics.token": _token_file},
            until="http",
        ),
        Step(
            "celery -A shop flower",
            fill={"flower": lambda _: f"flower --port={free_port()}"},
            until="Visit me",
            stays=True,  # Ctrl-C in the instant in which it starts a thread leaves Python waiting for it
        ),
        Step(CELERY + "notifications", says=["nobody"]),
        Step(CELERY + "notifications list --stage waiting"),
        Step(CELERY + "notifications retry --all"),
        Step(CELERY + "notifications send-test", code=2, says=["nobody would be told"]),
        Step('redis-cli -u "$REDIS_URL" ping', says=["PONG"]),
        Step('redis-cli -u "$REDIS_URL" info memory', says=["used_memory_human"]),
        Step(
            'redis-cli -u "$REDIS_URL" info memory '
            '| grep -E "used_memory_human|maxmemory_human|maxmemory_policy"',
            says=["noeviction"],
        ),
        Step('redis-cli -u "$REDIS_URL" slowlog get 10'),
        Step('redis-cli -u "$REDIS_URL" info stats', says=["evicted_keys"]),
        Step('redis-cli -u "$REDIS_URL" --scan --pattern "vedfolnir:session:*" | wc -l', says=["0"]),
    ),
)
