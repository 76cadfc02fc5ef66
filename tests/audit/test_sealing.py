"""Secrets in the database: sealed, rotated without a gap, and a lost key that harms nothing else."""

from __future__ import annotations

import logging
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from guard.errors import ConfigurationInvalid, InvalidRequest, SealBroken
from guard.settings import load_settings
from guard.settings.masking import Secret
from guard.store.sealing import Sealer
from guard.store.sql.schema import SECOND_FACTORS, SECRETS

if TYPE_CHECKING:
    from tests.access.conftest import House

SECRET = b"a secret for the tests"
OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))
PASSWORD = "planted-smtp-password-7f3a"
SERVER = f"smtps://mailer:{PASSWORD}@mail.example.com"
BEFORE = "smtps://mailer:before@mail.example.com"


@given(text=st.text("aé\x00 'ß", max_size=30))
def test_what_was_sealed_opens_and_shows_nothing(text: str) -> None:
    for sealer in (Sealer([NEW]), Sealer(secret=SECRET), Sealer([NEW, OLD], SECRET)):
        sealed = sealer.seal(text)
        assert sealer.open(sealed) == text
        assert len(text) < 3 or text not in sealed
        assert sealer.is_newest(sealed)


def test_any_key_opens_and_the_first_seals() -> None:
    sealed = Sealer([OLD]).seal("x")
    both = Sealer([NEW, OLD])
    assert both.open(sealed) == "x"
    assert not both.is_newest(sealed)
    assert Sealer([NEW], former=[SECRET]).open(Sealer(secret=SECRET).seal("y")) == "y"
    for stranger in (Sealer([NEW]), Sealer(secret=SECRET), Sealer()):
        with pytest.raises(SealBroken, match="GUARD_ENCRYPTION_KEYS"):
            stranger.open(sealed)
    with pytest.raises(InvalidRequest, match="GUARD_SECRET_KEY"):
        Sealer().seal("x")
    with pytest.raises(SealBroken):
        both.open(sealed[:-4] + "AAAA")
    assert OLD not in repr(both)


def test_seeds_of_earlier_releases_open() -> None:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"guard second factor")
    sealed = Fernet(urlsafe_b64encode(derive.derive(SECRET))).encrypt(b"SEED").decode()
    sealer = Sealer(secret=SECRET)
    assert sealer.open(sealed) == "SEED"
    assert not sealer.is_newest(sealed)


def rows(house: House, table: Any) -> list[Any]:
    with house.guard.durable.engine.connect() as connection:  # type: ignore[attr-defined]
        return list(connection.execute(table.select()))


