"""The sender with real servers: outages, order, crashes. Nothing is lost; a copy too many has the same id."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from guard.core.deliveries import GIVE_UP_SECONDS, HOLD_SECONDS, Channel, Delivery, Failure, Stage
from guard.errors import StoreUnavailable
from guard.notify.sender import Sender
from guard.store.sql.alerts import SqlAlerts
from guard.store.sql.outbox import SqlOutbox
from guard.store.sql.schema import ALERTS, OUTBOX
from tests.contracts.doers import sql_store
from tests.notify.conftest import delivery, mails_to, posts_to
from tests.support.eventually import eventually
from tests.support.processes import LocalProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from guard.notify.sender import Carrier
    from guard.store.sql.store import SqlStore
    from tests.notify.servers import MailServer, Receiver
    from tests.support.certificates import Authority

# aiosmtpd, stopped while somebody is connected
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <:pytest.PytestUnraisableExceptionWarning"
)
NOW = 1_700_000_000.0


@dataclass
class HandClock:
    """A clock that goes on when it is told to."""

    now: float = NOW

    def wall(self) -> float:
        return self.now

    def boot(self) -> float:
        return self.now - NOW

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class House:
    """A database with its outbox, a clock by hand, and senders."""

    store: SqlStore
    clock: HandClock = field(default_factory=HandClock)

    @property
    def outbox(self) -> SqlOutbox:
        return SqlOutbox(self.store)

    def sender(self, *carriers: tuple[Channel, Carrier], **options: Any) -> Sender:
        settings = {"outbox": self.outbox, "write_seconds": 2.0, **options}
        return Sender(
            carriers=dict(carriers),
            alerts=SqlAlerts(self.store),
            clock=self.clock,
            dice=lambda: 1.0,
            **settings,
        )

    def stages(self) -> dict[str, str]:
        return {one.delivery_id[-1]: one.stage.value for one in self.outbox.recent(100)}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    with sql_store(f"sqlite:///{tmp_path_factory.mktemp('sender') / 'store.sqlite3'}") as store:
        store.migrate()
        yield store


@pytest.fixture
def house(database: SqlStore) -> House:
    with database.engine.begin() as connection:
        connection.execute(OUTBOX.delete())
        connection.execute(ALERTS.delete())
    return House(database)


def one_round(house: House, mail: MailServer, authority: Authority) -> list[str]:
    """The command of a sender that is a process of its own."""
    database = str(house.store.engine.url)
    return [sys.executable, "-m", "tests.notify.one_round", database, mail.url, str(authority.file)]


class Stub:
    """A carrier that does what it is told."""

    def __init__(self, *results: Failure | None) -> None:
        self.results = list(results)
        self.carried: list[str] = []
        self.closed = 0

    def carry(self, one: Delivery) -> Failure | None:
        self.carried.append(one.delivery_id[-1])
        return self.results.pop(0) if self.results else None

    def close(self) -> None:
        self.closed += 1


def test_mail_down_and_back_in_order(house: House, mail: MailServer, authority: Authority) -> None:
    house.outbox.put([delivery(1), delivery(2), delivery(3, "b@example.com"), delivery(4)])
    sender = house.sender((Channel.MAIL, mails_to(mail, authority, answer_seconds=2.0)))
    mail.stop()
    report = sender.run()
    assert (report.sent, report.failed, report.given_up) == (0, 1, 0), "a server that is away is asked once"
    assert "does not answer" in report.problems[0]
    mail.start()
    house.clock.now += 3600
    assert sender.run().sent == 4
    assert [one[-14] for one in mail.mailbox.ids("ops@example.com")] == ["1", "2", "4"]
    assert set(house.stages().values()) == {"sent"}
    assert sender.run().sent == 0


def test_one_that_is_refused_keeps_nobody_else(house: House, mail: MailServer, authority: Authority) -> None:
    mail.mailbox.refuses = {"gone@example.com": "550 no such user", "busy@example.com": "451 later"}
    house.outbox.put([delivery(1, "gone@example.com"), delivery(2, "busy@example.com"), delivery(3)])
    sender = house.sender((Channel.MAIL, mails_to(mail, authority)))
    report = sender.run()
    assert (report.sent, report.failed, report.given_up) == (1, 1, 1)
    assert house.stages() == {"1": "given up", "2": "waiting", "3": "sent"}
    (alert,) = SqlAlerts(house.store).recent(9)
    assert alert.kind == "notification given up"
    assert "gone@example.com" in alert.message
    mail.mailbox.refuses = {}
    house.clock.now += 60
    assert sender.run().sent == 1


def test_a_webhook_that_fails_and_then_answers(
    house: House, receiver: Receiver, authority: Authority
) -> None:
    receiver.answers = [(500, {}), (503, {"Retry-After": "900"})]
    house.outbox.put([delivery(1, ""), delivery(2, "")])
    sender = house.sender((Channel.WEBHOOK, posts_to(receiver.url, authority)))
    seen = []
    for wait in (0, 10, 10, 889, 1):
        house.clock.now += wait
        seen.append(sender.run().sent)
    assert seen == [0, 0, 0, 0, 2]
    assert [post.what["id"][-1] for post in receiver.posts] == ["1", "1", "1", "2"]
    assert len({post.body for post in receiver.posts}) == 2


def test_after_days_it_is_given_up_and_somebody_is_told(house: House) -> None:
    away = Failure(problem="away", unreachable=True)
    carrier = Stub(away, away)
    sender = house.sender((Channel.MAIL, carrier))
    house.outbox.put([delivery(1)])
    assert sender.run().failed == 1
    house.clock.now += GIVE_UP_SECONDS
    assert sender.run().given_up == 1
    assert [alert.kind for alert in SqlAlerts(house.store).recent(9)] == ["notification given up"]
    assert carrier.closed == 2
    assert house.outbox.again(house.clock.now) == 1
    assert sender.run().sent == 1


def test_what_this_process_cannot_carry_stays_for_another(house: House) -> None:
    house.outbox.put([delivery(1), delivery(2, "")])
    assert house.sender().run().sent == 0
    assert house.sender((Channel.WEBHOOK, Stub())).run().sent == 1
    assert house.stages() == {"1": "waiting", "2": "sent"}


def test_a_round_ends_when_its_time_is_over(house: House) -> None:
    class Slow(Stub):
        def carry(self, one: Delivery) -> Failure | None:
            house.clock.now += 25
            return super().carry(one)

    carrier = Slow()
    house.outbox.put([delivery(number, f"a{number}@example.com") for number in range(5)])
    assert house.sender((Channel.MAIL, carrier)).run().sent == 2
    assert len(carrier.carried) == 2


def test_a_database_that_is_away_for_a_moment_after_sending_sends_nothing_twice(house: House) -> None:
    class Shaky(SqlOutbox):
        fails = 0

        def replace(self, before: Delivery, after: Delivery) -> bool:
            if after.stage is Stage.SENT and Shaky.fails < 3:
                Shaky.fails += 1
                raise StoreUnavailable("away")
            return super().replace(before, after)

    carrier = Stub()
    house.outbox.put([delivery(1)])
    sender = house.sender((Channel.MAIL, carrier), outbox=Shaky(house.store), write_seconds=20.0)
    assert sender.run().sent == 1
    assert Shaky.fails == 3
    assert carrier.carried == ["1"]


def test_a_sender_that_lost_its_hold_says_so(house: House, caplog: pytest.LogCaptureFixture) -> None:
    other = Stub()

    class Frozen(Stub):
        def carry(self, one: Delivery) -> Failure | None:
            house.clock.now += HOLD_SECONDS
            assert house.sender((Channel.MAIL, other)).run().sent == 1
            return super().carry(one)

    house.outbox.put([delivery(1)])
    with caplog.at_level(logging.WARNING, logger="guard"):
        house.sender((Channel.MAIL, Frozen())).run()
    assert "was taken over, and may arrive twice" in caplog.text
    assert house.stages() == {"1": "sent"}
    assert house.outbox.recent(1)[0].attempts == 2


def test_killed_between_sending_and_writing_it_down(
    house: House, mail: MailServer, authority: Authority, tmp_path: Path
) -> None:
    """A real process, SIGKILL at the moment when the server has taken the mail. One copy too many at most,
    with the same id; nothing after it is lost."""
    house.outbox.put([delivery(1), delivery(2), delivery(3, "b@example.com")])
    argv = one_round(house, mail, authority)
    process = LocalProcess("sender", argv, workdir=tmp_path, env={"PYTHONPATH": ":".join(sys.path)})
    mail.mailbox.on_mail = process.kill
    process.start()
    eventually(lambda: mail.mailbox.mails and not process.alive, within=30, what="a kill")
    process.close()
    mail.mailbox.on_mail = str
    assert mail.mailbox.ids()[0][-14] == "1"
    assert set(house.stages().values()) == {"waiting"}, "it was killed before it wrote"
    (held,) = (one for one in house.outbox.recent(9) if one.held_by)
    house.clock.now = (held.held_until or 0.0) - 1
    sender = house.sender((Channel.MAIL, mails_to(mail, authority)))
    assert sender.run().sent == 1, "what the dead one holds waits, and what comes after it too"
    house.clock.now += 1
    assert sender.run().sent == 2
    assert [one[-14] for one in mail.mailbox.ids("ops@example.com")] == ["1", "1", "2"]
    assert len(mail.mailbox.ids("b@example.com")) == 1


def test_senders_side_by_side_send_each_once(
    house: House, mail: MailServer, authority: Authority, tmp_path: Path
) -> None:
    house.outbox.put([delivery(number, f"a{number % 4}@example.com") for number in range(12)])
    argv = one_round(house, mail, authority)
    env = {"PYTHONPATH": ":".join(sys.path)}
    processes = [LocalProcess(f"sender{n}", argv, workdir=tmp_path, env=env).start() for n in range(2)]
    try:
        eventually(lambda: not any(one.alive for one in processes), within=60, what="two senders")
        assert [one.returncode for one in processes] == [0, 0], [one.log_tail for one in processes]
        house.clock.now = 4e9
        house.sender((Channel.MAIL, mails_to(mail, authority))).run()  # what they left to each other
        ids = mail.mailbox.ids()
        assert len(ids) == len(set(ids)) == 12
        for number in range(4):
            mine = mail.mailbox.ids(f"a{number}@example.com")
            assert mine == sorted(mine), "in order"
    finally:
        for one in processes:
            one.kill()
            one.close()
