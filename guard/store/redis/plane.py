"""The control plane on Redis. Each operation is one script, so each is atomic and may be repeated."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ReadOnlyError
from redis.exceptions import TimeoutError as RedisTimeoutError

from guard.core.agents import Renewal
from guard.core.record import read_record, write_record
from guard.errors import StaleEpoch, StateMissing, StoreError, StoreUnavailable
from guard.store.redis.client import connect, in_our_words, lua
from guard.store.redis.codec import card_of, card_text, number_of, report_of, report_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from redis import Redis

    from guard.core.agents import AgentCard, AgentReport
    from guard.core.roster import Barrier, RosterEntry
    from guard.core.state import GuardState
    from guard.store.redis.keys import Keys

__all__ = ["FORGET_SILENT_MS", "RedisControlPlane"]

FORGET_SILENT_MS = 60_000
"""After a minute of silence an agent is dropped from the registry. Its lease ended long before."""

_REMEMBER_DEPARTED_SECONDS = 7 * 24 * 3600
"""As long as the longest window."""


def _is_no_primary(error: BaseException | None) -> bool:
    """Whether a server takes no writes because it is a replica, or a primary that was cut off."""
    return isinstance(error, ReadOnlyError) or str(error).startswith("NOREPLICAS")


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
        self._server = ""
        self.connections = 0
        """How many connections were made so far. Another number means that another server may answer."""
        self.client: Redis = connect(url, timeout=timeout, name=name, on_connect=self._connected)
        self._publish = self.client.register_script(lua("publish"))
        self._renew = self.client.register_script(lua("renew"))
        self._acknowledge = self.client.register_script(lua("acknowledge"))
        self._leave = self.client.register_script(lua("leave"))
        self._barrier = self.client.register_script(lua("barrier"))

    def _connected(self, connection: Any) -> None:
        """A new connection: ask on it, before anything else, which server process is behind it."""
        connection.send_command("INFO", "server")
        text = connection.read_response()
        lines = text.decode() if isinstance(text, bytes) else str(text)
        found = [line.partition(":")[2] for line in lines.splitlines() if line.startswith("run_id:")]
        self._server = found[0].strip() if found else "unknown"
        self.connections += 1

    def _identified(self, call: Callable[[str], Any]) -> Any:
        """Run a script that is told the server's identity; again if the connection was replaced
        meanwhile, since the identity was then another's. Every script may be repeated."""
        with self._watching():
            if not self._server:
                self.client.ping()
            server = self._server
            answer = call(server)
            return answer if server == self._server else call(self._server)

    def read(self) -> GuardState:
        with self._watching():
            return self._state(self.client.hget(self._keys.state, "record"))  # type: ignore[arg-type]

    def compare_and_set(self, expected_epoch: int, new: GuardState) -> None:
        written, found = self._write(new, str(expected_epoch))
        # The answer to an earlier try may have been lost: then what is there is our own write.
        if not written and not self._is_ours(new, found):
            raise StaleEpoch(expected=expected_epoch, found=found)

    def publish(self, state: GuardState) -> bool:
        written, _ = self._write(state, "")
        return written

    def overwrite(self, state: GuardState) -> None:
        self._write(state, "any")

    def _write(self, state: GuardState, expected: str) -> tuple[bool, int]:
        keys = self._keys
        text = write_record(state, self._secret)
        answers: list[Any] = []

        def write(server: str) -> None:
            answers.append(
                self._publish(
                    keys=[keys.state, keys.agents, keys.waiting, keys.reports, keys.registry],
                    args=[state.epoch, text, keys.wake, server, expected],
                )
            )

        # Run again under another server's identity, the script finds its own write: the first answer counts.
        self._identified(write)
        return any(bool(written) for written, _ in answers), int(answers[0][1])

    def _is_ours(self, state: GuardState, found: int) -> bool:
        if found != state.epoch:
            return False
        try:
            return self.read() == state
        except StoreError:
            return False

    def renew(
        self, card: AgentCard, report: AgentReport | None, *, register: bool, epoch: int | None = None
    ) -> Renewal:
        said = (report_text(report) if report else "", "" if epoch is None else epoch)
        record, card_wanted = self._renew_once(card, *said, tell_card=register)
        if card_wanted:  # the server forgot us: it was wiped, or we were silent for long
            record, _ = self._renew_once(card, *said, tell_card=True)
        return Renewal(state=self._state(record), forgotten=card_wanted)

    def _renew_once(
        self, card: AgentCard, report: str, epoch: int | str, *, tell_card: bool
    ) -> tuple[str, bool]:
        keys = self._keys
        record, wanted = self._identified(
            lambda server: self._renew(
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
                    report,
                    server,
                    FORGET_SILENT_MS,
                    epoch,
                ],
            )
        )
        return record, bool(wanted)

    def acknowledge(self, agent_id: str, epoch: int, report: AgentReport) -> bool:
        keys = self._keys
        with self._watching():
            pending = self._acknowledge(
                keys=[keys.state, keys.acks, keys.waiting, keys.reports, keys.agents],
                args=[agent_id, epoch, report_text(report), keys.acknowledged],
            )
        return int(pending) >= 0

    def leave(self, agent_id: str) -> None:
        keys = self._keys
        with self._watching():
            self._leave(
                keys=[keys.agents, keys.seen, keys.acks, keys.reports, keys.waiting, keys.departed],
                args=[agent_id, _REMEMBER_DEPARTED_SECONDS],
            )

    def departed(self, agent_id: str) -> bool:
        with self._watching():
            return bool(self.client.hexists(self._keys.departed, agent_id))

    def barrier(self) -> Barrier:
        from guard.core.roster import Barrier

        keys = self._keys

        def ask(server: str) -> tuple[Any, str]:
            return self._barrier(keys=[keys.state, keys.waiting, keys.registry]), server

        (epoch, pending, age_ms, keeper), server = self._identified(ask)
        if int(epoch) < 0:
            raise StateMissing("Redis holds no guard state")
        # A registry that another server process kept may have gaps: it is as young as can be.
        age = int(age_ms) / 1000 if str(keeper) == server else 0.0
        return Barrier(epoch=int(epoch), pending=int(pending), registry_age=age, server=server)

    def roster(self) -> list[RosterEntry]:
        from guard.core.roster import RosterEntry

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
                acknowledged_epoch=number_of(acks.get(agent_id, "-1")),
                seen_seconds_ago=max(0, now_ms - number_of(seen.get(agent_id, "0"))) / 1000,
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
        self.client.connection_pool.disconnect()
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
            elif _is_no_primary(error.__cause__):
                # It goes on answering whoever is connected. Behind its address may be another by now.
                self.client.connection_pool.disconnect(inuse_connections=False)
                self._server = ""
            raise
