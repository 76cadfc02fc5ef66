"""`maintenance access` and `maintenance bypass` as people and scripts use them."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pyotp
import pytest

from guard.cli.exits import Exit
from tests.integration.test_cli import NOWHERE, Shop, _at_the_keyboard, _with_terminal
from tests.support.shortdirs import remove_dir, short_dir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.valkey import Valkey


@pytest.fixture(scope="module")
def shop(valkey: Valkey) -> Iterator[Shop]:
    """An app whose broker is away: nothing here needs one."""
    folder = short_dir("cli")
    made = Shop(folder, NOWHERE)
    made.env["REDIS_URL"] = valkey.url(valkey.fresh_db())
    yield made
    remove_dir(folder)


def told(shop: Shop, *args: str) -> Any:
    """The JSON of a command that must end well."""
    done = shop.maintenance(*args, "--json")
    assert done.code == Exit.DONE, done
    return done.json


def test_a_token_from_making_to_revocation(shop: Shop) -> None:
    made = shop.maintenance(
        "access", "token", "make", "alice", "--right", "operate", "--right", "emergency", "--for", "90d",
        "--label", "deploys",
    )  # fmt: skip
    assert made.code == Exit.DONE, made
    text = made.out.strip()
    token_id = text.split("_")[1]
    assert text.startswith("gmt_")
    assert text not in made.err  # nothing but the answer holds it
    listed = shop.maintenance("access", "token", "list")
    for word in (token_id, "alice", "emergency, operate", "never", "counts", "deploys"):
        assert word in listed.out
    assert text.split("_", 2)[2] not in listed.out
    (view,) = told(shop, "access", "token", "list")
    assert (view["owner"], view["rights"], view["used_at"]) == ("alice", ["emergency", "operate"], None)
    assert 89 * 86_400 < view["expires_at"] - time.time() < 90 * 86_400 + 1
    assert told(shop, "access", "token", "revoke", token_id, "--by", "ops")["revoked_by"] == "ops"
    assert "revoked by ops" in shop.maintenance("access", "token", "list").out


def test_what_is_wrong_with_a_token_is_said_at_once(shop: Shop) -> None:
    done = shop.maintenance("access", "token", "make", "alice", "--right", "operat", "--for", "400d")
    assert (done.code, "from 1 second to 366 days" in done.err) == (Exit.INVALID, True)
    done = shop.maintenance("access", "token", "make", " ", "--right", "operat", "--for", "1d", "--json")
    assert (done.code, len(done.json["problems"])) == (Exit.INVALID, 2)
    done = shop.maintenance("access", "token", "revoke", "0123456789abcdef")
    assert (done.code, "there is no token" in done.err) == (Exit.INVALID, True)


def test_a_second_factor_from_enrolment_to_its_end(shop: Shop) -> None:
    made = told(shop, "access", "enrol", "alice")
    assert made["uri"].startswith("otpauth://totp/")
    assert len(set(made["break_glass"])) == 8
    wrong = shop.maintenance("access", "confirm", "alice", "12345")
    assert (wrong.code, "does not count" in wrong.err) == (Exit.NOT_NOW, True)
    code = pyotp.TOTP(made["seed"]).now()
    right = _at_the_keyboard(shop, "access", "confirm", "alice", answer=f"{code}\n")
    assert right.returncode == Exit.DONE, right
    again = shop.maintenance("access", "enrol", "alice")
    assert (again.code, "forget it first" in again.err) == (Exit.INVALID, True)
    assert told(shop, "access", "forget", "alice") == {"owner": "alice", "forgotten": True}


def test_on_a_terminal_there_is_a_code_to_scan(shop: Shop) -> None:
    hint, seen = _with_terminal(shop, "access", "enrol", "bob", stream="stdout")
    assert "otpauth://totp/" in seen.replace("\r\n", "").replace(" ", "")
    assert "█" in seen or "▄" in seen
    assert "access confirm bob" in hint


def test_without_a_key_it_says_what_is_missing(shop: Shop) -> None:
    key = shop.env.pop("GUARD_SECRET_KEY")
    try:
        done = shop.maintenance("access", "enrol", "carol")
    finally:
        shop.env["GUARD_SECRET_KEY"] = key
    said = "set GUARD_ENCRYPTION_KEYS or GUARD_SECRET_KEY" in done.err
    assert (done.code, said) == (Exit.INVALID, True)


def test_what_waits_for_a_second_person_is_listed(shop: Shop) -> None:
    assert told(shop, "access", "approvals") == []
    assert "0 wait" in shop.maintenance("access", "approvals").out


def test_a_bypass_from_making_to_revocation(shop: Shop) -> None:
    """Its old form goes on: no word between `bypass` and the operation."""
    made = shop.maintenance(
        "bypass", "caption_generation", "--holder", "alice", "--for", "5m", "--user", "17"
    )
    assert made.code == Exit.DONE, made
    other = told(shop, "bypass", "--holder", "bob", "--for", "60", "batch_operations")
    newest, oldest = told(shop, "bypass", "list")
    assert (oldest["holder"], oldest["user"], oldest["operations"]) == ("alice", "17", ["caption_generation"])
    assert (newest["holder"], newest["uses"], newest["revoked_at"]) == ("bob", 0, None)
    assert other["token"] not in json.dumps([newest, oldest])
    gone = shop.maintenance("bypass", "revoke", oldest["bypass_id"], "--by", "ops")
    assert (gone.code, "lets nothing pass" in gone.out) == (Exit.DONE, True)
    table = shop.maintenance("bypass", "list").out
    assert "Bypasses: 1 count, 2 were made" in table
    assert "revoked by ops" in table
    missing = shop.maintenance("bypass", "revoke", "nonsense")
    assert (missing.code, "there is no bypass" in missing.err) == (Exit.INVALID, True)


def test_a_bypass_needs_redis(shop: Shop) -> None:
    done = shop.maintenance("bypass", "caption_generation", "--holder", "a", "--for", "60", REDIS_URL=NOWHERE)
    assert (done.code, done.out) == (Exit.AWAY, "")
    assert "s3cret" not in done.err
