"""The test support itself: waiting, processes, servers and faults do what their names say."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import amqp
import kombu
import psutil
import pytest
import redis
import sqlalchemy

from tests.support.eventually import PATIENCE, eventually, throughout
from tests.support.leftovers import MARKER, assert_nothing_left
from tests.support.processes import LocalProcess, is_gone
from tests.support.require import require_server
from tests.support.shortdirs import sweep_abandoned
from tests.support.toxic import Toxic
from tests.support.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.mariadb import MariaDB
    from tests.support.rabbitmq import RabbitMQ

ROOT = Path(__file__).parents[2]
SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]


# --- waiting ---------------------------------------------------------------------------------------------


def test_eventually_returns_the_first_truthy_value() -> None:
    values = iter([0, None, "there"])
    assert eventually(lambda: next(values), within=1) == "there"


def test_eventually_tells_what_it_waited_for_and_what_it_saw() -> None:
    with pytest.raises(AssertionError, match=rf"limit {0.02 * PATIENCE:g} s\) for the moon; last value: 0"):
        eventually(lambda: 0, within=0.02, what="the moon")


def test_eventually_tells_the_last_exception() -> None:
    with pytest.raises(AssertionError, match="last exception: KeyError: 'x'"):
        eventually(lambda: {}["x"], within=0.02)


def test_throughout_fails_as_soon_as_the_condition_ends() -> None:
    values = iter([True, True, False])
    with pytest.raises(AssertionError, match="the light ceased to hold"):
        throughout(lambda: next(values), during=5, what="the light")


# --- processes -------------------------------------------------------------------------------------------


def test_a_process_has_a_log_an_exit_code_and_a_second_life(tmp_path: Path) -> None:
    with LocalProcess("sleeper", SLEEPER, workdir=tmp_path) as sleeper:
        eventually(lambda: "up" in sleeper.log, what="the first line")
        assert sleeper.terminate() == -signal.SIGTERM
        sleeper.start()
        eventually(lambda: sleeper.log.count("up") == 2, what="the second life's first line")
    assert not sleeper.alive


def test_kill_takes_the_children_too(tmp_path: Path) -> None:
    sleeps = "import time; time.sleep(600)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{sleeps}'])"
    with LocalProcess("parent", [sys.executable, "-c", parent], workdir=tmp_path) as process:
        # Until it is that program, its parent waits in the kernel (vfork) and cannot be frozen.
        children = eventually(
            lambda: [child for child in process.children() if child.cmdline()[-1] == sleeps],
            what="the child",
        )
        process.freeze_group()
        process.kill()
        assert process.returncode == -signal.SIGKILL
        eventually(lambda: all(map(is_gone, children)), what="the child's end")


def test_a_process_is_not_started_from_another_thread(tmp_path: Path) -> None:
    errors: list[Exception] = []

    def start() -> None:
        try:
            LocalProcess("sleeper", SLEEPER, workdir=tmp_path).start()
        except RuntimeError as error:
            errors.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert "main thread" in str(errors[0])


def test_a_process_left_behind_is_named_and_killed(tmp_path: Path) -> None:
    sleeper = LocalProcess("sleeper", SLEEPER, workdir=tmp_path, env={MARKER: "this test"}).start()
    eventually(lambda: "up" in sleeper.log, what="the sleeper: its mark cannot be read while it is starting")
    with pytest.raises(AssertionError, match=rf"left 1 (?s:.*)pid {sleeper.pid}: .*time.sleep"):
        assert_nothing_left("this test", within=0.05, descendants=False)
    assert sleeper.wait(5) == -signal.SIGKILL


def test_no_process_survives_a_sigkill_of_the_test_run_and_its_folder_is_swept(tmp_path: Path) -> None:
    script = (
        "import time; from tests.support.valkey import Valkey\n"
        "server = Valkey().start()\n"
        "print(server.process.pid, server.directory, flush=True); time.sleep(600)"
    )
    argv = [sys.executable, "-c", script]
    with LocalProcess("runner", argv, workdir=tmp_path, env={"PYTHONPATH": str(ROOT)}) as run:
        eventually(lambda: run.log.endswith("\n"), within=20, what="its valkey")
        pid, directory = run.log.split()
        server = psutil.Process(int(pid))
        assert server.name() == "valkey-server"
        run.signal(signal.SIGKILL)  # to the runner alone: its valkey is in another process group
        eventually(lambda: is_gone(server), within=5, what="the valkey to die with its runner")
    assert Path(directory).exists()
    sweep_abandoned()
    assert not Path(directory).exists()


# --- servers ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own_valkey() -> Iterator[Valkey]:
    """A server that these tests may stop."""
    with Valkey() as server:
        yield server


def test_a_valkey_restarts_with_and_without_its_data(own_valkey: Valkey) -> None:
    with own_valkey.client() as client:
        client.set("key", "value")
        own_valkey.restart(keep_data=True)
        assert client.get("key") == "value"
        own_valkey.restart(keep_data=False)
        assert client.get("key") is None


def test_a_frozen_valkey_does_not_answer_until_it_thaws(own_valkey: Valkey) -> None:
    with redis.Redis.from_url(own_valkey.url(), socket_timeout=0.2, retry=None) as client:
        client.ping()
        own_valkey.freeze()
        with pytest.raises(redis.TimeoutError):
            client.ping()
        own_valkey.thaw()
        assert eventually(client.ping, what="an answer after the thaw")


def test_a_valkey_with_an_append_only_file_survives_a_crash() -> None:
    with Valkey(tcp=True, extra=("--appendonly", "yes", "--appendfsync", "always")) as server:
        with server.client(3) as client:
            client.set("key", "value")
        server.crash()
        server.start()
        with server.client(3) as client:
            assert client.get("key") == "value"


def test_redis_url_is_an_empty_database_each_time(valkey: Valkey, redis_url: str) -> None:
    assert valkey.fresh_db() != valkey.fresh_db()
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0


def test_debians_redis_runs_in_the_same_way(redis_server: Valkey) -> None:
    with redis_server.client() as client:
        assert client.info("server")["redis_version"]
        assert "server_name" not in client.info("server")  # Valkey tells its name there


def test_mariadb_keeps_its_data_over_a_crash(mariadb: MariaDB, mariadb_url: str) -> None:
    engine = sqlalchemy.create_engine(mariadb_url, poolclass=sqlalchemy.NullPool)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE kept (id INT PRIMARY KEY)"))
    mariadb.crash()
    mariadb.start()
    with engine.begin() as connection:
        assert connection.execute(sqlalchemy.text("SELECT COUNT(*) FROM kept")).scalar() == 0


def test_rabbitmq_cuts_connections(rabbitmq: RabbitMQ, amqp_url: str) -> None:
    with kombu.Connection(amqp_url) as connection:
        connection.default_channel.queue_declare("q")
        rabbitmq.cut_connections()
        with pytest.raises(amqp.ConnectionForced):
            connection.drain_events(timeout=5)


def test_a_missing_server_skips_here_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.require.SEARCH_PATH", "")
    monkeypatch.delenv("GUARD_REQUIRE_SERVERS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="NOT TESTED"):
        require_server("mariadb")
    monkeypatch.setenv("GUARD_REQUIRE_SERVERS", "1")
    with pytest.raises(pytest.fail.Exception, match="mariadbd"):
        require_server("mariadb")


# --- faults ----------------------------------------------------------------------------------------------


@pytest.fixture
def toxic(own_valkey: Valkey) -> Iterator[Toxic]:
    """A proxy before the server's unix socket."""
    with Toxic(own_valkey.socket) as proxy:
        yield proxy


