"""An app with a guard, real stores, and a clock that goes on when it is told to."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyotp
import pytest
from celery import Celery

import guard
from guard.store.redis.client import connect
from tests.contracts.doers import assert_keys_listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.api.access import Access
    from guard.core.access import Actor
    from guard.core.history import AuditRecord
    from guard.core.one_time_codes import Enrolment
    from guard.core.page_session import SignedIn
    from tests.support.valkey import Valkey

SECRET = "a secret for the tests"
HERE = "192.0.2.1"
ELSEWHERE = "203.0.113.7"
START = 1_700_000_010.0


@dataclass
class HandClock:
    """A clock for a person's patience."""

    now: float = START

    def wall(self) -> float:
        return self.now

    def boot(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class House:
    """One installation; `another` gives further processes of it."""

    environ: dict[str, str]
    clock: Any = field(default_factory=HandClock)
    guards: list[guard.Guard] = field(default_factory=list)
    enrolments: dict[str, Enrolment] = field(default_factory=dict)

    def another(self, **environ: str) -> guard.Guard:
        """The guard of another process of the same fleet."""
        app = Celery("house", broker="memory://", set_as_current=False)
        made = guard.install(app, guard.load_settings({**self.environ, **environ}))
        made._parts.clock = self.clock  # type: ignore[misc]
        self.guards.append(made)
        return made

    @property
    def guard(self) -> guard.Guard:
        """The first one."""
        return self.guards[0]

    @property
    def access(self) -> Access:
        """Of the first one."""
        return self.guard.access

    def token(self, owner: str = "alice", *rights: str, seconds: int = 3600) -> str:
        """A new token's text."""
        return self.access.make_token(owner, rights=rights or ("admin",), seconds=seconds, by="tests").text

    def actor(self, owner: str = "alice", *rights: str, address: str = HERE) -> Actor:
        """Somebody with a new token."""
        return self.access.actor_of_token(self.token(owner, *rights), address=address)

    def enrol(self, owner: str = "alice") -> Enrolment:
        """A confirmed second factor. The code that confirmed it is used up, and its period is over."""
        made = self.enrolments[owner] = self.access.enrol(owner, by="tests")
        self.access.confirm(owner, self.code(owner))
        self.clock.now += 30
        return made

    def code(self, owner: str = "alice", later: int = 0) -> str:
        """What the authenticator shows now, or some periods later."""
        return pyotp.TOTP(self.enrolments[owner].seed).generate_otp(int(self.clock.now) // 30 + later)

    def stepped_up(self, owner: str = "alice", *rights: str) -> Actor:
        """Somebody who has shown a second factor now."""
        actor = self.actor(owner, *rights)
        if owner not in self.enrolments:
            self.enrol(owner)
        return self.access.show_code(actor, self.code(owner))

    def signed_in(self, owner: str = "alice", *rights: str) -> SignedIn:
        """Somebody on the admin page."""
        return self.access.sign_in(self.token(owner, *rights), address=HERE)

    def journal(self, action: str = "", outcome: str = "") -> list[AuditRecord]:
        """Lines, the oldest first."""
        records = self.guard.durable.records(10_000)  # type: ignore[attr-defined]
        return [
            record
            for record in reversed(records)
            if action in {"", record.action} and outcome in {"", record.outcome}
        ]

    def close(self) -> None:
        """Stop all of its processes."""
        for one in self.guards:
            one.close()
            one.durable.engine.dispose()  # type: ignore[attr-defined]

    def kept(self) -> str:
        """Everything that the database holds, as one text."""
        engine: Any = self.guard.durable.engine  # type: ignore[attr-defined]
        from guard.store.sql.schema import METADATA

        with engine.connect() as connection:
            rows = [row for table in METADATA.sorted_tables for row in connection.execute(table.select())]
        return repr(rows)


def make_house(server: Valkey, sql_url: str, number: int, *, clock: Any = None, **environ: str) -> House:
    """A new installation; its guards are closed by whoever asked for it."""
    house = House(
        {
            "GUARD_SECRET_KEY": SECRET,
            "DATABASE_URL": sql_url,
            "REDIS_URL": server.url(number),
            "GUARD_LEASE_SECONDS": "2",
            "GUARD_RENEW_SECONDS": "0.5",
            "GUARD_TIMEOUT_SECONDS": "0.4",
            **environ,
        },
        clock=clock or HandClock(),
    )
    house.another().durable.migrate()  # type: ignore[attr-defined]
    return house


ON_BOTH = pytest.mark.parametrize("sql_url", ["sqlite", "mariadb"], indirect=True)
"""For what the database decides."""


@pytest.fixture
def sql_url(request: pytest.FixtureRequest) -> str:
    """Address of an empty database: SQLite unless a test asks for more."""
    return str(request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url"))


@pytest.fixture
def settings() -> dict[str, str]:
    """What a module's houses have set besides."""
    return {}


@pytest.fixture
def house(
    valkey: Valkey, sql_url: str, settings: dict[str, str], caplog: pytest.LogCaptureFixture
) -> Iterator[House]:
    """A new installation; afterwards every key in its Redis must be one that is listed."""
    caplog.set_level(logging.DEBUG, "guard")
    number = valkey.fresh_db()
    made = make_house(valkey, sql_url, number, **settings)
    yield made
    with connect(valkey.url(number), timeout=2.0, name="tests") as client:
        assert_keys_listed(client)
    made.close()
