"""One fault run: windows and faults by a plan; then everything is healed, and what was accepted must end."""

from __future__ import annotations

import heapq
import itertools
import json
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.stress.faults import Scene
from tests.support.eventually import eventually, let_pass
from tests.support.valkey import Valkey

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping

    from tests.stress.fleet import Fleet
    from tests.stress.judge import Judge
    from tests.stress.plan import Plan

__all__ = ["Ran", "finish", "run", "work_off"]

SETTLE_WITHIN = 90.0
STUCK_SECONDS = 2.5
"""Nothing has ended for so long: what is left waits for somebody who is dead."""
ROUND_SECONDS = 15.0
"""On RabbitMQ nothing waits for the dead; a release that was left is taken up by the next housekeeping."""


@dataclass
class Ran:
    """What a run did.

    Attributes:
        fired: faults by kind; those that met nobody are not in it.
        problems: why it did not settle.
        seconds: how long it took, the judging left out.
    """

    script: str
    fired: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0


def run(
    fleet: Fleet,
    plan: Plan,
    kinds: Mapping[str, Callable[[Scene], bool]],
    chance: random.Random,
    judge: Judge,
) -> Ran:
    """Do what the plan says, heal, and wait until all is at rest."""
    ran = Ran(plan.script)
    began = time.monotonic()
    agenda = _Agenda()
    scene = Scene(fleet, chance, agenda.later)
    fleet.publish(True)
    for at, do, request in plan.commands:
        agenda.later(at, lambda do=do, request=request: _command(scene, ran, do, request))
    for at, kind in plan.faults:

        def inflict(kind: str = kind) -> None:
            ran.fired[kind] += kinds[kind](scene)

        agenda.later(at, inflict)
    agenda.work_off()
    fleet.publish(False)
    ran.problems += _settle(fleet, judge)
    ran.fired = +ran.fired
    ran.seconds = time.monotonic() - began
    return ran


class _Agenda:
    """What is to be done at which moment; whatever is done may add more."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._items: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()

    def later(self, seconds: float, what: Callable[[], object]) -> None:
        heapq.heappush(self._items, (time.monotonic() + seconds, next(self._order), what))

    def work_off(self) -> None:
        while self._items:
            at, _, what = heapq.heappop(self._items)
            let_pass(max(0.0, at - time.monotonic()))
            what()


def _command(scene: Scene, ran: Ran, do: str, request: dict[str, Any]) -> None:
    fleet = scene.fleet
    if do == "kill":
        opener = fleet.members["opener"]
        if opener.process.alive:
            opener.process.kill()
            scene.hurt("kill opener", process=opener.label)
            ran.fired[ran.script] += 1
        fleet.launch("opener")
        return
    if do == "conduct":
        request = {**request, "window_id": str(uuid.uuid4())}
    fleet.tell(do, request=request)


def _settle(fleet: Fleet, judge: Judge) -> list[str]:
    """Heal everything, end what is open, and let run what can run now. Gives what was wrong."""
    problems = []
    fleet.servers.heal()
    problems += [f"{member.label} did not end in order" for member in fleet.bury()]
    try:
        fleet.wait_until_ready()
        eventually(lambda: fleet.ask("rest", within=30), within=SETTLE_WITHIN, what="the gate to be open")
    except AssertionError as error:
        problems.append(str(error)[-2000:])
    work_off(fleet, judge)
    for window in judge.windows_to_account():
        fleet.ask("account", window=window)
    judge.read()
    return problems


def work_off(fleet: Fleet, judge: Judge) -> None:
    """Wait as long as jobs end. What dead workers had taken from Redis comes back meanwhile."""
    judge.read()
    left, since = len(judge.unfinished()), time.monotonic()
    began = since
    patience = STUCK_SECONDS if isinstance(fleet.servers.broker, Valkey) else ROUND_SECONDS
    while judge.unfinished() and time.monotonic() - began < SETTLE_WITHIN:
        let_pass(0.1)
        judge.read()
        if len(judge.unfinished()) != left:
            left, since = len(judge.unfinished()), time.monotonic()
        elif time.monotonic() - since > patience:
            if not _bring_back(fleet, judge):
                return
            since = time.monotonic()


def finish(fleet: Fleet, judge: Judge) -> None:
    """At the end of a session: wait for the last jobs, or for the ledger to say that they are lost."""
    until = time.monotonic() + judge.patience
    while judge.unfinished() - judge.evidence.lost and time.monotonic() < until:
        fleet.ask("rest")
        work_off(fleet, judge)
        if judge.hopeless:
            return


def _bring_back(fleet: Fleet, judge: Judge) -> int:
    """On Redis: what dead workers had taken goes back to its queue, as it does after the visibility timeout,
    which is an hour in production and here. Only jobs that have not ended; gives how many."""
    broker = fleet.servers.broker
    if not isinstance(broker, Valkey):
        return 0
    waiting, moved = judge.unfinished(), 0
    living = {member.label for member in fleet.members.values() if member.process.alive}
    if any(judge.evidence.jobs[task_id].runs_in(living) for task_id in waiting):
        return 1  # somebody is still at it, and may have taken more
    with broker.client() as client:
        if any(_id_of(raw) in waiting for raw in _queued(client)):
            return 1  # somebody has still to take it
        for tag, text in client.hgetall("unacked").items():
            payload, _, key = json.loads(text)
            if payload["headers"].get("id") not in waiting:
                continue
            payload["headers"]["redelivered"] = payload["properties"]["delivery_info"]["redelivered"] = True
            with client.pipeline() as together:
                together.zrem("unacked_index", tag).hdel("unacked", tag)
                together.rpush(str(key), json.dumps(payload))
                together.execute()
            moved += 1
    fleet.faults.note("brought back", jobs=moved)
    return moved


def _queued(client: Any) -> Iterator[str]:
    """Messages in queues, the parking queue among them."""
    for key in client.scan_iter(_type="list"):
        yield from client.lrange(key, 0, -1)


def _id_of(raw: str) -> str:
    return str(json.loads(raw)["headers"].get("id"))
