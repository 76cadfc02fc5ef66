"""The allow-list of the cleanup: what it takes, and above all what it refuses."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.cleanup import (
    FolderRule,
    KeyRule,
    folder_rules,
    is_protected,
    key_rules,
    last_touched,
    table_names,
)
from guard.errors import InvalidRequest
from tests.core.strategies import many
from tests.core.wording import is_worded


def test_folder_rules() -> None:
    rules = folder_rules(" /var/cache/app | app_* | 7 , /backup|*.tar.gz|30.5,/backup|*.tar.gz|30.5,")
    assert rules == (
        FolderRule(folder="/var/cache/app", pattern="app_*", days=7),
        FolderRule(folder="/backup", pattern="*.tar.gz", days=30.5),
    )
    assert rules[0].seconds == 7 * 86_400
    assert folder_rules("") == ()


REFUSED = [
    ("/|*.log|7", "many owners"),
    ("/etc|*.bak|7", "nothing in /etc"),
    ("/etc/app|*.bak|7", "nothing in /etc"),
    ("/home|*.tmp|7", "many owners"),
    ("/home/alice|*.tmp|7", "many owners"),
    ("/usr/local/tmp|*.tmp|7", "nothing in /usr"),
    ("/var|*.tmp|7", "many owners"),
    ("/var/lib/mysql/app|*.ibd|7", "nothing in /var/lib/mysql"),
    ("/proc/1|a*|7", "nothing in /proc"),
    ("backup|*.sql|7", "absolute"),
    ("./backup|*.sql|7", "absolute"),
    ("/backup/../etc|*.sql|7", "absolute and plain"),
    ("/backup/|*.sql|7", "absolute and plain"),
    ("//etc|*.sql|7", "absolute and plain"),
    ("/backup//x|*.sql|7", "absolute and plain"),
    ("|*.sql|7", "absolute"),
    ("/backup|*|7", "fits too much"),
    ("/backup||7", "fits too much"),
    ("/backup|*.*|7", "fits too much"),
    ("/backup|[a-z]*|7", "fits too much"),
    ("/backup|sub/*.sql|7", "no '/'"),
    ("/backup|*.sql|0", "from 1 to 3650"),
    ("/backup|*.sql|-1", "from 1 to 3650"),
    ("/backup|*.sql|nan", "from 1 to 3650"),
    ("/backup|*.sql|inf", "from 1 to 3650"),
    ("/backup|*.sql|soon", "from 1 to 3650"),
    ("/backup|*.sql", "not understood"),
    ("/backup|*.sql|7|x", "not understood"),
    ("/back\nup|*.sql|7", "not understood"),
]


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_a_folder_rule_that_is_refused(text: str, why: str) -> None:
    with pytest.raises(InvalidRequest, match=why):
        folder_rules(text)


def test_all_problems_at_once() -> None:
    with pytest.raises(InvalidRequest) as caught:
        folder_rules("/|*|0,/backup|*.sql|30,rel|a|1")
    assert len(caught.value.problems) == 4
    with pytest.raises(InvalidRequest, match="at most 50"):
        folder_rules(",".join(f"/backup/{n}|*.sql|1" for n in range(51)))


@given(st.text(alphabet="/abetchomusrv.*|,7 \n", max_size=40))
@many
def test_whatever_is_accepted_names_one_deep_enough_folder_and_no_path(text: str) -> None:
    try:
        rules = folder_rules(text)
    except InvalidRequest:
        return
    for rule in rules:
        assert rule.folder.startswith("/")
        assert ".." not in rule.folder.split("/")
        assert rule.folder.split("/")[1] not in {"etc", "usr", "bin", "proc", "sys", "dev", ""}
        assert "/" not in rule.pattern
        assert set(rule.pattern) - set("*?")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("*|7", "begin with 3 characters"),
        ("rq*|7", "begin with 3 characters"),
        ("[r]q:x|7", "begin with 3 characters"),
        ("{guard}:*|7", "belong to the guard"),
        ("guard.parked*|7", "belong to the guard"),
        ("_kombu.binding.*|7", "belong to the guard"),
        ("unacked*|1", "belong to the guard"),
        ("celery-task-meta-*|1", "belong to the guard"),
        ("rq:job:*|1", "belong to the guard"),
        ("rq:progress:*|0", "from 1 to"),
        ("rq:progress:*", "not understood"),
    ],
)
def test_a_key_rule_that_is_refused(text: str, why: str) -> None:
    with pytest.raises(InvalidRequest, match=why):
        key_rules(text, namespace="guard")


def test_key_rules() -> None:
    assert key_rules("rq:progress:*|7, rq:user_progress:*|1", namespace="guard") == (
        KeyRule(pattern="rq:progress:*", days=7),
        KeyRule(pattern="rq:user_progress:*", days=1),
    )


@pytest.mark.parametrize(
    ("key", "protected"),
    [
        ("{ns}:state", True),
        ("ns.parked", True),
        ("_kombu.binding.x", True),
        ("unacked_index", True),
        ("captions", True),
        ("captions\x06\x163", True),
        ("captions:progress", False),
        ("rq:queue:vedfolnir:rq:high", True),
        ("rq:progress:1", False),
        ("celery-task-meta-1", True),
    ],
)
def test_keys_that_are_never_touched(key: str, protected: bool) -> None:
    assert is_protected(key, namespace="ns", queues=("captions",)) is protected


@pytest.mark.parametrize(
    ("payload", "moment"),
    [
        ({"created_at": "2026-11-21T04:47:52+00:00"}, 1795236472.0),
        ({"created_at": "2026-11-21T04:47:52"}, 1795236472.0),
        ({"created_at": "2026-11-21T05:47:52+01:00"}, 1795236472.0),
        ({"started_at": "2020-01-01T00:00:00Z", "updated_at": "2026-11-21T04:47:52Z"}, 1795236472.0),
        ({"created_at": "2026-11-21T04:47:52Z", "updated_at": "yesterday"}, 1795236472.0),
        ({"created_at": 1795236472}, None),
        ({"created_at": None}, None),
        ({"user_id": 2}, None),
        ({}, None),
    ],
)
def test_when_a_payload_was_touched(payload: dict[str, Any], moment: float | None) -> None:
    assert last_touched(payload) == moment


@given(st.dictionaries(st.sampled_from(["created_at", "updated_at"]), st.text(max_size=45) | st.integers()))
@many
def test_any_payload_can_be_read(payload: dict[str, Any]) -> None:
    assert isinstance(last_touched(payload), float | None)


def test_table_names() -> None:
    assert table_names(" users, posts ,users,,_x$1") == ("users", "posts", "_x$1")
    with pytest.raises(InvalidRequest) as caught:
        table_names("users; DROP TABLE users,`users`,a.b,1st,x" + "y" * 64)
    assert len(caught.value.problems) == 5
    with pytest.raises(InvalidRequest, match="at most 50"):
        table_names(",".join(f"t{n}" for n in range(51)))


@pytest.mark.parametrize(
    "text", [text for text, _ in REFUSED] + ["/backup|*.sql|" + "9" * 30, "/" + "x" * 90]
)
def test_a_folder_rule_that_is_refused_in_these_words(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        folder_rules(text)
    for problem in caught.value.problems:
        is_worded("cleanup", problem)


@pytest.mark.parametrize("text", ["*|7", "{guard}:*|7", "rq:progress:*|0", "rq:progress:*", "abc|soon"])
def test_a_key_rule_that_is_refused_in_these_words(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        key_rules(text, namespace="guard")
    for problem in caught.value.problems:
        is_worded("cleanup", problem)


def test_too_many_in_these_words() -> None:
    for rules, text in (
        (folder_rules, ",".join(f"/backup/{n}|*.sql|1" for n in range(51))),
        (table_names, ",".join(f"t{n}" for n in range(51))),
        (table_names, "1" * 90),
    ):
        with pytest.raises(InvalidRequest) as caught:
            rules(text)  # type: ignore[operator]
        is_worded("cleanup", *caught.value.problems)


def test_what_may_just_be() -> None:
    assert len(folder_rules(",".join(f"/backup/{n}|*.sql|1" for n in range(50)))) == 50
    assert len(table_names(",".join(f"t{n}" for n in range(50)))) == 50
    assert table_names("x" * 64) == ("x" * 64,)
    assert folder_rules("/backup|a|1")[0].days == 1
    assert folder_rules("/backup|a|3650")[0].days == 3650
    assert len(folder_rules(f"/{'x' * 495}|a|1")) == 1
    with pytest.raises(InvalidRequest, match="not understood"):
        folder_rules(f"/{'x' * 496}|a|1")
    assert key_rules("abc*|1", namespace="guard")[0] == KeyRule(pattern="abc*", days=1)
    assert key_rules("abd*|2", namespace="guard")[0].seconds == 172_800
    assert key_rules("abc*|1,abc*|1", namespace="guard") == (KeyRule(pattern="abc*", days=1),)


@pytest.mark.parametrize("top", [
    "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/sbin", "/sys", "/usr",
    "/var/lib/docker", "/var/lib/mysql", "/var/lib/postgresql", "/var/lib/rabbitmq", "/var/lib/redis",
])  # fmt: skip
def test_nothing_of_the_system_and_of_servers(top: str) -> None:
    for folder in (top, f"{top}/below"):
        with pytest.raises(InvalidRequest, match=f"nothing in {top} is ever"):
            folder_rules(f"{folder}|a|1")
    assert folder_rules(f"{top}x|a|1")


@pytest.mark.parametrize("many_owners", [
    "/", "/home", "/media", "/mnt", "/opt", "/root", "/run", "/srv", "/var", "/var/cache", "/var/lib",
    "/var/log", "/var/run", "/var/spool", "/home/alice",
])  # fmt: skip
def test_folders_of_many_owners(many_owners: str) -> None:
    with pytest.raises(InvalidRequest, match="has many owners"):
        folder_rules(f"{many_owners}|a|1")
    if many_owners != "/":
        assert folder_rules(f"{many_owners}/below/x|a|1")


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("?a", True),
        ("[ab]c", True),
        ("[ab]", False),
        ("1*", True),
        ("a[b", True),
        ("-", False),
        (".", False),
        ("..", False),
    ],
)
def test_patterns_of_file_names(pattern: str, fits: bool) -> None:
    if fits:
        assert folder_rules(f"/backup|{pattern}|1")[0].pattern == pattern
    else:
        with pytest.raises(InvalidRequest):
            folder_rules(f"/backup|{pattern}|1")


@pytest.mark.parametrize(
    "key",
    ["_kombu.x", "unacked", "celery", "rq:queue", "rq:job:", "rq:worker", "{ns}", "ns.", "q", "q\x06\x16"],
)
def test_what_others_own(key: str) -> None:
    assert is_protected(key, namespace="ns", queues=("p", "q"))
    assert not is_protected(f"x{key}", namespace="ns", queues=("p", "q"))


@pytest.mark.parametrize("wild", ["*", "?", "[", "\\"])
def test_a_key_pattern_begins_with_what_is_fixed(wild: str) -> None:
    assert key_rules(f"abc{wild}d|1", namespace="guard")
    with pytest.raises(InvalidRequest, match="begin with 3"):
        key_rules(f"ab{wild}d|1", namespace="guard")


def test_all_problems_of_keys_at_once() -> None:
    with pytest.raises(InvalidRequest) as caught:
        key_rules("a*|7,rq:progress:*|1,rq:progress:*|0,b*|7", namespace="guard")
    assert [problem.partition(":")[0] for problem in caught.value.problems] == ["'a*|7'", "'rq", "'b*|7'"]


def test_patterns_that_are_no_name_fit_too_much() -> None:
    for pattern in (".", ".."):
        with pytest.raises(InvalidRequest, match="the pattern fits too much"):
            folder_rules(f"/backup|{pattern}|1")


def test_a_time_without_a_zone_is_utc_wherever_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        monkeypatch.setenv("TZ", "Asia/Kathmandu")
        time.tzset()
        assert last_touched({"created_at": "2026-11-21T04:47:52"}) == 1795236472.0
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("name", ["updated_at", "_last_updated", "last_activity", "started_at", "created_at"])
def test_every_stamp_counts(name: str) -> None:
    assert last_touched({name: "2026-11-21T04:47:52Z", "other": "2027-01-01"}) == 1795236472.0


def test_stamps_that_are_too_long_or_out_of_range() -> None:
    assert last_touched({"created_at": "2026-11-21T04:47:52." + "0" * 14 + "+00:00"}) == 1795236472.0
    assert last_touched({"created_at": "2026-11-21T04:47:52." + "0" * 15 + "+00:00"}) is None
    assert last_touched({"created_at": "9999-12-31T23:59:59-23:59"}) == 253402387139.0
    assert last_touched({"created_at": "0001-01-01T00:00:00+23:59"}) == -62135683140.0


def test_eighty_characters_of_a_rule_are_repeated() -> None:
    folder, key = f"/{'x' * 100}|*|1", f"ab*{'x' * 100}|1"
    with pytest.raises(InvalidRequest) as caught:
        folder_rules(folder)
    assert [problem.partition(": ")[0] for problem in caught.value.problems] == [repr(folder[:80])]
    with pytest.raises(InvalidRequest) as caught:
        key_rules(key, namespace="guard")
    assert [problem.partition(": ")[0] for problem in caught.value.problems] == [repr(key[:80])]
