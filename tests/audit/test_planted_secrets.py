"""A planted-secret scan: worker, command line, web side and Flower with a secret in every sensitive setting.

Nothing that leaves a process may show one: no log at DEBUG, report, answer, page, traceback, repr, nor a
command line.
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyotp
import pytest
import requests

from guard.web.api.routes import ROUTES
from tests.audit.planted import Planted
from tests.support.eventually import eventually
from tests.support.ports import free_port
from tests.support.shop import Shop
from tests.support.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.mariadb import MariaDB

READ_ONLY = (
    ["status"], ["check"], ["parked"], ["account"], ["report"], ["ledger"], ["routines", "list"],
    ["routines", "show", "morning-check"], ["schedule", "list"], ["access", "token", "list"],
    ["access", "approvals"], ["bypass", "list"], ["sessions", "stats"], ["optimize", "--dry-run"],
    ["audit", "show"], ["audit", "verify"], ["secrets", "list"],
)  # fmt: skip
CELERY = (
    ["report"], ["inspect", "conf"], ["inspect", "stats"], ["inspect", "report"], ["inspect", "registered"],
    ["inspect", "active"], ["inspect", "reserved"], ["inspect", "active_queues"], ["status"],
)  # fmt: skip
FLOWER = (
    "/maintenance", "/workers", "/worker/w1@shop", "/api/workers?refresh=1", "/tasks", "/api/tasks",
    "/broker", "/metrics", "/api/queues/length",
)  # fmt: skip

REPR = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
guard.status()
guard.records.journal(5)
guard.audit.verify()
guard.secrets.list()
guard.access.tokens()
seen, todo = set(), [(guard, 0)]
while todo:
    one, depth = todo.pop()
    if id(one) in seen or depth > 5:
        continue
    seen.add(id(one))
    if type(one).__module__.split(".")[0] != "guard":
        if isinstance(one, (list, tuple, set)):
            todo += [(each, depth + 1) for each in list(one)[:50]]
        if type(one).__module__.split(".")[0] not in {"sqlalchemy", "redis"}:
            continue
    # str() of a MaskedUrl is the URL: the libraries need it
    print(type(one).__name__, repr(one), "" if isinstance(one, str) else str(one))
    names = set(getattr(one, "__dict__", ())) | {
        slot for kind in type(one).__mro__ for slot in getattr(kind, "__slots__", ()) if type(slot) is str}
    for name in names:
        if type(one).__module__.startswith("guard.settings"):
            break  # what it says of itself is above
        try:
            todo.append((getattr(one, name), depth + 1))
        except Exception:
            pass
print("looked at", len(seen))
"""

TRACEBACK = """
import sys, traceback
sys.path.insert(0, %r)
from guard.settings import load_settings
try:
    settings = load_settings()
except Exception:
    traceback.print_exc()
else:
    import guard
    from celery import Celery
    installed = guard.install(Celery("x", broker="memory://", set_as_current=False), settings)
    for ask in (installed.status, lambda: installed.records.journal(1), installed.audit.verify,
                lambda: installed.secrets.get("guard_smtp_url")):
        try:
            ask()
        except Exception:
            traceback.print_exc()
    print(repr(settings))
"""


@pytest.fixture(scope="module")
def planted() -> Planted:
    return Planted()


@pytest.fixture(scope="module")
def shop(
    planted: Planted, mariadb: MariaDB, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """A shop with a secret wherever there may be one."""
    database = mariadb.create_database()
    password = planted.put("database_password")
    mariadb.execute(f"CREATE USER planted@localhost IDENTIFIED BY '{password}'")
    mariadb.execute(f"GRANT ALL ON {database}.* TO planted@localhost")
    url = f"mysql+pymysql://planted:{password}@/{database}?unix_socket={mariadb.socket}&charset=utf8mb4"
    with Valkey(tcp=True) as server:
        with server.client() as client:
            client.config_set("requirepass", planted.put("redis_password"))
        where = f"redis://:{planted.texts['redis_password']}@127.0.0.1:{server.port}"
        path, query = planted.put("webhook_path"), planted.put("webhook_query")
        hook = f"https://hooks.example.com/services/{path}?token={query}"
        with Shop(
            broker=f"{where}/1",
            backend=f"{where}/2",
            redis=f"{where}/3",
            folder=tmp_path_factory.mktemp("planted"),
            DATABASE_URL=url,
            GUARD_APP_DATABASE_URL=url,
            GUARD_SESSION_REDIS_URL=f"{where}/4",
            GUARD_SECRET_KEY=planted.put("secret_key"),
            GUARD_FORMER_SECRET_KEYS=planted.put("former_secret_key"),
            GUARD_ENCRYPTION_KEYS=f"{planted.fernet('new_key')},{planted.fernet('old_key')}",
            MAINTENANCE_WEBHOOK_URL=hook,
        ) as made:
            made.guard.durable.migrate()  # type: ignore[attr-defined]
            yield made


def run(shop: Shop, *argv: str, stdin: str | None = None, **environ: str) -> str:
    """A command as somebody types it: all that it printed. Meanwhile every command line is looked at."""
    done = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "celery", "-A", "tests.acceptance.shop", *argv],
        cwd=shop.folder,
        env={**os.environ, **shop.environ, **environ},
        stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines = command_lines()
    out, _ = done.communicate(stdin, timeout=90)
    assert out, argv
    return out + "\n" + "\n".join(line for line in lines.splitlines() if "celery" in line)


