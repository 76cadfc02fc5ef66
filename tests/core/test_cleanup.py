"""The allow-list of the cleanup: what it takes, and above all what it refuses."""

from __future__ import annotations

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
