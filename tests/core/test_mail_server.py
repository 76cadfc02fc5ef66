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
