"""Broker, workers and tasks, asked without changing anything: nothing is declared, told or made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.core.agents import QUEUES_QUESTION
from guard.core.blocking_checks import live_workers
from guard.core.doctor_facts import BeatFacts, BrokerFacts, JobFacts, ParkedFacts, Reply, TaskFacts
from guard.doctor.servers import outside
from guard.fleet.broker import Broker, says_not_found
from guard.fleet.consumers import Consumers
from guard.fleet.queues import Queues
from guard.store.redis.parked import RedisParkedIndex

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis import Redis

    from guard.core.roster import RosterEntry
    from guard.doctor.world import World

__all__ = ["BEAT", "FleetSide"]

BEAT = "beat@"
"""How a beat with a guard names itself in the registry."""
_CONNECT_SECONDS = 3.0
_REPLY_SECONDS = 2.0
_ASK_SECONDS = 1.2
_MOST_PARKED = 2000
_VISIBILITY = 3600.0
"""kombu's own for Redis."""
_OURS = ("celery.", "guard.")
"""How tasks begin that are not the application's."""


class FleetSide:
    """The fleet of one app."""

    def __init__(self, world: World, client: Callable[[], Redis]) -> None:
        self._world = world
        self._app = world.app
        self._client = client
        self._brokers: list[Broker] = []

    def _broker(self) -> Broker:
        """Of one thread: a broker's connection serves one at a time."""
        self._brokers.append(Broker(self._app))
        return self._brokers[-1]

    def broker(self) -> BrokerFacts:
        """Reach it. Raises what kombu raises."""
        with self._app.connection_for_write(connect_timeout=_CONNECT_SECONDS) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=int(_CONNECT_SECONDS))
        broker = self._broker()
        if not broker.is_redis:
            return BrokerFacts(redis=False)
        from redis import Redis
        from redis.exceptions import RedisError

        try:
            with broker.channel() as channel:
                told: dict[str, Any] = Redis(connection_pool=channel.pool).info("memory")
        except RedisError:
            return BrokerFacts(redis=True)
        return BrokerFacts(redis=True, policy=told.get("maxmemory_policy"))

    def replies(self, roster: list[RosterEntry], _broker: BrokerFacts) -> list[Reply]:
        """What live workers say of themselves. Returns as soon as all have answered."""
        nodes = [one.card.node for one in live_workers(roster, self._world.settings.guard_lease_seconds)]
        if not nodes:
            return []
        before = self._world.clock.wall()
        answers: list[dict[str, Any]] = (
            self._app.control.broadcast(
                QUEUES_QUESTION,
                destination=sorted(set(nodes)),
                reply=True,
                timeout=_REPLY_SECONDS,
                limit=len(nodes),
            )
            or []
        )
        after = self._world.clock.wall()
        return [
            _reply(str(node), said, before, after)
            for answer in answers
            for node, said in answer.items()
            if isinstance(said, dict) and "agent_id" in said
        ]

    def unguarded(self, roster: list[RosterEntry], broker: BrokerFacts) -> list[str] | None:
        """Consumers that the guard does not know."""
        nodes = {one.card.node for one in roster}
        told = self._app.control.inspect(timeout=_ASK_SECONDS).active_queues() or {}
        named = sorted(node for node in told if node not in nodes)
        if named:
            return named
        consumers = self._broker()
        if broker.redis:
            return Consumers(self._app, consumers).unguarded(guarded_queues=(), known_nodes=nodes)
        return self._more_than_known(consumers, roster)

    def _more_than_known(self, broker: Broker, roster: list[RosterEntry]) -> list[str] | None:
        """Queues that have more consumers than registered workers take from them."""
        found = []
        for name in self._app.amqp.queues:
            known = sum(name in one.card.queues for one in roster)
            try:
                with broker.channel() as channel:
                    count = int(channel.queue_declare(name, passive=True).consumer_count)
            except broker.errors as error:
                if says_not_found(error):
                    continue
                return None
            if count > known:
                found.append(f"{count - known} of the {count} consumers of queue {name}")
        return found

    def jobs(self) -> JobFacts:
        """How the app treats its jobs."""
        conf = self._app.conf
        expires = conf.result_expires
        seconds = expires.total_seconds() if hasattr(expires, "total_seconds") else expires
        options = conf.broker_transport_options or {}
        broker = self._broker()
        redis = broker.is_redis  # by its address: nothing is connected
        return JobFacts(
            redis=redis,
            visibility=float(options.get("visibility_timeout", _VISIBILITY)) if redis else None,
            result_expires=float(seconds) if seconds else None,
            rejects_lost=bool(conf.task_reject_on_worker_lost),
            restores_prefetch=broker.is_amqp and bool(conf.worker_enable_prefetch_count_reduction),
            tasks=tuple(self._task(name) for name in sorted(self._app.tasks) if not name.startswith(_OURS)),
        )

    def _task(self, name: str) -> TaskFacts:
        task, conf = self._app.tasks[name], self._app.conf
        queue = getattr(task, "queue", None) or self._world.classifier.routed(name)
        limit = task.time_limit if task.time_limit is not None else conf.task_time_limit
        return TaskFacts(
            name=name,
            matched=self._world.classifier.registry.knows_task(
                name, declared=getattr(task, "operation", None), queue=queue
            ),
            queue=str(queue) if queue is not None else None,
            late=bool(task.acks_late if task.acks_late is not None else conf.task_acks_late),
            limit=float(limit) if limit else None,
            by_choice=bool(conf.task_acks_late and task.acks_late is False),
        )

    def parked(self, roster: list[RosterEntry], _broker: BrokerFacts) -> ParkedFacts:
        """The parking queue, its index, and what workers know. Raises StoreUnavailable."""
        live = live_workers(roster, self._world.settings.guard_lease_seconds)
        index = RedisParkedIndex(self._client(), self._world.keys)
        return ParkedFacts(
            waiting=Queues(self._app, self._broker()).length(self._world.settings.guard_parked_queue),
            jobs=tuple(index.jobs(_MOST_PARKED)),
            known_tasks=frozenset(task for one in live for task in one.card.tasks),
        )

    def beats(self, roster: list[RosterEntry], ticked: tuple[float, float] | None) -> BeatFacts:
        """Who sends what is due."""
        limit = self._world.settings.guard_lease_seconds
        return BeatFacts(
            wanted=bool(self._app.conf.beat_schedule),
            registered=tuple(
                f"{one.card.node} (process {one.card.pid})"
                for one in roster
                if one.card.node.startswith(BEAT) and one.seen_seconds_ago <= limit
            ),
            ticked=ticked,
        )

    def close(self) -> None:
        """Close what was opened here."""
        for broker in self._brokers:
            broker.close()


def _reply(node: str, said: dict[str, Any], before: float, after: float) -> Reply:
    wall, key, told, beat = (said.get(name) for name in ("wall", "key", "release", "beat"))
    return Reply(
        node=node,
        agent_id=str(said["agent_id"]),
        ahead=outside(float(wall), before, after) if isinstance(wall, int | float) else None,
        key=str(key) if key is not None else None,
        release=str(told) if told is not None else None,
        beat=bool(beat) if beat is not None else None,
    )

