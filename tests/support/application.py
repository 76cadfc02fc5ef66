"""The application's own tables and sessions, as `research/vedfolnir.md` §2.4 and §6 describe the real ones.

One data set holds every odd case that a sweeper must survive. Times are relative to `now`.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Enum,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    select,
)

if TYPE_CHECKING:
    from redis import Redis
    from sqlalchemy import Engine

PREFIX = "vedfolnir:session:"
USER_SETS = "vedfolnir:user_sessions:"
INDEX = "vedfolnir:session_index:all"
ADMIN, ALICE, BOB, MODERATOR, RETIRED, NOBODY = 1, 2, 3, 4, 5, 99
"""User ids; RETIRED was an admin and is switched off, NOBODY was deleted."""

APPLICATION = MetaData()
_MYSQL: Any = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_row_format": "DYNAMIC"}

USERS = Table(
    "users",
    APPLICATION,
    Column("id", Integer, primary_key=True),
    Column("username", String(64), nullable=False, unique=True),
    Column("email", String(120), nullable=False, unique=True),
    Column("password_hash", String(256), nullable=False),
    Column("role", Enum("ADMIN", "MODERATOR", "REVIEWER", "VIEWER", name="userrole"), nullable=False),
    Column("is_active", Boolean),
    Column("created_at", DateTime),
    Column("last_login", DateTime),
    **_MYSQL,
)
PLATFORMS = Table(
    "platform_connections",
    APPLICATION,
    Column("id", Integer, primary_key=True),
    Column("user_id", Integer, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(100), nullable=False),
    Column("platform_type", String(50), nullable=False),
    Column("instance_url", String(500), nullable=False),
    Column("username", String(200)),
    Column("access_token", Text, nullable=False),
    Column("is_active", Boolean),
    UniqueConstraint("user_id", "name"),
    **_MYSQL,
)
SESSIONS = Table(
    "user_sessions",
    APPLICATION,
    Column("id", Integer, primary_key=True),
    Column("session_id", String(255), nullable=False, unique=True),
    Column("user_id", Integer, ForeignKey("users.id"), nullable=False),
    Column("active_platform_id", Integer, ForeignKey("platform_connections.id")),
    Column("created_at", DateTime, nullable=False),
    Column("updated_at", DateTime, nullable=False, index=True),
    Column("last_activity", DateTime, nullable=False, index=True),
    Column("expires_at", DateTime, nullable=False, index=True),
    Column("is_active", Boolean, nullable=False, index=True),
    Column("session_fingerprint", Text),
    Column("user_agent", Text),
    Column("ip_address", String(45)),
    **_MYSQL,
)


def iso(moment: float) -> str:
    """As the application writes it into JSON."""
    return datetime.fromtimestamp(moment, UTC).isoformat()


def naive(moment: float) -> datetime:
    """As it writes it into SQL."""
    return datetime.fromtimestamp(moment, UTC).replace(tzinfo=None)


@dataclass
class Application:
    """Its database, with users. `engine` is the test's own."""

    url: str
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self.engine = create_engine(self.url)
        APPLICATION.create_all(self.engine)
        users = [
            (ADMIN, "admin", "ADMIN", True),
            (ALICE, "alice", "REVIEWER", True),
            (BOB, "bob", "VIEWER", True),
            (MODERATOR, "mod", "MODERATOR", False),
            (RETIRED, "retired", "ADMIN", False),
        ]
        with self.engine.begin() as connection:
            for user_id, name, role, active in users:
                connection.execute(
                    USERS.insert().values(
                        id=user_id, username=name, email=f"{name}@x.example", password_hash="-",
                        role=role, is_active=active,
                    )
                )  # fmt: skip

    def close(self) -> None:
        self.engine.dispose()

    def add_row(
        self, session_id: str, user_id: int, *, created: float, expires: float, active: bool = True
    ) -> None:
        """A row of `user_sessions`."""
        with self.engine.begin() as connection:
            connection.execute(
                SESSIONS.insert().values(
                    session_id=session_id, user_id=user_id, created_at=naive(created),
                    updated_at=naive(created), last_activity=naive(created), expires_at=naive(expires),
                    is_active=active,
                )
            )  # fmt: skip

    def rows(self) -> dict[str, bool]:
        """Session id -> whether its row is active."""
        with self.engine.connect() as connection:
            found = connection.execute(select(SESSIONS.c.session_id, SESSIONS.c.is_active))
            return {row.session_id: bool(row.is_active) for row in found}


def payload(user_id: object, created: float, session_id: str, **more: object) -> str:
    """What the application stores at sign-in."""
    return json.dumps(
        {
            "user_id": user_id,
            "platform_connection_id": None,
            "created_at": iso(created),
            "session_id": session_id,
            "_last_updated": iso(created),
            **more,
        }
    )


def old_fields(user_id: int, created: float, session_id: str, **more: str) -> dict[str, str]:
    """What the older layout stores: all texts, None as an empty one."""
    return {
        "session_id": session_id, "user_id": str(user_id), "active_platform_id": "",
        "session_fingerprint": "", "created_at": iso(created), "updated_at": iso(created),
        "last_activity": iso(created), "expires_at": iso(created + 7200), "is_active": "true",
        "user_agent": "", "ip_address": "", **more,
    }  # fmt: skip


