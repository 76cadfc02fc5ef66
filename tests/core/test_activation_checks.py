"""Judgements of stores, clocks, beats and releases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from guard.core import activation_checks as checks
from guard.core.agents import AgentCard
from guard.core.diagnosis import Status, Verdict
from guard.core.doctor_facts import (
    BeatFacts,
    BrokerFacts,
    DurableFacts,
    FilePlace,
    MachineFacts,
    PlaneFacts,
    Reachability,
    RedisFacts,
    Reply,
)
from guard.core.roster import RosterEntry
from guard.core.state import GuardState
from tests.core.wording import is_worded

OK, WARNING, PROBLEM, UNKNOWN = Status.OK, Status.WARNING, Status.PROBLEM, Status.UNKNOWN
STATE = GuardState.first("ours", 1.0)
REDIS = RedisFacts(role="master", seconds=0.001)
MACHINE = MachineFacts(disks={}, closed_by="", unknown_zones=(), versions=())


def says(verdict: Verdict, status: Status, *words: str) -> None:
    assert verdict.status is status, verdict
    if status in {WARNING, PROBLEM}:
        assert verdict.why
        assert verdict.remedy
    for word in words:
        assert word in verdict.seen + verdict.remedy, (word, verdict)
    is_worded("doctor", verdict.status, verdict.seen, verdict.why, verdict.remedy)


@pytest.mark.parametrize(
    ("kind", "tables", "status", "word"),
    [
        ("mysql", "ready", OK, "ready"),
        ("sqlite", "missing", OK, "first use"),
        ("mysql", "missing", PROBLEM, "maintenance migrate"),
        ("sqlite", "half migrated", PROBLEM, "maintenance migrate"),
        ("mysql", "newer than this release", PROBLEM, "pip install -U"),
    ],
)
def test_tables(kind: str, tables: str, status: Status, word: str) -> None:
    facts = DurableFacts(kind=kind, tables=tables, seconds=0.1)
    says(checks.tables(facts, STATE if tables == "ready" else None), status, word)
    if tables == "ready":
        says(checks.tables(facts, None), PROBLEM, "cannot be read")


@pytest.mark.parametrize(
    ("filesystem", "temporary", "hosts", "status", "word"),
    [
        ("ext4", False, ["a"], OK, "local"),
        (None, False, [], OK, "unknown"),
        ("nfs4", False, [], PROBLEM, "network"),
        ("cifs", True, [], PROBLEM, "network"),
        ("ext4", True, ["a"], WARNING, "temporary"),
        ("tmpfs", False, [], WARNING, "temporary"),
        ("ext4", False, ["a", "b"], PROBLEM, "2 machines: a, b"),
    ],
)
def test_the_place_of_a_file(
    filesystem: str | None, temporary: bool, hosts: list[str], status: Status, word: str
) -> None:
    file = FilePlace(path="/x.db", filesystem=filesystem, temporary=temporary)
    facts = DurableFacts(kind="sqlite", tables="ready", seconds=0.1, file=file)
    says(checks.file_place(facts, hosts), status, word)
    says(checks.file_place(replace(facts, file=None, kind="mysql"), hosts), OK, "no file")


def test_the_control_plane() -> None:
    says(checks.control_plane(REDIS), OK, "1 ms")
    says(checks.control_plane(replace(REDIS, role="slave")), PROBLEM, "primary")
    says(checks.commands(REDIS), OK)
    says(checks.commands(replace(REDIS, missing=None)), UNKNOWN)
    says(checks.commands(replace(REDIS, missing=("EVALSHA",))), PROBLEM, '"EVALSHA"', "redis.conf")
    says(checks.state_record(PlaneFacts(state=STATE)), OK, "epoch 0, inactive")
    says(checks.state_record(PlaneFacts(record="missing")), UNKNOWN)
    says(checks.state_record(PlaneFacts(record="not signed")), PROBLEM, "not signed", "GUARD_SECRET_KEY")
    says(checks.durable_store(DurableFacts(kind="mysql", tables="ready", seconds=0.004)), OK, "4 ms")
    says(checks.broker(BrokerFacts(redis=True)), OK, "(Redis)")


def test_two_stores() -> None:
    says(checks.shared_prefix(STATE, STATE, "guard"), OK)
    says(checks.shared_prefix(None, STATE, "guard"), OK)
    says(checks.shared_prefix(STATE, replace(STATE, store_id="theirs"), "guard"), PROBLEM, "GUARD_NAMESPACE")
    says(checks.stores_agree(STATE, STATE), OK)
    says(checks.stores_agree(None, STATE), OK)
    says(checks.stores_agree(STATE, replace(STATE, epoch=2)), WARNING, "control plane is ahead")
    says(checks.stores_agree(replace(STATE, epoch=2), STATE), WARNING, "durable store is ahead")
    says(checks.stores_agree(STATE, replace(STATE, epoch=2, store_id="theirs")), OK)


def test_settings() -> None:
    says(checks.switched_on(True), OK)
    says(checks.switched_on(False), PROBLEM, "MAINTENANCE_MODE_ENABLED=true")
    says(checks.settings_agree([]), OK)
    says(checks.settings_agree(["a and b"]), WARNING, "a and b")
    says(checks.zones(MACHINE), OK)
    says(checks.zones(replace(MACHINE, unknown_zones=("Mars/X",))), PROBLEM, "Mars/X", "tzdata")


def test_releases() -> None:
    ours = Reply(node="a", agent_id="1", release="1")
    says(checks.releases(MACHINE, [ours, replace(ours, release=None)], "1"), OK)
    says(checks.releases(MACHINE, [replace(ours, release="0")], "1"), WARNING, "a (0)")
    says(checks.releases(replace(MACHINE, versions=("celery 5.6",)), [], "1"), PROBLEM, "celery 5.6")
    says(checks.releases(replace(MACHINE, unchecked="not installed"), [], "1"), UNKNOWN)


@pytest.mark.parametrize(
    ("ahead", "status", "word"),
    [
        ({}, UNKNOWN, "no other clock"),
        ({"Redis": None}, UNKNOWN, "no other clock"),
        ({"Redis": 1.9, "a": -1.9}, OK, "Redis, a"),
        ({"Redis": 2.0, "a": None}, WARNING, "Redis is 2 seconds ahead of this machine"),
        ({"a": -3.0}, WARNING, "a is 3 seconds behind this machine"),
        ({"a": -30.0, "b": 4.0}, PROBLEM, "a is 30 seconds behind this machine; b is 4 seconds ahead"),
    ],
)
def test_clocks(ahead: dict[str, float | None], status: Status, word: str) -> None:
    says(checks.clocks(ahead), status, word)


def test_beats() -> None:
    inside = Reply(node="w", agent_id="1", beat=True)
    none = BeatFacts(wanted=True, registered=(), ticked=None)
    says(checks.beats(none, []), PROBLEM, "celery -A yourapp beat")
    says(checks.beats(none, [replace(inside, beat=None)]), PROBLEM)
    says(checks.beats(replace(none, wanted=False), []), OK, "no beat schedule")
    says(checks.beats(none, [inside]), OK, "inside w")
    one = replace(none, registered=("beat@a",))
    says(checks.beats(one, []), OK)
    says(checks.beats(one, [inside]), PROBLEM, "2 beats run: beat@a, inside w")
    says(checks.beats(replace(none, ticked=(180.0, 60.0)), []), OK)
    says(checks.beats(replace(none, ticked=(181.0, 60.0)), []), PROBLEM)


def test_ways_to_people() -> None:
    says(checks.reachable("webhook", None, "X"), OK, "no webhook is set")
    says(checks.reachable("webhook", Reachability(reachable=True, note="h answers"), "X"), OK, "h answers")
    says(
        checks.reachable("webhook", Reachability(reachable=False, note="h is away"), "X"),
        PROBLEM,
        "h is away",
        "X",
    )


def test_hosts() -> None:
    def entry(role: str, host: str) -> RosterEntry:
        card = AgentCard(agent_id=host, role=role, node="n", host=host, pid=1)
        return RosterEntry(card=card, acknowledged_epoch=0, seen_seconds_ago=0.0)

    assert checks.hosts_of([entry("worker", "b"), entry("worker", "a"), entry("producer", "c")]) == ["a", "b"]


@pytest.mark.parametrize("filesystem", [
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "fuse.sshfs", "fuse.glusterfs",
    "tmpfs", "ramfs",
])  # fmt: skip
def test_file_systems_that_cannot_be_trusted(filesystem: str) -> None:
    file = FilePlace(path="/x.db", filesystem=filesystem, temporary=False)
    facts = DurableFacts(kind="sqlite", tables="ready", seconds=0.1, file=file)
    says(checks.file_place(facts, []), WARNING if filesystem in {"tmpfs", "ramfs"} else PROBLEM)


def test_five_names_at_most() -> None:
    file = FilePlace(path="/x.db", filesystem="ext4", temporary=False)
    facts = DurableFacts(kind="sqlite", tables="ready", seconds=0.1, file=file)
    says(checks.file_place(facts, list("abcdef")), PROBLEM, "6 machines: a, b, c, d, e")
    others = [Reply(node=node, agent_id=node, release="0") for node in "fedcba"]
    says(checks.releases(MACHINE, others, "1"), WARNING, "a (0), b (0), c (0), d (0), e (0)")
    says(checks.clocks(dict.fromkeys("abcdef", 0.5)), OK, "a, b, c, d, e")
    far = {name: 10.0 + number for number, name in enumerate("abcdef")}
    says(checks.clocks(far), WARNING, "f is 15 seconds ahead of this machine; e is")


def test_edges_and_details() -> None:
    says(checks.clocks({"a": 29.9, "b": 0.0}), WARNING)
    says(checks.clocks({"a": -2.0}), WARNING, "behind")
    says(checks.control_plane(replace(REDIS, role="")), OK)
    says(checks.commands(replace(REDIS, missing=("GET", "EVAL"))), PROBLEM, "GET, EVAL", '"GET" "EVAL"')
    says(checks.commands(replace(REDIS, missing=())), OK)
    says(checks.state_record(PlaneFacts(state=None)), PROBLEM)
    says(checks.shared_prefix(STATE, replace(STATE, store_id=""), "guard"), OK)
    says(checks.settings_agree(["a", "b"]), WARNING, "a; b")
    says(checks.zones(replace(MACHINE, unknown_zones=("Mars/X", "Mars/Y"))), PROBLEM, "Mars/X, Mars/Y")
    says(checks.releases(replace(MACHINE, versions=("a", "b")), [], "1"), PROBLEM, "a; b")
    says(checks.releases(MACHINE, [Reply(node="a", agent_id="1", release="")], "1"), OK)
    assert checks.broker(BrokerFacts(redis=False)).seen == "the broker answers"
    slow = DurableFacts(kind="mysql", tables="ready", seconds=1.234)
    assert checks.durable_store(slow).seen == "mysql answers in 1234 ms"
    assert checks.control_plane(replace(REDIS, seconds=1.234)).seen == "Redis answers in 1234 ms"
    says(
        checks.tables(DurableFacts(kind="sqlite", tables="newer than this release", seconds=0.1), None),
        PROBLEM,
    )
    two = BeatFacts(wanted=True, registered=("b", "a"), ticked=None)
    says(
        checks.beats(two, [Reply(node="w", agent_id="1", beat=True)]), PROBLEM, "3 beats run: a, b, inside w"
    )
