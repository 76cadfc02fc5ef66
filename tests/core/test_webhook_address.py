"""Where a webhook may post to."""

from __future__ import annotations

import ipaddress
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.webhook_address import LONGEST, address_problem, shown_webhook, webhook_problems
from tests.core.strategies import many
from tests.core.wording import is_worded

GOOD = [
    "https://hooks.example.org",
    "https://hooks.example.org/",
    "https://hooks.slack.com/services/T000/B000/XXXX",
    "HTTPS://Hooks.Example.ORG/x?token=abc&b=%20",
    "https://hooks.example.org:8443/@room:1",
    "https://hooks.example.org:443",
    "https://hooks.example.org/?next=http://x.example/",
    "https://hooks.example.org./x",
    "https://xn--bcher-kva.example/x",
    "https://8.8.8.8/x",
    "https://[2606:4700:4700::1111]/x",
    "https://[2606:4700:4700::1111]:8443/x",
    "https://a-1.b--2.example/" + "x" * 1900,
]


@pytest.mark.parametrize("url", GOOD)
def test_a_public_receiver(url: str) -> None:
    assert webhook_problems(url) == []


INSIDE = """
    127.0.0.1 127.255.255.254 127.0.0.1. 0.0.0.0 0.1.2.3 10.0.0.1 172.16.0.1 172.31.255.255
    192.168.1.1 169.254.169.254 169.254.170.2 100.64.0.1 100.100.100.200 168.63.129.16 192.0.0.192
    192.0.2.1 198.18.0.1 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1
    255.255.255.255 [::] [::1] [0:0:0:0:0:0:0:1] [0000:0000:0000:0000:0000:0000:0000:0001]
    [::127.0.0.1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::FFFF:0a00:1] [::ffff:169.254.169.254]
    [::ffff:0:127.0.0.1] [64:ff9b::7f00:1] [64:ff9b::169.254.169.254] [64:ff9b:1::1] [fe80::1]
    [fec0::1] [fc00::1] [fd00:ec2::254] [ff02::1] [100::1] [2001:db8::1] [2001::1] [2002:7f00:1::]
    [3fff::1] [4000::1] [5f00::1]
""".split()  # noqa: SIM905 - a list of one a line is a page long


@pytest.mark.parametrize("host", INSIDE)
def test_an_address_that_is_not_of_the_public_internet(host: str) -> None:
    (problem,) = webhook_problems(f"https://{host}/x")
    assert "public internet only" in problem


SPELLINGS = """
    2130706433 017700000001 0x7f000001 0x7f.1 0X7F.1 127.1 127.0.1 0177.0.0.1 127.0.0.01 0127.0.0.1
    127.0.0.0x1 127.0.0.256 1.2.3.4.5 0 0x 3232235777 foo.1 8.8.8
""".split()  # noqa: SIM905 - a list of one a line is a page long


@pytest.mark.parametrize("host", SPELLINGS)
def test_an_address_in_another_spelling(host: str) -> None:
    (problem,) = webhook_problems(f"https://{host}/x")
    assert "another spelling" in problem


NAMES = """
    localhost LOCALHOST localhost. foo.localhost localhost.localdomain redis metadata web.
    metadata.google.internal metadata.google.internal. instance-data.ec2.internal printer.local
    hooks.svc hooks.default.svc.cluster.local router.lan router.home.arpa wiki.intranet a.corp
    1.0.0.127.in-addr.arpa x.onion x.test x.invalid
""".split()  # noqa: SIM905 - a list of one a line is a page long