def command_lines() -> str:
    """Command lines of all processes that are ours or below."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return "\n".join(found)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_output_shows_a_secret(shop: Shop, planted: Planted) -> None:  # noqa: C901 - one fleet for all
    person = planted.put("job_argument", "pLanted.Person@example.org.aB3dE5fG7")
    kept = planted.put("kept_smtp_password"), planted.put("kept_webhook_secret")
    server = f"smtp://mailer:{kept[0]}@localhost:1"
    for name, text in {"guard_smtp_url": server, "guard_webhook_secrets": kept[1]}.items():
        out = run(shop, "maintenance", "secrets", "set", name, stdin=text + "\n")
        assert f"The secret {name} is kept" in out
        planted.scan("secrets set", out)
    token = shop.guard.access.make_token("alice", rights=("admin",), seconds=3600, by="tests")
    planted.put("access_token", token.text.split("_", 2)[2])
    enrolled = shop.guard.access.enrol("alice", by="tests")
    planted.put("totp_seed", enrolled.seed)
    for number, code in enumerate(enrolled.break_glass):
        planted.put(f"break_glass_{number}", code)
    shop.guard.access.confirm("alice", pyotp.TOTP(enrolled.seed).now(), by="tests")
    bypass = shop.guard.bypass("job_creation", holder="ann", seconds=600, by="tests")
    planted.put("bypass_token", bypass[-40:])

    worker = shop.start_worker("w1")
    more = ["-E", "-c", "2", "-Q", "guarded,mixed,open", "-n", "w2@shop"]
    debug = shop._celery("debug", ["worker", "-l", "DEBUG", *more], {})
    served = shop._celery("web", ["maintenance", "web", "--port", "0", "--json"], {})
    port = free_port()
    options = ["--address=127.0.0.1", f"--port={port}", "--logging=debug"]
    flower = shop._celery("flower", ["flower", *options], {"FLOWER_UNAUTHENTICATED_API": "true"})
    for name, process in {"w1": worker, "w2": debug}.items():
        eventually(lambda: f"{name}@shop ready." in process.log, within=90, what=process.log_tail)  # noqa: B023

    # a window in which jobs with personal data are held and parked, and one that may pass
    shop.settled()
    shop.guard.enable(reason="test", by="tests", duration=600)
    shop.send("mixed_job", person, when_closed="hold")
    shop.send("job", person, when_closed="hold")
    eventually(lambda: shop.guard.parked.list(5), within=30, what="a parked job")
    try:
        shop.send("job", person)
    except Exception as error:  # noqa: BLE001 - refused, as it should be
        planted.scan("a refusal", repr(error) + str(error))
    planted.scan("what SQL keeps", kept_in_sql(shop))
    planted.scan("what Redis keeps for the guard", kept_in_redis(shop))
    planted.scan("parked list", run(shop, "maintenance", "parked", "--json"))

    for words in READ_ONLY:
        for more in ([], ["--json"]):
            out = run(shop, "maintenance", *words, *more)
            planted.scan(f"maintenance {' '.join([*words, *more])}", out)
            assert "Traceback" not in out, out
    for words in CELERY:
        planted.scan(f"celery {' '.join(words)}", run(shop, *words))
    planted.scan("repr of parts", repr_of_parts(shop))

    line = eventually(lambda: re.search(r'"address": "(http://[^/"]+)', served.log), within=60, what="web")
    address = line[1]
    bearer = {"Authorization": f"Bearer {token.text}"}
    for route in ROUTES:
        if route.method == "GET" and "events" not in route.path:
            path = re.sub(r"<[^>]+>", "unknown", route.path)
            for prefix in ("/api", ""):
                answer = requests.get(address + prefix + path, headers=bearer, timeout=30)
                planted.scan(f"GET {prefix}{path}", answer.text + str(answer.headers))
    wrong = {"Authorization": "Bearer x"}
    refused = requests.get(f"{address}/api/maintenance/audit", headers=wrong, timeout=30)
    planted.scan("a refused request", refused.text)
    here = f"http://127.0.0.1:{port}"
    eventually(lambda: answers(f"{here}/healthcheck"), within=60, what=f"Flower: {flower.log_tail}")
    for path in FLOWER:
        answer = requests.get(here + path, timeout=60)
        assert answer.ok, path
        planted.scan(f"Flower {path}", answer.text + str(answer.headers))

    shop.guard.disable(by="tests")
    planted.scan("command lines", command_lines())
    # A worker at DEBUG logs the arguments of jobs: that is Celery's, and for whoever asked for DEBUG.
    logs = {"worker": worker, "worker at DEBUG": debug, "web": served, "flower": flower}
    for name, process in logs.items():
        planted.scan(f"log of {name}", process.log, but=("job_argument",))
        assert process.log, name
    for name in ("export.jsonl", "export.csv"):
        planted.scan("audit export", run(shop, "maintenance", "audit", "export", name))
        for file in shop.folder.glob(f"{name}*"):
            planted.scan("an exported file", file.read_text())
    print("\n".join(f"{size:9d} {output}" for output, size in planted.scanned.items()))
    assert all(size for output, size in planted.scanned.items()), planted.scanned
    assert planted.found == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("DATABASE_URL", "mysql+pymysql://u:{}@127.0.0.1:1/x"),
        ("DATABASE_URL", "mysql+pymysql://u:{}@[::1/x"),
        ("DATABASE_URL", "nonsense://u:{}@h/x"),
        ("DATABASE_URL", "postgresql+psycopg://u:{}@127.0.0.1:1/x"),
        ("REDIS_URL", "redis://:{}@127.0.0.1:1/0"),
        ("REDIS_URL", "redis://:{}@127.0.0.1:port/0"),
        ("REDIS_URL", "nonsense://:{}@h/0"),
        ("GUARD_SESSION_REDIS_URL", "redis://:{}@127.0.0.1:port/0"),
        ("GUARD_SECRET_KEY", "{:.9}"),
        ("GUARD_FORMER_SECRET_KEYS", "{},{:.9}"),
        ("GUARD_ENCRYPTION_KEYS", "{}"),
        ("MAINTENANCE_WEBHOOK_URL", "http://h.example/{}"),
        ("MAINTENANCE_WEBHOOK_URL", "https://127.0.0.1/x?token={}"),
        ("MAINTENANCE_WEBHOOK_URL", "https://u:{}@h.example/[x"),
        ("GUARD_SECRET_KEYS", "{}"),
    ],
)
def test_what_fails_says_nothing_of_a_secret(setting: str, value: str, tmp_path: Path) -> None:
    planted = Planted()
    secret = planted.put("failing")
    planted.put("nine", secret[:9]) if "{:.9}" in value else None
    environ = {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'guard.db'}",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        setting: value.format(secret, secret),
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", TRACEBACK % str(Path.cwd())],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd()), **environ},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    out = done.stdout + done.stderr
    assert out
    planted.scan(f"{setting} {value}", out)
    assert planted.found == [], out


def test_the_scan_finds_what_it_looks_for() -> None:
    planted = Planted()
    secret = planted.put("somewhere")
    coded = base64.b64encode(secret.encode()).decode()
    for text in (secret, f'x"{secret}"', coded, f"…{secret[len(secret) // 2 :]}"):
        planted.found.clear()
        planted.scan("a text", text)
        assert planted.found, text
    planted.found.clear()
    planted.scan("a text", "nothing", but=())
    planted.scan("a text", secret, but=("somewhere",))
    assert planted.found == []


def repr_of_parts(shop: Shop) -> str:
    process = shop.python("repr", REPR)
    process.wait(60)
    assert "looked at" in process.log, process.log_tail
    return process.log


def kept_in_sql(shop: Shop) -> str:
    from guard.store.sql.schema import METADATA

    engine: Any = shop.guard.durable.engine  # type: ignore[attr-defined]
    with engine.connect() as connection:
        rows = [row for table in METADATA.sorted_tables for row in connection.execute(table.select())]
    return repr(rows)


def kept_in_redis(shop: Shop) -> str:
    client = shop.guard._parts.stores.plane.client  # type: ignore[attr-defined]
    found = []
    for key in client.scan_iter(count=1000):
        found.append(str(key))
        kind = client.type(key)
        read = {"hash": client.hgetall, "string": client.get, "set": client.smembers}.get(kind)
        ranged = {"list": client.lrange, "zset": client.zrange}.get(kind)
        found.append(repr(read(key) if read else ranged(key, 0, -1) if ranged else ""))
    return "\n".join(found)


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False
