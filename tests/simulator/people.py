"""Who publishes jobs, who opens and ends windows, and who sets things right in the end."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

from guard.agent.follower import ProducerFollower
from guard.agent.witness import Witness
from guard.core.agents import AgentCard
from guard.core.changes import WindowRequest
from guard.core.headers import PUBLICATION_HEADER
from guard.core.modes import CLOSED_PHASES, Gate, Mode
from guard.core.named_events import not_announced
from guard.errors import GuardError
from guard.gates.runtime import Runtime
from tests.simulator.broker import BrokerClient, BrokerDown
from tests.simulator.celery_worker import TASKS
from tests.simulator.conducting import Conducting
from tests.simulator.hub import hub
from tests.simulator.stand_ins import MASK_OF
from tests.simulator.stores import Durable, Ear, RedisClient, Tally
from tests.simulator.worker import quiet_figures

if TYPE_CHECKING:
    from tests.simulator.world import World

__all__ = ["Admin", "Healer", "Producer"]

_MODES = (Mode.NORMAL, Mode.NORMAL, Mode.NORMAL, Mode.EMERGENCY, Mode.TEST)


class _NoFile:
    def exists(self) -> bool:
        return False


class Producer:
    """A process that publishes, with an agent of its own."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.agent_id = world.next_name("producer")
        self.process = world.new_process(self.agent_id)
        self._publishes = True
        hub().spawn(self.process, self._run)

    def stop(self) -> None:
        self._publishes = False

    def _run(self) -> None:
        world, process = self._world, self.process
        self.runtime = Runtime(ensure_agent=self._ensure, count_at_once=lambda *_: None)
        self.runtime.figures = quiet_figures
        client = RedisClient(world, process)
        self.agent: Any = world.parts.agent(
            card=AgentCard(
                agent_id=self.agent_id, role="producer", node=self.agent_id, host="here", pid=process.pid
            ),
            runtime=self.runtime,
            plane=world.parts.plane(client),
            witness=Witness(Durable(world, process, witness=True), world.clock),
            wake_up=Ear(world, process, "wake"),
            tally=Tally(client),
            figures=quiet_figures,
            lease=world.parts.lease,
            clock=world.clock,
            follower=ProducerFollower(),
            local_close=_NoFile(),
            secret=None,
            page=None,
            announce=not_announced,
        )
        self.agent.start()
        broker = BrokerClient(world, process)
        dice = world.dice
        gap = dice.choice((0.3, 0.8, 2.0))
        while self._publishes:
            hub().park(dice.uniform(0.0, gap * 2))
            if self._publishes:
                self._publish(broker)

    def _ensure(self) -> None:
        self.agent.renew_if_due()

    def _publish(self, broker: BrokerClient) -> None:
        """The question of the publish gate, and the publication."""
        from tests.simulator.world import Job

        world, dice = self._world, self._world.dice
        task = TASKS[dice.choice(("caption", "caption", "batch", "batch", "early", "look"))]
        view = self.runtime.view()
        blocked = bool(MASK_OF(task.kind) >> view.gate & 1)
        if not blocked or view.gate is not Gate.UNKNOWN:
            world.log("publisher asked", self.agent_id, view.gate.name)
        if blocked and dice.random() < 0.5:
            world.log("refused", self.agent_id, view.gate.name)
            return  # as `refuse`; else as `hold`, which publishes
        name = world.next_name("job")
        eta = (
            hub().now + dice.uniform(0.2, 4.0)
            if dice.random() < (0.5 if world.parts.haste else 0.15)
            else 0.0
        )
        job = world.jobs[name] = Job(name, task.name, dice.choice((0.02, 0.1, 0.5, 2.0)), eta)
        if world.ablaze:
            job.seconds += world.reactions.uniform(0.0, 3.0)
        headers = {"id": name, "task": task.name, "retries": 0, PUBLICATION_HEADER: f"pub-{name}"}
        try:
            with broker.channel():
                broker.connection.Producer(serializer=None).publish(
                    {}, routing_key=task.queue, headers=headers
                )
        except BrokerDown:
            world.log("not confirmed", name)
            job.accepted = False
        else:
            world.log("accepted", name, task.kind.guarded, task.acks_late)
            job.accepted = True