@pytest.mark.parametrize("host", NAMES)
def test_a_name_that_only_this_network_knows(host: str) -> None:
    (problem,) = webhook_problems(f"https://{host}/x")
    assert "network only" in problem


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", ["begin with https://"]),
        ("hooks.example.org/x", ["begin with https://"]),
        ("https:/hooks.example.org", ["begin with https://"]),
        ("https:hooks.example.org", ["begin with https://"]),
        ("http://hooks.example.org", ["begin with https://"]),
        ("ftp://hooks.example.org", ["begin with https://"]),
        ("javascript://hooks.example.org/%0aalert(1)", ["begin with https://"]),
        ("https://", ["names no host"]),
        ("https:///hooks.example.org", ["names no host"]),
        ("https://?x", ["names no host"]),
        ("https://.", ["names no host"]),
        ("https://:443", ["names no host"]),
        ("https://user@hooks.example.org", ["user or password"]),
        ("https://user:pass@hooks.example.org", ["user or password"]),
        ("https://@hooks.example.org", ["user or password"]),
        ("https://hooks.example.org@127.0.0.1/", ["user or password", "loopback"]),
        ("https://hooks.example.org:443@127.0.0.1/", ["user or password", "loopback"]),
        ("https://127.0.0.1#@hooks.example.org", ["fragment", "loopback"]),
        ("https://a@b@127.0.0.1/", ["user or password", "loopback"]),
        ("https://hooks.example.org#x", ["fragment"]),
        ("https://127.0.0.1\\@hooks.example.org", ["backslash", "loopback"]),
        ("https://hooks.example.org\\.internal/", ["backslash"]),
        (" https://hooks.example.org", ["space", "begin with https://"]),
        ("https://hooks.example.org/a b", ["space"]),
        ("https://hooks.example.org/\r\nX-Evil: 1", ["control character"]),
        ("https://hooks.example.org/\n", ["control character"]),
        ("https://hooks\t.example.org", ["control character", "no name of a machine"]),
        ("https://hooks.example.org/\x00", ["control character"]),
        ("https://127。0。0。1/", ["beyond ASCII", "no name of a machine"]),
        ("https://①②⑦.0.0.1/", ["beyond ASCII", "another spelling"]),
        ("https://\uff4c\uff4fcalhost/", ["beyond ASCII", "no name of a machine"]),
        ("https://bücher.example/", ["beyond ASCII", "no name of a machine"]),
        ("https://%31%32%37.0.0.1.example/", ["no name of a machine"]),
        ("https://%6cocalhost/", ["no name of a machine"]),
        ("https://a_b.example/", ["no name of a machine"]),
        ("https://-a.example/", ["no name of a machine"]),
        ("https://a..example/", ["no name of a machine"]),
        ("https://hooks.example.org../", ["no name of a machine"]),
        (f"https://{'a' * 64}.example/", ["no name of a machine"]),
        (f"https://{'a.' * 127}example/", ["no name of a machine"]),
        ("https://[::1", ["brackets"]),
        ("https://::1]/", ["more than one colon"]),
        ("https://::1/", ["more than one colon"]),
        ("https://hooks.example.org:443:443/", ["more than one colon"]),
        ("https://[::1]x/", ["brackets"]),
        ("https://[2606:4700::1]:1]/", ["port that is no number"]),
        ("https://[127.0.0.1]/", ["no IPv6 address"]),
        ("https://[v1.fe80]/", ["no IPv6 address"]),
        ("https://[]/", ["no IPv6 address"]),
        ("https://[fe80::1%25eth0]/", ["zone"]),
        ("https://[2606:4700::1%eth0]/", ["zone"]),
        ("https://hooks.example.org:/", ["port that is no number"]),
        ("https://hooks.example.org:0/", ["port that is no number"]),
        ("https://hooks.example.org:0443/", ["port that is no number"]),
        ("https://hooks.example.org:+443/", ["port that is no number"]),
        ("https://hooks.example.org:65536/", ["port that is no number"]),
        ("https://hooks.example.org:22/", ["port of another service"]),
        ("https://hooks.example.org:80/", ["port of another service"]),
        ("https://[2606:4700::1]:25/", ["port of another service"]),
        ("https://hooks.example.org/" + "x" * LONGEST, ["characters: use at most 2000"]),
        (
            "http://user:hunter2@localhost:25/a b#" + "x" * LONGEST,
            [
                "characters",
                "space",
                "begin with https://",
                "fragment",
                "user or password",
                "'localhost'",
                "port",
            ],
        ),
    ],
)
def test_all_that_is_wrong_at_once(url: str, words: list[str]) -> None:
    found = webhook_problems(url)
    assert len(found) == len(words), found
    for problem, word in zip(found, words, strict=True):
        assert word in problem
        is_worded("webhook_address", problem)


FORMS = [
    "https://{}@hooks.example.org/", "https://u:{}@localhost", "https://u:p/{}@x", "http://x.example/{}?{}#{}",
    "https://hooks.example.org:{}/", "https://{}.internal/", "{}", "https://[{}]/", "https://x.example/ {}",
]  # fmt: skip


@many
@given(
    st.text(alphabet="S3CR", min_size=4, max_size=8),
    st.sampled_from(FORMS),
)
def test_no_sentence_repeats_any_of_it(secret: str, form: str) -> None:
    url = form.replace("{}", f"hunter2{secret}")
    assert "hunter2" not in " ".join(webhook_problems(url)).lower() + shown_webhook(url).lower()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("", ""),
        ("https://hooks.example.org", "https://hooks.example.org"),
        ("https://Hooks.example.org/", "https://hooks.example.org"),
        ("https://hooks.slack.com/services/T0/B0/hunter2", "https://hooks.slack.com/***"),
        ("https://hooks.example.org:8443?token=hunter2", "https://hooks.example.org:8443/***"),
        ("https://hooks.example.org//hunter2", "https://hooks.example.org/***"),
        ("https://hooks.example.org/?next=https://hunter2", "https://hooks.example.org/***"),
        ("https://u:hunter2@hooks.example.org/", "***"),
        ("https://hooks.example.org\\hunter2", "***"),
    ],
)
def test_what_people_see_of_it(url: str, shown: str) -> None:
    assert shown_webhook(url) == shown


