"""A thousand and ten thousand agents on one Redis: how soon all have acknowledged, and what they cost it."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from benchmarks.closing import wait_for_whole_registry
from benchmarks.figures import Figure, Result, at_most
from benchmarks.fleet import Arm, Fleet
from benchmarks.numbers import percentile
from guard.store.redis.client import lua
from tests.support.processes import SETPRIV

if TYPE_CHECKING:
    from guard import Guard

__all__ = ["measure"]

SIZES = {1_000: 12, 10_000: 5}
"""Agents, and for how many windows."""
_PROCESSES = 3
_SPARE_FILES = 500
_WATCH_SECONDS = 4.0
_DEADLINE = 1.5


def measure(*, quick: bool) -> Result:
    """For each size a fresh server, the agents in three processes, and windows by the real conductor."""
    figures: list[Figure] = []
    notes = [
        "simulated: the real scripts and messages, one RESP3 connection each where a worker has two",
        "they, the server and the conductor share this machine's processors",
        "a real agent gives up a renewal after 0.5 s and tries again until its 5 s of trust have passed",
        "p99 over so few windows is the slowest of them",
    ]
    raw: dict[str, Any] = {}
    sizes = {min(SIZES): 2} if quick else SIZES
    for size, windows in sizes.items():
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1] - _SPARE_FILES
        if size > most:
            notes.append(f"{size:,} agents left out: this machine allows {most:,} open files (ulimit -Hn)")
            continue
        seen = _one_size(size, windows)
        raw[str(size)] = seen
        figures += _figures(size, seen)
    return Result(title="Many agents on one Redis", figures=figures, notes=notes, raw=raw)


def _figures(size: int, seen: dict[str, Any]) -> list[Figure]:
    took, called = seen["took"], seen["called"]
    name = f"{size:,} agents: "
    return [
        Figure(name=f"{name}all acknowledged, p50", value=percentile(took, 0.5), unit="s"),
        Figure(
            name=f"{name}all acknowledged, p99",
            value=percentile(took, 0.99),
            unit="s",
            target=at_most(_DEADLINE) if not seen["silent"] else at_most(0),
        ),
        Figure(name=f"{name}the whole call of `enable`, p50", value=percentile(called, 0.5), unit="s"),
        Figure(
            name=f"{name}renewals over 0.5 s while windows open and end",
            value=100 * seen["late_in_windows"] / seen["renewals_in_windows"],
            unit="%",
        ),
        Figure(name=f"{name}renewals", value=seen["renewals"], unit="/s"),
        Figure(name=f"{name}processor time of the server for them", value=seen["processor"] * 100, unit="%"),
        Figure(name=f"{name}memory of the server, in use", value=seen["memory"], unit="MB"),
        Figure(name=f"{name}of which the guard's keys, per agent", value=seen["per_agent"], unit="KB"),
    ]


def _one_size(size: int, windows: int) -> dict[str, Any]:
    with Fleet("--maxclients", str(size + _SPARE_FILES // 2)) as fleet, fleet.valkey.client() as client:
        arm = fleet.arm(0, guarded=True)
        _, guard = arm.app()
        assert guard is not None
        empty = client.info("memory")["used_memory"]
        guard._parts.stores.plane.publish(guard._parts.stores.durable.read())
        for script in ("renew", "acknowledge"):
            client.script_load(lua(script))
        swarms = []
        try:
            swarms = [_start(arm, guard, size, part) for part in range(_PROCESSES)]
            for swarm in swarms:
                assert swarm.stdout is not None
                if swarm.stdout.readline() != "ready\n":
                    raise SystemExit("the simulated agents did not start")
            wait_for_whole_registry(guard)
            time.sleep(_DEADLINE)
            seen = _idle(client)
            memory = client.info("memory")
            keys = [client.memory_usage(key, samples=0) or 0 for key in client.scan_iter("{guard}:*")]
            seen |= {
                "memory": memory["used_memory"] / 2**20,
                "empty": empty / 2**20,
                "per_agent": sum(keys) / size / 1024,
            }
            before = _totals(swarms)
            seen |= _windows(guard, size, windows)
            after = _totals(swarms)
            return seen | {f"{key}_in_windows": after[key] - before[key] for key in after}
        finally:
            for swarm in swarms:
                swarm.kill()
                swarm.communicate()


def _idle(client: Any) -> dict[str, float]:
    """What the server does while nobody opens a window."""
    readings = []
    for pause in (0.0, _WATCH_SECONDS):
        time.sleep(pause)
        cpu = client.info("cpu")
        calls = client.info("commandstats")["cmdstat_evalsha"]["calls"]
        readings.append((time.perf_counter(), calls, cpu["used_cpu_user"] + cpu["used_cpu_sys"]))
    (begun, calls, used), (ended, calls_then, used_then) = readings
    spent = ended - begun
    return {"renewals": (calls_then - calls) / spent, "processor": (used_then - used) / spent}


def _windows(guard: Guard, size: int, number: int) -> dict[str, Any]:
    took, called, silent = [], [], 0
    for _ in range(number):
        begun = time.perf_counter()
        window = guard.enable(reason="benchmark", by="benchmark", duration=600)
        called.append(time.perf_counter() - begun)
        took.append(window.took)
        silent += len(window.acknowledged) != size
        guard.disable(by="benchmark")
        time.sleep(_DEADLINE)  # four epochs have passed by; let the last be acknowledged too
    return {"took": took, "called": called, "silent": silent}


def _totals(swarms: list[subprocess.Popen[str]]) -> dict[str, int]:
    """What all simulated agents have counted so far."""
    totals: dict[str, int] = {}
    for swarm in swarms:
        assert swarm.stdin is not None
        assert swarm.stdout is not None
        swarm.stdin.write("?\n")
        swarm.stdin.flush()
        for key, number in json.loads(swarm.stdout.readline()).items():
            totals[key] = totals.get(key, 0) + number
    return totals


def _start(arm: Arm, guard: Guard, size: int, part: int) -> subprocess.Popen[str]:
    first, end = size * part // _PROCESSES, size * (part + 1) // _PROCESSES
    argv = [sys.executable, "-W", "ignore", "-m", "benchmarks.swarm"]
    if SETPRIV:
        argv = [SETPRIV, "--pdeathsig", "KILL", "--", *argv]
    swarm = subprocess.Popen(
        argv,
        env=arm.process_environ(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    orders = {
        "first": first,
        "agents": end - first,
        "namespace": guard.settings.guard_namespace,
        "server": guard._parts.stores.plane.client.info("server")["run_id"],
        "socket": str(arm.fleet.valkey.socket),
        "db": arm.db,
    }
    assert swarm.stdin is not None
    swarm.stdin.write(json.dumps(orders) + "\n")
    swarm.stdin.flush()
    return swarm
