"""Every rule is driven over its limit and back by a clock of ours; then the corners of an alert's life."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.alert_life import REPEAT_SECONDS, UNREADABLE, Deed, Move, is_quiet, key_of, step, vanished
from guard.core.alert_rules import RULED_KINDS, RULES, Made, Quiet, Rule
from guard.core.alerts import Alert, AlertState, KeptAlert, Severity
from guard.core.modes import Mode
from guard.core.readings import Memory, Reading, Sight

START = 1_800_000_000.0
BY_NAME = {rule.name: rule for rule in RULES}


@dataclass
class Site:
    """One figure, its memory, its standing alerts, and a clock."""

    rule: Rule
    now: float = START
    memory: Memory = field(default_factory=Memory)
    standing: dict[str, KeptAlert] = field(default_factory=dict)
    counts: tuple[float, float] = (1000.0, 5000.0)
    limit: float | None = None
    moves: list[tuple[float, Deed, str]] = field(default_factory=list)

    def reading(self, value: float) -> Reading:
        """One of which the rule makes this value, given the look before."""
        if self.rule.made is Made.VALUE:
            return Reading(figure=self.rule.name, value=value, subject="x")
        elapsed = max(1.0, self.now - self.memory.counted_at) if self.memory.counts else 60.0
        grown = value * elapsed / 60 if self.rule.made is Made.PER_MINUTE else value
        self.counts = (self.counts[0] + grown, self.counts[1] + 100.0)
        counts = self.counts if self.rule.made is Made.SHARE else self.counts[:1]
        return Reading(figure=self.rule.name, counts=counts, subject="x")

    def look(self, reading: Reading | float, *, quiet: bool = False) -> tuple[Move, ...]:
        if not isinstance(reading, Reading):
            reading = self.reading(reading)
        done = step(
            self.rule,
            reading,
            limit=self.rule.limit if self.limit is None else self.limit,
            memory=self.memory,
            standing=self.standing,
            now=self.now,
            quiet=quiet,
        )
        self.memory = done.memory
        for move in done.moves:
            self.moves.append((self.now - START, move.deed, move.kind))
            self._keep(move)
        return done.moves

    def _keep(self, move: Move) -> None:
        if move.deed is Deed.RESOLVE:
            del self.standing[move.key]
            return
        before = self.standing.get(move.key)
        detail = {"rule": move.rule, "subject": move.subject}
        alert = Alert(
            at=self.now, severity=move.severity, kind=move.kind, message=move.message, detail=detail
        )
        self.standing[move.key] = KeptAlert(
            alert_id=1,
            alert=alert,
            state=AlertState.OPEN,
            key=move.key,
            last_told_at=self.now,
            count=before.count + 1 if before else 1,
        )

    def run(self, seconds: float, value: float | Reading, *, quiet: bool = False) -> None:
        """Look every interval, until so much time has passed."""
        until = self.now + seconds
        while self.now < until:
            self.now += self.rule.every
            self.look(value, quiet=quiet)

    def acknowledge(self) -> None:
        self.standing = {
            key: replace(kept, state=AlertState.ACKNOWLEDGED) for key, kept in self.standing.items()
        }


def over(rule: Rule) -> float:
    return 1.0 if rule.flag else rule.limit * 1.1 + 0.1 if rule.unit != "%" else min(100.0, rule.limit + 4)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_over_and_back(rule: Rule) -> None:
    site = Site(rule)
    site.look(0.0)
    # at the limit it is not over it
    if not rule.flag:
        site.run(2 * rule.hold + 2 * rule.every, rule.limit)
        assert site.moves == []
    begun = site.now
    site.run(rule.every, over(rule))
    while not site.standing and site.now < begun + rule.hold + 4 * rule.every:
        site.run(rule.every, over(rule))
    assert [deed for _, deed, _ in site.moves] == [Deed.RAISE]
    assert rule.hold <= site.now - begun <= rule.hold + 2 * rule.every
    # just under the limit it stands
    if not rule.flag and rule.limit:
        site.run(rule.settle + 2 * rule.every, rule.limit * (1 + rule.clear) / 2)
        assert [deed for _, deed, _ in site.moves] == [Deed.RAISE]
    begun = site.now
    while site.standing and site.now < begun + rule.settle + 4 * rule.every:
        site.run(rule.every, 0.0)
    assert [deed for _, deed, _ in site.moves] == [Deed.RAISE, Deed.RESOLVE]
    assert rule.settle <= site.now - begun <= rule.settle + 2 * rule.every
    # and again
    site.run(rule.hold + 3 * rule.every, over(rule))
    assert [deed for _, deed, _ in site.moves] == [Deed.RAISE, Deed.RESOLVE, Deed.RAISE]


def test_a_peak_shorter_than_its_time_says_nothing() -> None:
    site = Site(BY_NAME["memory"])
    for _ in range(10):
        site.run(240, 99.0)
        site.run(60, 50.0)
    assert site.moves == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_repeats_until_somebody_sees_to_it(rule: Rule) -> None:
    site = Site(rule)
    site.look(0.0)
    site.run(rule.hold + 3 * rule.every, over(rule))
    pause = REPEAT_SECONDS[rule.severity]
    assert pause == (900 if rule.severity is Severity.CRITICAL else 4 * 3600)
    raised = START + site.moves[0][0]
    site.run(raised + 3.2 * pause - site.now, over(rule))
    assert [deed for _, deed, _ in site.moves] == [Deed.RAISE, Deed.REPEAT, Deed.REPEAT, Deed.REPEAT]
    (kept,) = site.standing.values()
    assert kept.count == 4
    site.acknowledge()
    site.run(5 * pause, over(rule))
    assert len(site.moves) == 4
    site.run(rule.settle + 2 * rule.every, 0.0)
    assert site.moves[-1][1] is Deed.RESOLVE


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_unknown_neither_raises_nor_resolves_and_is_told_itself(rule: Rule) -> None:
    site = Site(rule)
    unknown = Reading.unknown(rule.name, "it did not answer", "x")
    blind_for = max(300.0, 2 * rule.every)
    site.run(blind_for, unknown)
    assert site.moves == []
    site.run(2 * rule.every, unknown)
    assert [(deed, kind) for _, deed, kind in site.moves] == [(Deed.RAISE, UNREADABLE)]
    site.run(rule.every, 0.0)
    if rule.made is Made.VALUE:
        assert [deed for _, deed, _ in site.moves] == [Deed.RAISE, Deed.RESOLVE]
    site.run(rule.hold + 4 * rule.every, over(rule))
    assert key_of(rule.kind, "x") in site.standing
    own = len(site.moves)
    site.run(200, unknown)
    assert len(site.moves) == own  # still stands, and nothing was said


def test_a_server_that_is_away_is_one_alert_and_not_five() -> None:
    site = Site(BY_NAME["connections"])
    detail = {"rule": "database-away", "subject": ""}
    away = Alert(at=START, severity=Severity.CRITICAL, kind="no durable store", message="", detail=detail)
    site.standing["k"] = KeptAlert(alert_id=7, alert=away, state=AlertState.ACKNOWLEDGED, key="k")
    site.run(3600, Reading.unknown("connections", "away"))
    assert site.moves == []


def test_an_unknown_look_in_between_does_not_begin_the_time_anew() -> None:
    site = Site(BY_NAME["memory"])
    site.run(180, 99.0)
    site.run(60, Reading.unknown("memory", "busy", "x"))
    site.run(120, 99.0)
    assert [deed for _, deed, _ in site.moves] == [Deed.RAISE]


def test_a_long_time_without_a_look_begins_anew() -> None:
    site = Site(BY_NAME["memory"])
    site.run(240, 99.0)
    site.now += 3600
    assert site.look(99.0) == ()
    site.now -= 7200  # and so does a clock that is put back
    assert site.look(99.0) == ()
    site.run(300, 99.0)
    assert [deed for _, deed, _ in site.moves] == [Deed.RAISE]


def test_what_is_not_there_any_more_is_over() -> None:
    site = Site(BY_NAME["redis-memory"])
    site.run(120, 95.0)
    site.run(180, Reading.absent("redis-memory", "Redis has no maxmemory", "x"))
    assert [deed for _, deed, _ in site.moves] == [Deed.RAISE, Deed.RESOLVE]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_quiet_times(rule: Rule) -> None:
    site = Site(rule)
    site.look(0.0)
    site.run(rule.hold + 20 * rule.every, over(rule), quiet=True)
    assert site.moves == []
    if rule.hold:
        site.run(rule.every, over(rule))
        assert site.moves == []  # time in quiet does not count


def test_what_is_quiet_when() -> None:
    modes = (None, Mode.NORMAL, Mode.EMERGENCY, Mode.TEST)
    for rule in RULES:
        silent = [mode for mode in modes if is_quiet(rule, mode)]
        wanted = {
            Quiet.NEVER: [],
            Quiet.REHEARSAL: [Mode.TEST],
            Quiet.CLOSED: [Mode.NORMAL, Mode.TEST],
        }[rule.quiet]
        assert silent == wanted
    never = {rule.name for rule in RULES if rule.quiet is Quiet.NEVER}
    assert {"database-away", "redis-away", "broker-away", "disk", "emergency"} <= never


def test_a_server_that_was_started_anew_has_no_negative_rate() -> None:
    site = Site(BY_NAME["slow-queries"])
    site.look(Reading(figure="slow-queries", counts=(900.0,), subject="x"))
    site.now += 300
    site.look(Reading(figure="slow-queries", counts=(3.0,), subject="x"))
    assert site.memory.value is None
    site.now += 300
    site.look(Reading(figure="slow-queries", counts=(63.0,), subject="x"))
    assert site.memory.value == pytest.approx(12.0)
    assert [deed for _, deed, _ in site.moves] == [Deed.RAISE]


def test_the_end_of_a_window_ends_its_alerts() -> None:
    site = Site(BY_NAME["maintenance"])
    site.look(1.0)
    (kept,) = site.standing.values()
    move = vanished(site.rule, kept, "the window is over")
    assert (move.deed, move.key, move.subject) == (Deed.RESOLVE, kept.key, "x")


VALUES = st.sampled_from([0.0, 80.0, 84.0, 86.0, 99.0, None])


@given(looks=st.lists(st.tuples(VALUES, st.integers(1, 900), st.booleans()), max_size=60))
def test_whatever_comes_one_stands_at_most_and_moves_fit(looks: list[tuple[float | None, int, bool]]) -> None:
    site = Site(BY_NAME["memory"])
    own = key_of(site.rule.kind, "x")
    for value, pause, quiet in looks:
        site.now += pause
        stood = own in site.standing
        reading = Reading.unknown("memory", "?", "x") if value is None else site.reading(value)
        moves = [move for move in site.look(reading, quiet=quiet) if move.key == own]
        assert len(moves) <= 1
        for move in moves:
            assert stood is (move.deed is not Deed.RAISE)
            assert value is not None
            assert not quiet or move.deed is Deed.RESOLVE
            if move.deed is Deed.RAISE:
                assert value > site.rule.limit
            if move.deed is Deed.RESOLVE:
                assert value <= site.rule.limit * site.rule.clear


def test_keys_fit_their_column() -> None:
    assert key_of("disk nearly full", "h:/") == "disk nearly full|h:/"
    long = {key_of("k" * 50, "s" * n) for n in (200, 201)}
    assert len(long) == 2
    assert max(map(len, long)) <= 191
    assert all(len(kind) <= 50 for kind in {*RULED_KINDS, UNREADABLE})
    assert len(BY_NAME) == len(RULED_KINDS) == len(RULES)
    assert all(rule.blind in {"", *BY_NAME} for rule in RULES)


PLAIN = Rule(
    name="n",
    kind="k",
    text="what is above",
    severity=Severity.WARNING,
    limit=10.0,
    unit="s",
    hold=120,
    settle=60,
)
SHOWN = Reading(figure="n", value=12.34567, subject="x", about="of h")
LONG_OVER = Memory(at=START, over_since=START - 600)


def kept(rule: Rule = PLAIN, kind: str = "k", subject: str = "x", **changed: object) -> KeptAlert:
    alert = Alert(
        at=START,
        severity=rule.severity,
        kind=kind,
        message="m",
        detail={"rule": rule.name, "subject": subject},
    )
    told = {"last_told_at": START, **changed}
    return KeptAlert(alert_id=1, alert=alert, state=AlertState.OPEN, key=key_of(kind, subject), **told)  # type: ignore[arg-type]


def looked(
    reading: Reading, memory: Memory, *standing: KeptAlert, rule: Rule = PLAIN, now: float = START + 60,
    limit: float = 10.0, quiet: bool = False,
) -> tuple[Move, ...]:  # fmt: skip
    stood = {each.key: each for each in standing}
    return step(rule, reading, limit=limit, memory=memory, standing=stood, now=now, quiet=quiet).moves


def test_an_alert_in_full() -> None:
    assert looked(SHOWN, LONG_OVER) == (
        Move(
            deed=Deed.RAISE,
            key="k|x",
            kind="k",
            severity=Severity.WARNING,
            message="what is above (of h): 12.3 s for 2 minutes (limit 10 s)",
            rule="n",
            subject="x",
            value=12.34567,
            limit=10.0,
        ),
    )
    flag = replace(PLAIN, flag=True, limit=0.0)
    (raised,) = looked(replace(SHOWN, value=1.0), LONG_OVER, rule=flag, limit=0.0)
    assert (raised.message, raised.limit) == ("what is above (of h)", None)
    (raised,) = looked(replace(SHOWN, about="", value=99.99), LONG_OVER, rule=replace(PLAIN, unit="", hold=0))
    assert raised.message == "what is above: 100 (limit 10)"
    (raised,) = looked(
        replace(SHOWN, about="", value=1234.5), LONG_OVER, rule=replace(PLAIN, hold=0), limit=100
    )
    assert raised.message == "what is above: 1234 s (limit 100 s)"


def test_the_end_of_an_alert_in_full() -> None:
    under = Memory(at=START, under_since=START - 60)
    low = Reading(figure="n", value=1.0, subject="x")
    (over,) = looked(low, under, kept())
    assert over == Move(
        deed=Deed.RESOLVE,
        key="k|x",
        kind="k",
        severity=Severity.WARNING,
        message="what is above: 1 s",
        rule="n",
        subject="x",
        value=1.0,
        limit=10.0,
    )
    (over,) = looked(low, under, kept(), rule=replace(PLAIN, flag=True))
    assert over.message == "it is over"
    (over,) = looked(Reading.absent("n", "it is not there", "x"), under, kept())
    assert (over.message, over.value) == ("it is not there", None)
    assert looked(low, under) == (), "there is none to end"
    assert looked(low, under, kept(), quiet=True) != (), "what is over is over in quiet times too"


def test_the_end_of_what_is_not_looked_at_in_full() -> None:
    assert vanished(PLAIN, kept(kind="k2"), "why") == Move(
        deed=Deed.RESOLVE,
        key="k2|x",
        kind="k2",
        severity=Severity.WARNING,
        message="why",
        rule="n",
        subject="x",
    )
    bare = replace(kept(), alert=Alert(at=1.0, severity=Severity.INFO, kind="k", message="m"))
    assert vanished(PLAIN, bare, "why").subject == ""


@pytest.mark.parametrize(
    ("state", "severity", "later", "told"),
    [
        (AlertState.OPEN, Severity.WARNING, 4 * 3600, True),
        (AlertState.OPEN, Severity.WARNING, 4 * 3600 - 1, False),
        (AlertState.OPEN, Severity.CRITICAL, 900, True),
        (AlertState.OPEN, Severity.CRITICAL, 899, False),
        (AlertState.OPEN, Severity.INFO, 10**9, False),
        (AlertState.ACKNOWLEDGED, Severity.WARNING, 10**9, False),
    ],
)
def test_when_it_is_told_again(state: AlertState, severity: Severity, later: float, told: bool) -> None:
    rule = replace(PLAIN, severity=severity)
    stood = replace(kept(rule), state=state)
    moves = looked(SHOWN, LONG_OVER, stood, rule=rule, now=START + later)
    assert [(move.deed, move.message) for move in moves] == (
        [(Deed.REPEAT, "what is above (of h): 12.3 s for 2 minutes (limit 10 s)")] if told else []
    )
    assert looked(SHOWN, LONG_OVER, stood, rule=rule, now=START + later, quiet=True) == ()


@pytest.mark.parametrize(("since", "raised"), [(113.9, False), (114, True), (120, True)])
def test_a_look_may_be_a_tenth_of_its_interval_early(since: float, raised: bool) -> None:
    assert bool(looked(SHOWN, Memory(at=START, over_since=START + 60 - since))) is raised


@pytest.mark.parametrize(("since", "resolved"), [(53.9, False), (54, True), (60, True)])
def test_an_end_may_be_as_early(since: float, resolved: bool) -> None:
    low = Reading(figure="n", value=1.0, subject="x")
    memory = Memory(at=START, under_since=START + 60 - since)
    assert bool(looked(low, memory, kept())) is resolved


@pytest.mark.parametrize(
    ("value", "over", "under"),
    [(10.0, False, False), (10.01, True, False), (9.5, False, True), (9.51, False, False)],
)
def test_the_two_marks(value: float, over: bool, under: bool) -> None:
    made = step(
        PLAIN, replace(SHOWN, value=value), limit=10.0, memory=Memory(), standing={}, now=START
    ).memory  # fmt: skip
    assert (made.over_since, made.under_since) == (START if over else None, START if under else None)
    assert (made.at, made.value, made.why, made.unknown_since) == (START, value, "", None)


def remembered(
    reading: Reading, before: Memory, *, now: float = START, quiet: bool = False, rule: Rule = PLAIN
) -> Memory:
    return step(rule, reading, limit=10.0, memory=before, standing={}, now=now, quiet=quiet).memory


def test_what_is_remembered_of_a_look_that_saw_nothing() -> None:
    before = Memory(at=START - 60, value=12.0, over_since=1.0, under_since=2.0, counts=(1.0,), counted_at=3.0)
    unseen = Reading.unknown("n", "away", "x")
    assert remembered(unseen, before) == Memory(
        at=START, value=None, why="away", over_since=1.0, under_since=2.0, unknown_since=START, counts=(1.0,),
        counted_at=3.0,
    )  # fmt: skip
    assert remembered(unseen, before, quiet=True).over_since is None
    assert remembered(unseen, before, quiet=True).under_since == 2.0
    again = remembered(unseen, replace(before, unknown_since=START - 90))
    assert again.unknown_since == START - 90
    long_ago = remembered(unseen, replace(before, at=START - 301))
    assert (long_ago.over_since, long_ago.under_since, long_ago.unknown_since) == (None, None, START)


@pytest.mark.parametrize(
    ("every", "gap", "fresh"),
    [
        (60.0, 300, True),
        (60.0, 301, False),
        (200.0, 600, True),
        (200.0, 601, False),
        (60.0, 0, True),
        (60.0, -1, False),
    ],
)
def test_how_long_a_look_is_remembered(every: float, gap: float, fresh: bool) -> None:
    rule = replace(PLAIN, every=every)
    made = remembered(SHOWN, Memory(at=START - gap, over_since=START - 1000), rule=rule)
    assert made.over_since == (START - 1000 if fresh else START)
    later = remembered(SHOWN, Memory(at=START - gap, over_since=START + 5), rule=rule)
    assert later.over_since == START, "never since a time to come"


def test_counters_are_remembered_when_there_are_any() -> None:
    rule = replace(PLAIN, made=Made.PER_MINUTE)
    before = Memory(at=START - 60, counts=(100.0,), counted_at=START - 60)
    made = remembered(Reading(figure="n", counts=(160.0,), subject="x"), before, rule=rule)
    assert (made.value, made.counts, made.counted_at) == (60.0, (160.0,), START)
    first = remembered(Reading(figure="n", counts=(160.0,), subject="x"), Memory(), rule=rule)
    assert (first.value, first.why) == (None, "it takes two looks to tell, and this is the first")
    assert first.unknown_since == START
    absent = remembered(Reading.absent("n", "none", "x"), before, rule=rule)
    assert (absent.under_since, absent.why, absent.counts) == (START, "none", (100.0,))
    whole = replace(PLAIN, made=Made.SHARE)
    before = Memory(at=START - 60, counts=(100.0, 100.0), counted_at=START - 60)
    assert (
        remembered(Reading(figure="n", counts=(125.0, 150.0), subject="x"), before, rule=whole).value == 50.0
    )


UNSEEN = Reading.unknown("n", "away", "x")


def test_a_look_that_saw_nothing_moves_no_alert_of_its_rule() -> None:
    held = Memory(at=START, over_since=START - 600)
    assert len(looked(SHOWN, held)) == 1
    assert looked(UNSEEN, held) == (), "not raised"
    assert looked(UNSEEN, Memory(at=START, under_since=START - 600), kept()) == (), "not resolved"
    told = kept(last_told_at=START - 4 * 3600)
    assert len(looked(SHOWN, held, told)) == 1
    assert looked(UNSEEN, held, told) == (), "not told again"


def test_of_a_reading_that_is_not_known_no_value_is_believed() -> None:
    for sight in (Sight.UNKNOWN, Sight.ABSENT):
        made = remembered(replace(SHOWN, sight=sight, why="away"), Memory())
        assert (made.value, made.over_since) == (None, None)


def test_what_is_not_there_is_unknown_until_its_alert_is_over() -> None:
    told = kept(last_told_at=START - 4 * 3600)
    (again,) = looked(Reading.absent("n", "it is not there", "x"), Memory(at=START), told)
    assert (again.deed, again.value) == (Deed.REPEAT, None)
    assert again.message == "what is above: unknown s for 2 minutes (limit 10 s)"


def test_a_figure_that_cannot_be_read_in_full() -> None:
    blind = Memory(at=START, unknown_since=START - 240)
    assert looked(UNSEEN, blind) == (
        Move(
            deed=Deed.RAISE, key="figure cannot be read|n x", kind="figure cannot be read",
            severity=Severity.WARNING, message="nobody watches what is above for 5 minutes: away", rule="n",
            subject="n x",
        ),
    )  # fmt: skip
    assert looked(UNSEEN, replace(blind, unknown_since=START - 239)) == ()
    slow = replace(PLAIN, every=200.0)
    assert looked(UNSEEN, replace(blind, unknown_since=START - 339), rule=slow) == ()
    assert len(looked(UNSEEN, replace(blind, unknown_since=START - 340), rule=slow)) == 1
    assert looked(UNSEEN, blind, quiet=True) == ()
    stood = kept(kind=UNREADABLE, subject="n x")
    assert looked(UNSEEN, blind, stood) == ()
    (again,) = looked(UNSEEN, replace(blind, at=START + 14_390), stood, now=START + 14_400)
    assert (again.deed, again.message) == (
        Deed.REPEAT,
        "nobody watches what is above for 4 hours 4 minutes: away",
    )
    (over,) = looked(SHOWN, Memory(), stood)
    assert (over.deed, over.key, over.message) == (Deed.RESOLVE, stood.key, "it can be read again")
    assert [move.subject for move in looked(Reading.unknown("n", "w"), blind)] == ["n"]


def test_one_alert_that_says_why_is_enough() -> None:
    blind = Memory(at=START, unknown_since=START - 600)
    rule = replace(PLAIN, blind="away")
    away = kept(replace(PLAIN, name="away"), kind="no server", subject="")
    assert looked(UNSEEN, blind, away, rule=rule) == ()
    assert len(looked(UNSEEN, blind, away)) == 1, "of a rule that nothing blinds"
    assert len(looked(UNSEEN, blind, kept(kind="other"), rule=rule)) == 1


def test_keys_at_their_longest() -> None:
    assert len(key_of("k", "s" * 189)) == 191
    assert key_of("k", "s" * 189) == "k|" + "s" * 189
    assert key_of("k", "s" * 190) == "k|" + sha256(b"s" * 190).hexdigest()
    assert key_of("k" * 60, "s" * 190) == "k" * 50 + "|" + sha256(b"s" * 190).hexdigest()
    assert [deed.value for deed in Deed] == ["raise", "repeat", "resolve"]
    assert UNREADABLE == "figure cannot be read"
    assert Severity.INFO not in REPEAT_SECONDS
    made = Move(deed=Deed.RAISE, key="k", kind="k", severity=Severity.INFO, message="m", rule="r")
    assert (made.subject, made.value, made.limit) == ("", None, None)