@pytest.fixture
def through_toxic(toxic: Toxic) -> Iterator[redis.Redis]:
    """A client behind the proxy that neither waits nor tries again."""
    with redis.Redis(port=toxic.port, socket_timeout=0.3, socket_connect_timeout=0.3, retry=None) as client:
        client.ping()
        yield client


def test_toxic_down_resets_and_refuses_until_it_is_up(toxic: Toxic, through_toxic: redis.Redis) -> None:
    toxic.down = True
    for _ in range(2):
        with pytest.raises(redis.ConnectionError):
            through_toxic.ping()
    toxic.down = False
    assert through_toxic.ping()


def test_toxic_blackhole_holds_back_without_closing(toxic: Toxic, through_toxic: redis.Redis) -> None:
    toxic.blackhole = True
    with pytest.raises(redis.TimeoutError):
        through_toxic.ping()
    toxic.blackhole = False
    assert through_toxic.ping()


def test_toxic_latency_and_rate_delay(toxic: Toxic, through_toxic: redis.Redis) -> None:
    toxic.latency = 0.5
    with pytest.raises(redis.TimeoutError):
        through_toxic.ping()
    toxic.latency, toxic.rate = 0.0, 100
    with pytest.raises(redis.TimeoutError):
        through_toxic.echo("x" * 100)


def test_toxic_cuts_after_a_number_of_bytes(toxic: Toxic, through_toxic: redis.Redis) -> None:
    toxic.cut_after = 1000
    with pytest.raises(redis.ConnectionError):
        through_toxic.echo("x" * 1000)


def test_toxic_resets_the_connections_of_the_moment(toxic: Toxic, through_toxic: redis.Redis) -> None:
    with socket.create_connection(("127.0.0.1", toxic.port), timeout=5) as connection:
        connection.sendall(b"PING\r\n")
        assert connection.recv(100) == b"+PONG\r\n"
        toxic.reset_all()
        with pytest.raises(ConnectionResetError):
            connection.recv(100)
    assert through_toxic.ping()


def test_toxic_refuses_when_its_upstream_is_gone(tmp_path: Path) -> None:
    with (
        Toxic(tmp_path / "nobody") as proxy,
        redis.Redis(port=proxy.port, retry=None) as client,
        pytest.raises(redis.ConnectionError),
    ):
        client.ping()
