"""Mail servers and addresses: what is taken, what is refused, and that no password is repeated."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.mail_server import (
    MOST_ADDRESSES,
    MailServer,
    Security,
    mail_server,
    split_addresses,
    split_sender,
)
from guard.errors import InvalidRequest
from tests.core.strategies import many


@pytest.mark.parametrize(
    ("url", "host", "port", "security", "user", "password"),
    [
        ("smtp+starttls://u:p@mail.example.com", "mail.example.com", 587, Security.STARTTLS, "u", "p"),
        ("smtps://mail.example.com", "mail.example.com", 465, Security.TLS, "", ""),
        ("smtps://a%40b:p%2F%3A@m:2465", "m", 2465, Security.TLS, "a@b", "p/:"),
        ("smtp://localhost", "localhost", 25, Security.NONE, "", ""),
        ("smtp://[::1]:2525/", "::1", 2525, Security.NONE, "", ""),
    ],
)
def test_servers(url: str, host: str, port: int, security: Security, user: str, password: str) -> None:
    found = mail_server(url)
    assert found == MailServer(host=host, port=port, security=security, user=user, password=password)
    assert not password or password not in repr(found).replace("mail_server", "").split("user=")[1]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "must begin with"),
        ("http://u:hunter2@m", "must begin with"),
        ("smtp://u:hunter2@mail.example.com", "in the clear"),
        ("smtps://:hunter2@m", "without a user"),
        ("smtps://user@m", "without a password"),
        ("smtps://u:hunter2@m:99999", "cannot be read"),
        ("smtps://u:hunter2@m:0", "port 0"),
        ("smtps://u:hunter2@", "names no host"),
        ("smtps://u:hunter2@m/x", "after its host"),
        ("smtps://u:hunt er2@m", "a space"),
        ("smtps://u:hunter2@m\r\nx", "a space|after|control"),
    ],
)
def test_what_is_no_server(url: str, says: str) -> None:
    with pytest.raises(InvalidRequest, match=says) as caught:
        mail_server(url)
    assert "hunter2" not in str(caught.value)


@given(st.text(max_size=60))
@many
def test_no_text_makes_it_stumble(text: str) -> None:
    for read in (mail_server, split_addresses, split_sender):
        with suppress(InvalidRequest):
            read(text)


def test_addresses() -> None:
    assert split_addresses(" a@example.com, b.c+d@x.example.com,,a@example.com") == (
        "a@example.com",
        "b.c+d@x.example.com",
    )
    assert split_addresses("") == ()
    with pytest.raises(InvalidRequest, match="too many"):
        split_addresses(",".join(f"a{number}@example.com" for number in range(MOST_ADDRESSES + 1)))


@pytest.mark.parametrize(
    "wrong",
    [
        *("a", "a@", "@b", "a b@c", "a@b\nBcc: x@y", "a@b>", "a@-b", ".a@b", "a@b..c", "ü@b", "<a@b>"),
        "a" * 253 + "@b",
    ],
)
def test_what_is_no_address(wrong: str) -> None:
    with pytest.raises(InvalidRequest, match="no mail address"):
        split_addresses(wrong)
    if wrong != "<a@b>":
        with pytest.raises(InvalidRequest):
            split_sender(wrong)


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("guard@example.com", "", "guard@example.com"),
        ("Maintenance <guard@example.com>", "Maintenance", "guard@example.com"),
        ("Wartung für Köln <guard@example.com>", "Wartung für Köln", "guard@example.com"),
        ("<guard@example.com>", "", "guard@example.com"),
    ],
)
def test_senders(text: str, name: str, address: str) -> None:
    assert split_sender(text) == (name, address)


@pytest.mark.parametrize("wrong", ["", "Name", "A <b>", "A\nBcc: x@y <a@b>", "A <a@b> <c@d>"])
def test_what_is_no_sender(wrong: str) -> None:
    with pytest.raises(InvalidRequest):
        split_sender(wrong)


def problems_of(url: str) -> tuple[str, ...]:
    with pytest.raises(InvalidRequest) as caught:
        mail_server(url)
    return tuple(caught.value.problems)


_NO_HOST = "names no host, or has a space, a control character or a letter beyond ASCII"
_AFTER = "has something after its host and port: percent-encode / ? # in a password"
_HALF = "has a user without a password, or a password without a user"
_CLEAR = "would send in the clear: use smtp+starttls:// or smtps:// (smtp:// is for localhost)"


@pytest.mark.parametrize(
    ("url", "problems"),
    [
        ("", ["must begin with smtp+starttls://, smtps://, smtp://"]),
        ("http://m", ["must begin with smtp+starttls://, smtps://, smtp://"]),
        ("smtps://m:x", ["is no URL: its host or port cannot be read"]),
        ("smtps://", [_NO_HOST]),
        ("smtps://m\u00fc", [_NO_HOST]),
        ("smtps://a b", [_NO_HOST]),
        ("smtps://m\x7f", [_NO_HOST]),
        ("smtps://m/x", [_AFTER]),
        ("smtps://m?x", [_AFTER]),
        ("smtps://m#x", [_AFTER]),
        ("smtps://m:0", ["has the port 0: use 1 to 65535"]),
        ("smtps://u@m", [_HALF]),
        ("smtps://:p@m", [_HALF]),
        ("smtp://m", [_CLEAR]),
        ("smtp://u@m:0/x", [_AFTER, "has the port 0: use 1 to 65535", _HALF, _CLEAR]),
    ],
)
def test_each_problem_in_words(url: str, problems: list[str]) -> None:
    assert problems_of(url) == tuple(problems)


def test_the_schemes_and_who_signs_in() -> None:
    assert {one.name: one.value for one in Security} == {
        "STARTTLS": "smtp+starttls",
        "TLS": "smtps",
        "NONE": "smtp",
    }
    server = MailServer(host="m", port=1, security=Security.TLS)
    assert (server.user, server.password) == ("", "")
    assert "hunter2" not in repr(MailServer(host="m", port=1, security=Security.TLS, password="hunter2"))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_this_machine_needs_no_protection(host: str) -> None:
    assert mail_server(f"smtp://{host}").port == 25
    assert mail_server(f"smtps://{host}:65535/").port == 65535
    assert mail_server(f"smtps://{host}:1").port == 1


def addresses(number: int) -> list[str]:
    return [f"a{one}@example.com" for one in range(number)]


def test_how_many_addresses_and_how_long() -> None:
    assert MOST_ADDRESSES == 50
    assert split_addresses(",".join(addresses(50))) == tuple(addresses(50))
    with pytest.raises(InvalidRequest) as caught:
        split_addresses(",".join(addresses(51)))
    assert tuple(caught.value.problems) == ("51 addresses are too many: at most 50; use a mailing list",)
    longest = "a" * 252 + "@b"
    assert split_addresses(longest) == (longest,)
    with pytest.raises(InvalidRequest) as caught:
        split_addresses(f"wrong, a{longest}")
    assert tuple(caught.value.problems) == (
        "'wrong' is no mail address",
        f"'{'a' * 60}' is no mail address",
    )


@pytest.mark.parametrize("address", ["a@b", "A.B@C.D", "0!#$%&'*+/=?^_`{|}~-@0", "a@x-y", "a@" + "b" * 63])
def test_what_is_an_address(address: str) -> None:
    assert split_addresses(address) == (address,)


@pytest.mark.parametrize("address", ["a@" + "b" * 64, "a@b-", "a@b_c", "a.@b", "a@b.", "a@@b"])
def test_what_is_not_quite_an_address(address: str) -> None:
    with pytest.raises(InvalidRequest):
        split_addresses(address)


def test_a_sender_in_words() -> None:
    assert split_sender("  O'Neil-Smith (ops) 2.0 <a@b>  ") == ("O'Neil-Smith (ops) 2.0", "a@b")
    assert split_sender(" a@b ") == ("", "a@b")
    assert split_sender("N" * 80 + " <a@b>") == ("N" * 80, "a@b")
    for wrong in ("N" * 81 + " <a@b>", "x" * 61):
        with pytest.raises(InvalidRequest) as caught:
            split_sender(wrong)
        assert tuple(caught.value.problems) == (
            f"{wrong[:60]!r} is no mail address, nor one with a name: Name <a@example.com>",
        )