@pytest.mark.parametrize(
    "text",
    ["8.8.8.8", "1.1.1.1", "100.128.0.1", "172.32.0.1", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)
def test_a_resolved_address_of_the_public_internet(text: str) -> None:
    assert address_problem(ip_address(text)) is None


def test_a_resolved_address_of_one_network_card() -> None:
    assert address_problem(ip_address("2606:4700::1%3")) == "an address of one network card"
    assert address_problem(ip_address("fe80::1%3")) is not None


@many
@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_nothing_passes_that_is_not_global_to_the_standard_library(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if address_problem(address) is None:
        inner = getattr(address, "ipv4_mapped", None) or address
        assert inner.is_global or inner in ipaddress.ip_network("64:ff9b::/96")
        assert not inner.is_multicast


def test_every_sentence() -> None:
    """In the words that people read after the name of the setting."""
    for url in [f"https://{host}/x" for host in (*INSIDE, *SPELLINGS, *NAMES)]:
        (problem,) = webhook_problems(url)
        is_worded("webhook_address", problem)


@pytest.mark.parametrize("last", [
    "alt", "arpa", "corp", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain",
    "localhost", "onion", "private", "svc", "test",
])  # fmt: skip
def test_last_parts_of_names_inside(last: str) -> None:
    assert webhook_problems(f"https://x.{last}") == [
        f"has a host that ends in {last!r}: that is this machine, or known in its network only"
    ]
    assert webhook_problems(f"https://{last}.example") == []


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        ("168.63.129.16", "168.63.129.17"),
        ("169.254.255.255", "169.255.0.0"),
        ("0.255.255.255", "1.0.0.0"),
        ("127.255.255.255", "128.0.0.0"),
        ("10.255.255.255", "11.0.0.0"),
        ("172.31.255.255", "172.32.0.0"),
        ("172.16.0.0", "172.15.255.255"),
        ("192.168.255.255", "192.169.0.0"),
        ("192.168.0.0", "192.167.255.255"),
        ("100.64.0.0", "100.63.255.255"),
        ("100.127.255.255", "100.128.0.0"),
        ("192.0.0.255", "192.0.1.0"),
        ("192.0.2.255", "192.0.3.0"),
        ("192.88.99.1", "192.88.100.0"),
        ("198.19.255.255", "198.20.0.0"),
        ("198.51.100.255", "198.51.101.0"),
        ("203.0.113.255", "203.0.114.0"),
        ("224.0.0.0", "223.255.255.255"),
        ("2001:1ff:ffff::", "2001:200::"),
        ("2001:db8::1", "2001:db7::1"),
        ("2002::", "2003::"),
        ("3fff:fff::", "3ffe::"),
        ("4000::", "3fff:1000::"),
    ],
)
def test_where_the_inside_ends(inside: str, outside: str) -> None:
    said = address_problem(ip_address(inside))
    assert said is not None
    is_worded("webhook_address", inside, said)
    assert address_problem(ip_address(outside)) is None


@pytest.mark.parametrize(
    "text",
    [
        "::",
        "::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "fc00::",
        "fdff::1",
        "ff02::1",
        "64:ff9b::a00:1",
        "::ffff:10.0.0.1",
        "fe80::1%eth0",
        "2606:4700::1%eth0",
        "5f00::",
    ],
)
def test_what_an_address_is(text: str) -> None:
    said = address_problem(ip_address(text))
    assert said is not None
    is_worded("webhook_address", text, said)


@pytest.mark.parametrize(
    ("port", "fine"),
    [
        ("443", True),
        ("1023", False),
        ("1024", True),
        ("65535", True),
        ("65536", False),
        ("1", False),
        ("442", False),
        ("444", False),
    ],
)
def test_ports(port: str, fine: bool) -> None:
    for host in ("hooks.example.org", "[2606:4700::1]"):
        found = webhook_problems(f"https://{host}:{port}/")
        assert (found == []) is fine
        for problem in found:
            is_worded("webhook_address", problem)


def test_the_longest() -> None:
    base = "https://hooks.example.org/"
    assert LONGEST == 2000
    assert webhook_problems(base + "x" * (2000 - len(base))) == []
    assert webhook_problems(base + "x" * (2001 - len(base))) == ["has 2001 characters: use at most 2000"]
    label = "a" * 63
    longest = ".".join([label] * 3 + ["a" * 57, "abc"])
    assert (len(longest), webhook_problems(f"https://{longest}")) == (253, [])
    assert len(webhook_problems(f"https://a{longest}".replace("a" * 58, "a" * 59, 1))) == 1
    assert len(webhook_problems(f"https://{'.'.join([label] * 3 + ['a' * 58, 'abc'])}")) == 1