@dataclass
class OddCases:
    """Every odd case at once. Each name is a session id; the sets say what must become of it when all
    sessions of non-admins are ended a moment after `now`."""

    now: float
    lives: set[str] = field(default_factory=set)
    ends: set[str] = field(default_factory=set)
    expired: set[str] = field(default_factory=set)
    rows_live: set[str] = field(default_factory=set)
    rows_end: set[str] = field(default_factory=set)
    rows_go: set[str] = field(default_factory=set)

    def write(self, client: Redis, application: Application) -> None:
        """Into Redis and SQL."""
        now, minutes = self.now, 60.0
        put, both = self._putter(client), application.add_row

        # what is usual
        for name, user in (("alice", ALICE), ("bob", BOB), ("mod", MODERATOR), ("admin", ADMIN)):
            put(name, payload(user, now - 20 * minutes, name))
            both(name, user, created=now - 20 * minutes, expires=now + 100 * minutes)
        self.ends |= {"alice", "bob", "mod"}
        self.lives |= {"admin"}
        self.rows_end |= {"alice", "bob", "mod"}
        self.rows_live |= {"admin"}
        # a key that never ends: no reason to delete it, nor to keep it
        client.set(PREFIX + "endless", payload(ALICE, now - minutes, "endless"))
        client.set(PREFIX + "endless-admin", payload(ADMIN, now - minutes, "endless-admin"))
        self.ends |= {"endless"}
        self.lives |= {"endless-admin"}
        # the older layout, with its two sets
        for name, user in (("old", ALICE), ("old-admin", ADMIN)):
            client.hset(PREFIX + name, mapping=old_fields(user, now - minutes, name))  # type: ignore[arg-type]
            client.sadd(f"{USER_SETS}{user}", name)
            client.sadd(INDEX, name)
        client.sadd(INDEX, "gone-by-its-ttl")
        self.ends |= {"old"}
        self.lives |= {"old-admin"}
        # what nobody can read
        put("no-json", "{'user_id': 2")
        put("no-object", "[2]")
        put("not-text", b"\x80\x81\xff")
        put("no-user", json.dumps({"created_at": iso(now - minutes)}))
        put("user-is-true", payload(True, now - minutes, "user-is-true"))
        client.hset(PREFIX + "bare-hash", "something", "else")
        self.ends |= {"no-json", "no-object", "not-text", "no-user", "user-is-true", "bare-hash"}
        # user ids as text
        put("text-alice", payload("2", now - minutes, "text-alice"))
        put("text-admin", payload("1", now - minutes, "text-admin"))
        self.ends |= {"text-alice"}
        self.lives |= {"text-admin"}
        # a user who is gone, and an admin who is switched off
        put("nobody", payload(NOBODY, now - minutes, "nobody"))
        put("retired", payload(RETIRED, now - minutes, "retired"))
        self.ends |= {"nobody", "retired"}
        # a payload that says of itself that it is an admin's
        put("boaster", payload(BOB, now - minutes, "boaster", role="admin", username="admin"))
        self.ends |= {"boaster"}
        # times that nobody can read
        put("when", json.dumps({"user_id": ALICE, "created_at": "yesterday"}))
        put("when-admin", json.dumps({"user_id": ADMIN}))
        self.ends |= {"when"}
        self.lives |= {"when-admin"}
        # a row without a key, and keys without rows above
        both("row-only", BOB, created=now - minutes, expires=now + minutes)
        both("row-off", BOB, created=now - minutes, expires=now + minutes, active=False)
        self.rows_end |= {"row-only", "row-off"}
        # over by their own account, whoever's
        put("late", payload(ALICE, now - 7201, "late"))
        put("late-admin", payload(ADMIN, now - 7201, "late-admin"))
        client.hset(
            PREFIX + "late-old",
            mapping=old_fields(ADMIN, now - minutes, "late-old", expires_at=iso(now - 1)),  # type: ignore[arg-type]
        )
        both("row-late", ALICE, created=now - 9000, expires=now - 1800)
        both("row-late-admin", ADMIN, created=now - 9000, expires=now - 1800)
        self.expired |= {"late", "late-admin", "late-old"}
        self.rows_go |= {"row-late", "row-late-admin"}

    def foreign(self, client: Redis) -> dict[str, str]:
        """What shares the Redis and must stay: key -> type."""
        client.rpush("celery", "job")
        client.sadd("_kombu.binding.celery", "celery")
        client.hset("unacked", "tag", "message")
        client.set("celery-task-meta-1", "{}")
        client.set("vedfolnir:user_active_task:2", "task")
        client.set("vedfolnir:session_count", "7")
        client.rpush(PREFIX + "a-list", "x")
        client.zadd(PREFIX + "a-zset", {"x": 1})
        return {
            "celery": "list", "_kombu.binding.celery": "set", "unacked": "hash",
            "celery-task-meta-1": "string", "vedfolnir:user_active_task:2": "string",
            "vedfolnir:session_count": "string", PREFIX + "a-list": "list", PREFIX + "a-zset": "zset",
        }  # fmt: skip

    def _putter(self, client: Redis) -> Any:
        def put(name: str, text: str | bytes) -> None:
            client.set(PREFIX + name, text, ex=7200)

        return put


def session_ids(client: Redis) -> set[str]:
    """The sessions that are in Redis now: text and hashes."""
    found = set()
    for key in client.scan_iter(match=PREFIX + "*", count=1000):
        if client.type(key) in {"string", "hash"}:
            found.add(str(key).removeprefix(PREFIX))
    return found


def many_sessions(
    client: Redis, number: int, *, user_id: int = ALICE, created: float, prefix: str = PREFIX
) -> None:
    """Put this many sessions of one user there."""
    for first in range(0, number, 5000):
        pipe = client.pipeline(transaction=False)
        for _ in range(min(5000, number - first)):
            session_id = str(uuid.uuid4())
            pipe.set(prefix + session_id, payload(user_id, created, session_id), ex=7200)
        pipe.execute()