class Admin:
    """Opens, changes and ends windows. Who is killed is followed by another, who goes on with the plan."""

    def __init__(self, world: World) -> None:
        self._world = world
        dice = world.dice
        self._plan: list[tuple[float, str, Mode]] = []
        at = dice.uniform(0.3, 2.5)
        for _ in range(4 if world.parts.haste else dice.choice((1, 2, 2))):
            mode = dice.choice(_MODES)
            if world.ablaze and mode is Mode.NORMAL:
                mode = Mode.EMERGENCY
            self._plan.append((at, "enable", mode))
            if dice.random() < 0.3:
                self._plan.append((at, "advance", mode))
            held = (0.3, 0.6) if world.parts.haste else (0.05, 0.5, 2.0, 5.0)
            at += dice.choice(held) * dice.uniform(0.5, 1.5)
            if mode is Mode.NORMAL and dice.random() < 0.25:
                self._plan.append((at, "escalate", Mode.EMERGENCY))
                at += dice.uniform(0.1, 3.0)
            if dice.random() < 0.85:
                self._plan.append((at, "disable", mode))
                at += dice.choice((0.0, 0.05, 0.5, 3.0)) * dice.uniform(0.5, 1.5)
        self.moments = tuple(moment for moment, _, _ in self._plan)
        self.start()
        if dice.random() < 0.3:
            self._second(at)

    def _second(self, at: float) -> None:
        """Somebody else meddles."""
        other = object.__new__(Admin)
        other._world, dice = self._world, self._world.dice
        moment = dice.uniform(0.5, at)
        other._plan = [(moment, dice.choice(("enable", "disable", "advance")), dice.choice(_MODES))]
        other.start()

    def start(self) -> None:
        world = self._world
        self.process = world.new_process(world.next_name("admin"))
        hub().spawn(self.process, self._run)

    def _run(self) -> None:
        world, now = self._world, hub()
        conducting = Conducting(world, self.process)
        while self._plan:
            at, what, mode = self._plan[0]
            if at > now.now:
                now.park(at - now.now)
            self._plan.pop(0)
            if world.healing:
                return
            try:
                self._do(conducting, what, mode)
            except GuardError as error:
                world.log("admin failed", what, type(error).__name__)
            except Exception:  # noqa: BLE001 - judged: nobody is to see a traceback
                world.log("stumbled", "admin", what, traceback.format_exc())

    def _do(self, conducting: Conducting, what: str, mode: Mode) -> None:
        world, now = self._world, hub()
        world.log("admin", what, mode.value)
        if what == "enable":
            if world.sql_away:
                world.fired["SQL was away at enable"] += 1
            window = conducting.conductor.enable(
                WindowRequest.check(mode=mode.value, reason="work", duration=60, by="admin")
            )
            _tell(world, window)
        elif what == "escalate":
            _tell(world, conducting.conductor.change("admin", mode="emergency"))
        elif what == "advance":
            conducting.advancing.run(until=now.boot() + world.dice.choice((1.0, 3.0, 8.0)))
        else:
            window = conducting.conductor.disable("admin", unverified=True)
            world.log("disabled", window.window_id, window.epoch, window.released, window.still_parked)


def _tell(world: World, window: Any) -> None:
    def lives(seen: Any) -> tuple[str, ...] | None:
        return None if seen is None else tuple(text.split(" ")[0] for text in seen)

    world.log(
        "enabled",
        window.window_id,
        window.epoch,
        window.mode,
        window.proof,
        lives(window.acknowledged),
        lives(window.unconfirmed),
        None if window.running is None else tuple(job.task_id for job in window.running),
    )
    world.fired[f"enable returned, proof: {window.proof}"] += 1


class Healer:
    """Ends whatever window is open once everything works again."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.start()

    def start(self) -> None:
        self.process = self._world.new_process(self._world.next_name("healer"))
        hub().spawn(self.process, self._run)

    def _run(self) -> None:
        world = self._world
        conducting = Conducting(world, hub().process)
        hub().park(5.0 if world.dice.random() < 0.15 else 0.5)
        while not world.done:
            try:
                state = conducting.durable.read()
                live = conducting.plane.read()
                if state.phase in CLOSED_PHASES or (live.epoch > state.epoch and live.gate is not Gate.OPEN):
                    conducting.conductor.disable("healer", unverified=True)
            except GuardError:
                pass
            hub().park(1.0)
