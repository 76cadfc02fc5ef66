"""Faults of this machine, this process, and the ways to people."""

from __future__ import annotations

import socket
import ssl
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import beat_schedule
from guard.core.diagnosis import Status
from guard.core.routines import Outcome
from guard.doctor.fleet import FleetSide
from guard.doctor.places import file_place, nearest_folder
from guard.doctor.probes import smtp_reachable, webhook_reachable
from guard.observe.machine import DiskUse
from guard.settings import Settings
from guard.store.sql.routines import SqlRoutines
from tests.doctor.conftest import SECRET, Clinic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.valkey import Valkey

PROBLEM, WARNING, UNKNOWN, OK = Status.PROBLEM, Status.WARNING, Status.UNKNOWN, Status.OK


@pytest.fixture
def with_settings(own_server: Valkey, tmp_path: Path) -> Iterator[Any]:
    """`with_settings(**settings)`: an installation that has them."""
    made: list[Clinic] = []

    def make(**settings: Any) -> Clinic:
        folder = tmp_path / f"with{len(made)}"
        folder.mkdir()
        made.append(Clinic(own_server, folder, **settings))
        made[-1].begin()
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_switched_off(with_settings: Any) -> None:
    with_settings(maintenance_mode_enabled=False).suffers(
        "switched on", PROBLEM, "MAINTENANCE_MODE_ENABLED=true"
    )
    with_settings().is_well("switched on")


def test_settings_that_contradict(with_settings: Any) -> None:
    sick = with_settings(
        maintenance_webhook_url="https://hooks.example.com/secret", maintenance_notifications_enabled=False
    )
    found = sick.suffers("settings", WARNING, "change one", webhook=None)
    assert "MAINTENANCE_NOTIFICATIONS_ENABLED" in found.seen
    assert "secret" not in found.seen
    with_settings().is_well("settings")


def test_no_signing_key(with_settings: Any) -> None:
    with_settings(guard_secret_key=None).suffers("signing key", WARNING, "secrets.token_urlsafe")
    with_settings().is_well("signing key")


def test_sessions_that_an_emergency_keeps(with_settings: Any) -> None:
    with_settings(emergency_mode_session_cleanup=False).suffers(
        "sessions end", WARNING, "EMERGENCY_MODE_SESSION_CLEANUP=true"
    )
    with_settings().is_well("sessions end")


def test_a_local_close_file_left_behind(clinic: Clinic) -> None:
    clinic.is_well("local close")
    file = clinic.parts.doctor.world().local_close
    file.write_text("{}")
    clinic.suffers("local close", PROBLEM, "close-local --open")
    file.unlink()
    clinic.is_well("local close")


def test_a_zone_that_this_machine_does_not_know(clinic: Clinic) -> None:
    clinic.is_well("time zone")
    clinic.app.conf.timezone = "Mars/Olympus"
    assert "Mars/Olympus" in clinic.suffers("time zone", PROBLEM, "pip install tzdata").seen
    clinic.app.conf.timezone = "Europe/Berlin"
    settings = Settings.unjudged({**vars(clinic.settings), "guard_time_zone": "Nowhere/At_All"})
    assert "Nowhere/At_All" in clinic.suffers("time zone", PROBLEM, "GUARD_TIME_ZONE", settings=settings).seen
    clinic.is_well("time zone")


