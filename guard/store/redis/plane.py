"""The control plane on Redis. Each operation is one script, so each is atomic and may be repeated."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from guard.core.record import read_record, write_record
from guard.errors import StaleEpoch, StateMissing, StoreUnavailable
from guard.ports import Barrier, Renewal, RosterEntry
from guard.store.redis.client import connect, in_our_words, lua
from guard.store.redis.codec import card_of, card_text, report_of, report_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis import Redis

    from guard.core.state import GuardState
    from guard.ports import AgentCard, AgentReport
    from guard.store.redis.keys import Keys

__all__ = ["FORGET_SILENT_MS", "RedisControlPlane"]

FORGET_SILENT_MS = 60_000
"""After a minute of silence an agent is dropped from the registry. Its lease ended long before."""


class RedisControlPlane:
    """State, registry and acknowledgements.

    Args:
        url: where Redis is.
        keys: the names.
        secret: the key that records are signed with, or None.
        timeout: seconds per command.
        name: what ``CLIENT LIST`` shows.
    """

    def __init__(
        self, url: str, keys: Keys, *, secret: bytes | None, timeout: float, name: str = "guard"
    ) -> None:
        self._keys = keys
        self._secret = secret
        self.client: Redis = connect(url, timeout=timeout, name=name)
        self._server = ""
        self._publish = self.client.register_script(lua("publish"))
        self._renew = self.client.register_script(lua("renew"))
        self._acknowledge = self.client.register_script(lua("acknowledge"))
        self._leave = self.client.register_script(lua("leave"))
        self._barrier = self.client.register_script(lua("barrier"))

    @property
    def connected_anew(self) -> bool:
        """Whether the next command goes over a connection whose server is not yet known.

        SQL must be asked before such a server is believed: it may have lost the last change.
        """
        return not self._server

    def server(self) -> str:
        """The identity of the server process behind this connection."""
        if not self._server:
            with in_our_words():
                self._server = str(self.client.info("server").get("run_id", "unknown"))
        return self._server

    def read(self) -> GuardState:
        with self._watching():
            return self._state(self.client.hget(self._keys.state, "record"))  # type: ignore[arg-type]

    def compare_and_set(self, expected_epoch: int, new: GuardState) -> None:
        written, found = self._write(new, str(expected_epoch))
        if not written:
            raise StaleEpoch(expected=expected_epoch, found=found)

    def publish(self, state: GuardState) -> bool:
        written, _ = self._write(state, "")
        return written

    def _write(self, state: GuardState, expected: str) -> tuple[bool, int]:
        keys = self._keys
        server = self.server()
        with self._watching():
            written, found = self._publish(
                keys=[keys.state, keys.agents, keys.waiting, keys.reports, keys.registry],
                args=[state.epoch, write_record(state, self._secret), keys.wake, server, expected],
            )
        return bool(written), int(found)

    def renew(self, card: AgentCard, report: AgentReport | None, *, register: bool) -> Renewal:
        record, card_wanted = self._renew_once(card, report, tell_card=register)
        if card_wanted:  # the server forgot us: it was wiped, or we were silent for long
            record, _ = self._renew_once(card, report, tell_card=True)
        return Renewal(state=self._state(record))

    def _renew_once(
        self, card: AgentCard, report: AgentReport | None, *, tell_card: bool
    ) -> tuple[str, bool]:
        keys = self._keys
        server = self.server()
        with self._watching():
            record, wanted = self._renew(
                keys=[
                    keys.state,
                    keys.agents,
                    keys.seen,
                    keys.registry,
                    keys.reports,
                    keys.acks,
                    keys.waiting,
                ],
                args=[
                    card.agent_id,
                    card_text(card) if tell_card else "",
                    report_text(report) if report else "",
                    server,
                    FORGET_SILENT_MS,
                ],
            )
        return record, bool(wanted)

    def acknowledge(self, agent_id: str, epoch: int, report: AgentReport) -> None:
        keys = self._keys
        with self._watching():
            self._acknowledge(
                keys=[keys.state, keys.acks, keys.waiting, keys.reports, keys.agents],
                args=[agent_id, epoch, report_text(report), keys.acknowledged],
            )

    def leave(self, agent_id: str) -> None:
        keys = self._keys
        with self._watching():
            self._leave(keys=[keys.agents, keys.seen, keys.acks, keys.reports, keys.waiting], args=[agent_id])

    def barrier(self) -> Barrier:
        keys = self._keys
        with self._watching():
            epoch, pending, age_ms, server = self._barrier(keys=[keys.state, keys.waiting, keys.registry])
        if int(epoch) < 0:
            raise StateMissing("Redis holds no guard state")
        return Barrier(
            epoch=int(epoch), pending=int(pending), registry_age=int(age_ms) / 1000, server=str(server)
        )

    def roster(self) -> list[RosterEntry]:
        keys = self._keys
        with self._watching():
            pipe = self.client.pipeline(transaction=True)
            pipe.hgetall(keys.agents)
            pipe.hgetall(keys.seen)
            pipe.hgetall(keys.acks)
            pipe.hgetall(keys.reports)
            pipe.time()
            cards, seen, acks, reports, (seconds, micros) = pipe.execute()
        now_ms = int(seconds) * 1000 + int(micros) // 1000
        return [
            RosterEntry(
                card=card_of(text),
                acknowledged_epoch=int(acks.get(agent_id, -1)),
                seen_seconds_ago=max(0, now_ms - int(seen.get(agent_id, 0))) / 1000,
                report=report_of(reports[agent_id]) if agent_id in reports else None,
            )
            for agent_id, text in cards.items()
        ]

    def eviction_policy(self) -> str | None:
        """Redis' ``maxmemory_policy``; None when it does not say. ``CONFIG`` is off on production servers."""
        try:
            with self._watching():
                return str(self.client.info("memory").get("maxmemory_policy"))
        except StoreUnavailable:
            return None

    def close(self) -> None:
        """Close the connections. The plane may be used again; it connects anew."""
        self.client.close()
        self._server = ""

    def _state(self, record: str | None) -> GuardState:
        if not record:
            raise StateMissing("Redis holds no guard state: it is new, or was wiped")
        return read_record(record, self._secret)

    @contextmanager
    def _watching(self) -> Iterator[None]:
        """Errors in our words; after a broken connection whoever answers next may be another server."""
        try:
            with in_our_words():
                yield
        except StoreUnavailable as error:
            if isinstance(error.__cause__, (RedisConnectionError, RedisTimeoutError, OSError)):
                self._server = ""
            raise