def test_a_secret_is_kept_sealed_and_journaled_by_name_alone(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    house.guard.secrets.set("guard_smtp_url", BEFORE, by="ann")
    house.guard.secrets.set("guard_smtp_url", SERVER, by="ann")
    assert house.another().secrets.get("guard_smtp_url") == Secret(SERVER)
    assert house.guard.secrets.get("guard_webhook_secrets") is None
    (kept,) = house.guard.secrets.list()
    assert (kept.name, kept.changed_by, kept.opens) == ("guard_smtp_url", "ann", True)
    shown = repr([kept, house.guard.secrets.get("guard_smtp_url"), house.guard.secrets])
    assert PASSWORD not in house.kept() + caplog.text + shown
    assert [line.detail for line in house.journal("set secret")] == [{"name": "guard_smtp_url"}] * 2
    look_up = house.guard.secrets.look_up
    assert look_up("guard_smtp_url", "given") == look_up("guard_smtp_url", Secret("given")) == Secret("given")
    assert look_up("guard_smtp_url", "") == look_up("guard_smtp_url", None) == Secret(SERVER)
    house.guard.secrets.remove("guard_smtp_url", by="ann")
    assert house.guard.secrets.list() == []
    with pytest.raises(InvalidRequest, match="no secret 'guard_smtp_url' is kept"):
        house.guard.secrets.remove("guard_smtp_url", by="ann")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("guard_smtp_ulr", "x", "did you mean 'guard_smtp_url'"),
        ("guard_smtp_url", "", "empty"),
        ("guard_smtp_url", "x" * 5000, "longer than 4096"),
        ("guard_smtp_url", "planted\nbreak", "not printable"),
        ("guard_smtp_url", "smtp://u:planted@mail.example.com", "guard_smtp_url would send in the clear"),
        ("maintenance_webhook_url", "https://10.0.0.1/planted", "maintenance_webhook_url leads to a private"),
        ("guard_webhook_secrets", "planted", "guard_webhook_secrets has one of less than 24"),
    ],
)
def test_what_is_no_secret_is_said(house: House, name: str, text: str, said: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        house.guard.secrets.set(name, text, by="ann")
    assert said in str(raised.value)
    assert "planted" not in str(raised.value)
    assert rows(house, SECRETS) == []


def test_rotation_renews_everything_and_may_be_interrupted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("alice", "bob"):
        house.enrol(name)
    house.guard.secrets.set("guard_smtp_url", SERVER, by="ann")
    rotating = house.another(GUARD_ENCRYPTION_KEYS=f"{NEW},{OLD}")
    sealer: Any = rotating._parts.stores.sealer
    really, count = sealer.seal, 0

    def interrupted(text: str) -> str:
        nonlocal count
        count += 1
        if count == 4:  # the first is the test of the key
            raise KeyboardInterrupt
        return str(really(text))

    monkeypatch.setattr(sealer, "seal", interrupted)
    with pytest.raises(KeyboardInterrupt):
        rotating.secrets.rotate(by="ann")
    monkeypatch.undo()
    done = rotating.secrets.rotate(by="ann")
    assert (done.renewed, done.newest, done.unreadable) == (1, 2, ())
    again = rotating.secrets.rotate(by="ann")
    assert (again.renewed, again.newest) == (0, 3)
    # now the derived key is not needed any more
    alone = house.another(GUARD_ENCRYPTION_KEYS=NEW, GUARD_SECRET_KEY="another secret, given later")
    assert alone.secrets.get("guard_smtp_url") == Secret(SERVER)
    assert alone.access.show_code(house.actor("alice"), house.code("alice")).stepped_up_at


def test_a_lost_key_is_named_and_all_else_works(house: House) -> None:
    house.enrol("alice")
    house.guard.secrets.set("guard_smtp_url", SERVER, by="ann")
    house.guard.secrets.set("maintenance_webhook_url", "https://hooks.example.com/T0", by="ann")
    lost = house.another(GUARD_ENCRYPTION_KEYS=NEW, GUARD_SECRET_KEY="another secret, given later")
    with pytest.raises(SealBroken, match=r"guard_smtp_url.*GUARD_FORMER_SECRET_KEYS.*rotate.*set it anew"):
        lost.secrets.get("guard_smtp_url")
    with pytest.raises(InvalidRequest, match="enrol anew"):
        lost.access.show_code(house.actor("alice"), house.code("alice"))
    assert [one.opens for one in lost.secrets.list()] == [False, False]
    done = lost.secrets.rotate(by="ann")
    assert done.renewed == 0
    assert set(done.unreadable) == {
        "guard_secrets guard_smtp_url",
        "guard_secrets maintenance_webhook_url",
        "guard_second_factors alice",
    }
    lost.secrets.set("guard_smtp_url", BEFORE, by="ann")
    assert lost.secrets.get("guard_smtp_url") == Secret(BEFORE)
    lost.durable.read()
    assert len(rows(house, SECOND_FACTORS)) == 1


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("GUARD_ENCRYPTION_KEYS", f"{NEW},planted-not-a-key", "key 2 is no Fernet key"),
        ("GUARD_ENCRYPTION_KEYS", " , ", "is empty"),
        ("GUARD_FORMER_SECRET_KEYS", "long enough to be one,planted", "key 2 is too short"),
    ],
    ids=["no key", "empty", "too short"],  # the key is another one in each process
)
def test_keys_that_are_none_are_named_by_their_place(name: str, text: str, said: str) -> None:
    with pytest.raises(ConfigurationInvalid) as raised:
        load_settings({name: text})
    assert said in str(raised.value)
    assert "planted" not in str(raised.value)
    assert NEW not in str(raised.value)


def test_keys_are_taken_in_their_order() -> None:
    settings = load_settings(
        {"GUARD_ENCRYPTION_KEYS": f"{NEW},{OLD}", "GUARD_FORMER_SECRET_KEYS": "the one before this one"}
    )
    assert settings.encryption_keys == (NEW, OLD)
    assert settings.former_secrets == (b"the one before this one",)
    assert NEW not in repr(settings)