def test_libraries_outside_of_the_range(
    clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installation as pip would have left it, found before the real one."""
    wanted = "Requires-Dist: celery>=5.7.0,<5.8\nRequires-Dist: rich; extra == 'demo'\n"
    for name, version, more in (
        ("celery_maintenance_guard", "0.1.0", wanted),
        ("celery", "5.6.2", ""),
    ):
        folder = tmp_path / "site" / f"{name}-{version}.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}")
    with monkeypatch.context() as patched:
        patched.setattr(sys, "path", [str(tmp_path / "site"), *sys.path])
        found = clinic.suffers("libraries", PROBLEM, "pip install -U celery-maintenance-guard")
        assert found.seen == "celery 5.6.2 is outside of <5.8,>=5.7.0"
    clinic.is_well("libraries")


@pytest.mark.parametrize(("used", "status"), [(0.5, OK), (0.93, WARNING), (0.99, PROBLEM)])
def test_a_disk_that_is_full(clinic: Clinic, used: float, status: Status) -> None:
    machine = SimpleNamespace(disk=lambda _folder: DiskUse(total=1000, free=round(1000 * (1 - used))))
    assert clinic.check("disk", machine=machine).status is status
    if status is not OK:
        clinic.suffers("disk", status, "du -xh", machine=machine)


def test_where_files_lie(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/sda1 / ext4 rw 0 0\nserver:/x /srv/my\\040data nfs4 rw 0 0\n/dev/sdb1 "
        "/srv/my\\040data/local xfs rw 0 0\nodd\n"
    )
    from pathlib import Path as RealPath

    def kind(path: str) -> str | None:
        return file_place(RealPath(path), mounts=mounts).filesystem

    assert kind("/srv/my data/guard.db") == "nfs4"
    assert kind("/srv/my data/local/guard.db") == "xfs"
    assert kind("/var/guard.db") == "ext4"
    assert file_place(RealPath("/var/lib/guard.db"), mounts=mounts).temporary is False
    assert file_place(tmp_path / "guard.db").temporary is True
    assert file_place(RealPath("/x"), mounts=tmp_path / "none").filesystem is None
    assert nearest_folder(tmp_path / "a" / "b" / "c.db") == str(tmp_path)


@pytest.mark.parametrize(
    ("broker", "reduced", "restores"),
    [
        ("amqp://nobody@127.0.0.1:1//", True, True),
        ("amqp://nobody@127.0.0.1:1//", False, False),
        ("redis://127.0.0.1:1/0", True, False),
    ],
)
def test_what_threads_tell_a_broker(clinic: Clinic, broker: str, *, reduced: bool, restores: bool) -> None:
    clinic.app.conf.update(broker_url=broker, worker_enable_prefetch_count_reduction=reduced)
    fleet = FleetSide(clinic.parts.doctor.world(), lambda: pytest.fail("no server is asked"))
    assert fleet.jobs().restores_prefetch is restores
    fleet.close()


def test_how_jobs_are_treated(clinic: Clinic) -> None:
    app = clinic.app

    @app.task(name="a.job", shared=False, operation="job_creation")
    def job() -> None: ...

    # the default: windows of two hours, a visibility timeout of one
    clinic.suffers("visibility timeout", WARNING, "'visibility_timeout': 10800")
    app.conf.broker_transport_options = {"visibility_timeout": 10_800}
    clinic.suffers("visibility timeout", WARNING, "task_time_limit = 9720")
    app.conf.task_time_limit = 14_400
    clinic.suffers("visibility timeout", PROBLEM, "'visibility_timeout': 21600")
    app.conf.task_time_limit = 3600
    clinic.is_well("visibility timeout")

    clinic.is_well("workers can stop")
    clinic.is_well("late acknowledgement")
    app.conf.task_reject_on_worker_lost = False
    clinic.suffers("late acknowledgement", WARNING, "task_reject_on_worker_lost = True")
    app.conf.task_acks_late = False
    job.acks_late = False
    assert "a.job" in clinic.suffers("late acknowledgement", WARNING, "task_acks_late = True").seen

    clinic.is_well("result expiry")
    app.conf.result_expires = 3600
    clinic.suffers("result expiry", WARNING, "result_expires = 28800")
    app.conf.result_expires = timedelta(days=1)
    clinic.is_well("result expiry")

    @app.task(name="a.stranger", shared=False)
    def stranger() -> None: ...

    remedy = 'guard.operations.add("…", name="a.stranger")'
    assert "a.stranger" in clinic.suffers("tasks", WARNING, remedy).seen
    clinic.guard.operations.add("read_operations", glob="a.strang*")
    # other tests may have left shared tasks of theirs in this process
    assert "a.stranger" not in clinic.check("tasks").seen


def test_no_worker_and_parked_jobs_that_nobody_gives_back(clinic: Clinic) -> None:
    clinic.suffers("workers", WARNING, "celery -A yourapp worker")
    assert clinic.check("queues served").status is UNKNOWN
    clinic.is_well("parked jobs")
    broker = clinic.parts.broker
    with broker.channel() as channel:
        queue = broker.queue(clinic.settings.guard_parked_queue)(channel)
        queue.declare()
        channel.basic_publish(channel.prepare_message("a job"), exchange="", routing_key=queue.name)
    clinic.suffers("parked jobs", PROBLEM, "celery -A yourapp worker")
    with broker.channel() as channel:
        channel.queue_purge(clinic.settings.guard_parked_queue)
    clinic.is_well("parked jobs")


def test_what_beat_sends_is_evidence_of_a_beat(clinic: Clinic) -> None:
    """One inside a worker of an older release does not register; what it sends is recorded."""
    clinic.app.conf.guard_timetable = beat_schedule.TIMETABLE
    clinic.app.conf.beat_schedule = beat_schedule.beat_schedule(clinic.settings)
    clinic.suffers("beat", PROBLEM, "celery -A yourapp beat")
    store = SqlRoutines(clinic.parts.stores.durable)
    hold = store.take("expiry-sweep", holder="x", now=time.time(), seconds=5)
    assert hold is not None
    assert store.note(hold, due_at=time.time(), outcome=Outcome.DONE, why="", now=time.time() - 20)
    store.give_back(hold)
    clinic.is_well("beat")


# -- ways to people ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server on localhost shows, and what a client trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    (folder / "cert").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(folder / "cert", folder / "key")
    trusted = ssl.create_default_context(cafile=str(folder / "cert"))
    return shown, trusted


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_mail_server(clinic: Clinic, certificate: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    shown, trusted = certificate
    port = free_port()
    clinic.is_well("mail server")  # none is set
    away = lambda: smtp_reachable("127.0.0.1", port, "none")  # noqa: E731
    clinic.suffers("mail server", PROBLEM, "mail settings", mail=away)
    plain = Controller(Sink(), hostname="127.0.0.1", port=port)
    plain.start()
    try:
        clinic.is_well("mail server", mail=away)
        assert smtp_reachable("127.0.0.1", port, "starttls").note.endswith("does not offer STARTTLS")
        assert smtp_reachable("127.0.0.1", port, "tls").note.endswith("does not speak TLS on this port")
        assert not smtp_reachable("127.0.0.1", port, "ssl").reachable
    finally:
        plain.stop()
    offers = Controller(Sink(), hostname="127.0.0.1", port=port, tls_context=shown)
    offers.start()
    try:
        assert smtp_reachable("localhost", port, "starttls", context=trusted).reachable
        refused = smtp_reachable("localhost", port, "starttls")
        assert "the certificate of localhost" in refused.note
    finally:
        offers.stop()
    with TlsServer(shown, greeting=b"220 here\r\n") as server:
        assert smtp_reachable("localhost", server.port, "tls", context=trusted).reachable


class TlsServer:
    """Accepts, greets, and answers every line with 250."""

    def __init__(self, context: ssl.SSLContext, greeting: bytes = b"") -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._context = context
        self._greeting = greeting
        self.port = int(self._socket.getsockname()[1])
        self.heard: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> TlsServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._socket.accept()
            except OSError:
                return
            try:
                with self._context.wrap_socket(plain, server_side=True) as client:
                    client.settimeout(5)
                    if self._greeting:
                        client.sendall(self._greeting)
                    while line := client.recv(1000):
                        self.heard.append(line)
                        client.sendall(b"221 bye\r\n" if b"quit" in line.lower() else b"250 ok\r\n")
            except OSError:
                plain.close()


def test_a_webhook(clinic: Clinic, certificate: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    shown, trusted = certificate
    clinic.is_well("webhook")  # none is set
    closed = f"https://localhost:{free_port()}/secret-path"
    probe = lambda: webhook_reachable(closed, refuses=lambda _: None)  # noqa: E731
    found = clinic.suffers("webhook", PROBLEM, "MAINTENANCE_WEBHOOK_URL", webhook=probe)
    assert "secret-path" not in str(found)
    inside = webhook_reachable(closed)
    assert inside.note == "localhost leads to a loopback address, where nothing is ever posted"
    assert "no address is known" in webhook_reachable("https://no-such-host.invalid/x").note
    with TlsServer(shown) as server:
        url = f"https://localhost:{server.port}/secret-path"
        clinic.is_well(
            "webhook", webhook=lambda: webhook_reachable(url, refuses=lambda _: None, context=trusted)
        )
        untrusted = webhook_reachable(url, refuses=lambda _: None)
        assert untrusted.note.startswith("the certificate of localhost is refused")
        assert server.heard == []  # nothing was posted


def test_secrets_of_the_settings_are_not_shown(clinic: Clinic) -> None:
    assert SECRET not in str(clinic.examine().to_dict())
