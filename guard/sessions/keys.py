"""The application's sessions in Redis: text (JSON) and, older, hashes, under one prefix.

Rules: keys are looked for with SCAN, a bounded number in each command, so that no other client waits long; a
key may vanish or change its type between any two commands; what is neither text nor a hash is never touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.core.session_names import index_names
from guard.core.sessions import SESSION_FIELDS, FoundSession, read_session
from guard.sessions.answers import from_redis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis import Redis

__all__ = ["RedisSessionKeys"]


class RedisSessionKeys:
    """Sessions under one prefix.

    Args:
        client: gives bytes.
        prefix: what their keys begin with; the rest is the session id.
        batch: how many keys one command names.
    """

    def __init__(self, client: Redis, *, prefix: str, batch: int) -> None:
        self._client = client
        self._prefix = prefix.encode()
        self._batch = batch
        names = index_names(prefix)
        self._of_user, self._index = (name.encode() for name in names) if names else (b"", b"")

    def server(self) -> str:
        """Which server process answers. A cursor means nothing to another one."""
        with from_redis():
            info: Any = self._client.info("server")
        return str(info.get("run_id", ""))

    def size(self) -> int:
        """How many keys the database has, of whatever kind."""
        with from_redis():
            return int(self._client.dbsize())

    def step(self, cursor: int) -> tuple[int, list[FoundSession], int]:
        """Look at the next keys.

        Args:
            cursor: 0 to begin.

        Returns:
            The next cursor, 0 when all were looked at; what was found; how many keys are of another type.
            A session may be found twice, and one that comes meanwhile not at all.
        """
        with from_redis():
            answer: Any = self._client.scan(cursor, match=self._prefix + b"*", count=self._batch)
            following, names = answer
            found: list[FoundSession] = []
            foreign = 0
            for part in _parts(list(dict.fromkeys(names)), self._batch):
                texts: Any = self._client.mget(part)
                others = [name for name, text in zip(part, texts, strict=True) if text is None]
                found += [
                    self._found(name, text, is_hash=False)
                    for name, text in zip(part, texts, strict=True)
                    if text is not None
                ]
                hashes, strange = self._hashes(others) if others else ([], 0)
                found += hashes
                foreign += strange
        return int(following), found, foreign

    def end(self, sessions: Sequence[FoundSession]) -> None:
        """Delete their keys, and strike them off the older layout's sets."""
        for part in _parts(sessions, self._batch):
            with from_redis():
                pipe = self._client.pipeline(transaction=False)
                pipe.unlink(*(found.key for found in part))
                if self._index:
                    self._strike(pipe, [found for found in part if found.is_hash])
                # A set that is none is no reason to fail; a server that refuses to delete is.
                deleted, *_ = pipe.execute(raise_on_error=False)
                if isinstance(deleted, Exception):
                    raise deleted

    def endless(self, sessions: Sequence[FoundSession]) -> int:
        """How many of them have no time to live."""
        with from_redis():
            pipe = self._client.pipeline(transaction=False)
            for found in sessions:
                pipe.pttl(found.key)
            return sum(answer == -1 for answer in pipe.execute(raise_on_error=False))

    def strike_gone(self, cursor: int, *, dry_run: bool) -> tuple[int, int]:
        """Strike ids off the index of all sessions whose session is gone: by its time to live it goes alone.

        Returns:
            The next cursor, 0 when all were looked at; how many ids were struck off.
        """
        if not self._index:
            return 0, 0
        with from_redis():
            if self._client.type(self._index) != b"set":
                return 0, 0
            answer: Any = self._client.sscan(self._index, cursor, count=self._batch)
            following, ids = answer
            pipe = self._client.pipeline(transaction=False)
            for session_id in ids:
                pipe.exists(self._prefix + session_id)
            gone = [session_id for session_id, there in zip(ids, pipe.execute(), strict=True) if not there]
            if gone and not dry_run:
                self._client.srem(self._index, *gone)
        return int(following), len(gone)

    def _hashes(self, names: list[bytes]) -> tuple[list[FoundSession], int]:
        pipe = self._client.pipeline(transaction=False)
        for name in names:
            pipe.type(name)
        types = dict(zip(names, pipe.execute(), strict=True))
        hashes = [name for name in names if types[name] == b"hash"]
        foreign = sum(kind not in {b"hash", b"none", b"string"} for kind in types.values())
        pipe = self._client.pipeline(transaction=False)
        for name in hashes:
            pipe.hmget(name, *SESSION_FIELDS)
        # One that became something else meanwhile answers with an error: the next pass finds it.
        answers = pipe.execute(raise_on_error=False) if hashes else []
        return [
            self._found(name, dict(zip(SESSION_FIELDS, values, strict=True)), is_hash=True)
            for name, values in zip(hashes, answers, strict=True)
            if isinstance(values, list)
        ], foreign

    def _found(self, key: bytes, raw: Any, *, is_hash: bool) -> FoundSession:
        session_id = key[len(self._prefix) :].decode("utf-8", "replace")
        return FoundSession(key=key, session_id=session_id, session=read_session(raw), is_hash=is_hash)

    def _strike(self, pipe: Any, sessions: Sequence[FoundSession]) -> None:
        if not sessions:
            return
        pipe.srem(self._index, *(self._id(found) for found in sessions))
        of_user: dict[int, list[bytes]] = {}
        for found in sessions:
            if found.session.user_id is not None:
                of_user.setdefault(found.session.user_id, []).append(self._id(found))
        for user_id, ids in of_user.items():
            pipe.srem(self._of_user + str(user_id).encode(), *ids)

    def _id(self, found: FoundSession) -> bytes:
        return found.key[len(self._prefix) :]


def _parts(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [items[first : first + size] for first in range(0, len(items), size)]
