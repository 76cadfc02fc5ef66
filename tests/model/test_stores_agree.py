"""Memory, Redis and SQL side by side: the same steps give the same answers and the same errors.

Control planes: memory, Valkey, Debian's Redis. Durable stores: memory, SQLite, MariaDB. The memory ones
are the model: what users test with must behave like what they run.
"""

from __future__ import annotations

import itertools
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import Phase as Stage
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from guard.core.account import Account
from guard.core.agents import AgentReport
from guard.core.counts import Count
from guard.core.history import AuditRecord
from guard.errors import GuardError, StaleEpoch
from guard.store.memory import MemoryControlPlane, MemoryDurableStore
from tests.contracts.doers import CARD, REPORT, START, STORE_ID, HandClock, at_epoch, redis_plane, sql_store
from tests.core.strategies import mode_and_phase

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from guard.core.modes import Mode, Phase
    from guard.core.state import GuardState
    from guard.ports import ControlPlane, DurableStore
    from tests.support.mariadb import MariaDB
    from tests.support.valkey import Valkey

AGENTS = ["a", "b", "c"]
agents = st.sampled_from(AGENTS)
steps = st.integers(-2, 3)
gates = mode_and_phase
reports = st.sampled_from([None, REPORT, AgentReport()])


def outcome(act: Callable[[], object]) -> object:
    """What a call gave, or which error of ours it raised. Any other error ends the test."""
    try:
        return act()
    except StaleEpoch as error:
        return ("StaleEpoch", error.expected, error.found)
    except GuardError as error:
        return type(error).__name__


def agreed(doers: dict[str, Any], act: Callable[[Any], object]) -> object:
    """Do the same to each; they must answer alike."""
    answers = {name: outcome(lambda doer=doer: act(doer)) for name, doer in doers.items()}
    assert len({repr(answer) for answer in answers.values()}) == 1, answers
    return next(iter(answers.values()))


def seen_at_barrier(plane: ControlPlane) -> tuple[int, int]:
    seen = plane.barrier()
    return seen.epoch, seen.pending


class Stores(RuleBasedStateMachine):
    """One run; `begin` says on which servers."""

    def __init__(self, valkey: Valkey, redis: Valkey, mariadb: MariaDB, folder: Path) -> None:
        super().__init__()
        self.numbers = itertools.count(1)
        self.stack = ExitStack()
        memory = MemoryControlPlane(HandClock())
        self.planes: dict[str, ControlPlane] = {"memory": memory}
        self.forgetting: list[Callable[[], object]] = [memory.forget]
        for name, server in (("valkey", valkey), ("redis", redis)):
            number = server.fresh_db()
            plane = redis_plane(server.url(number))
            self.stack.callback(plane.close)
            self.planes[name] = plane
            self.forgetting.append(plane.client.flushdb)
        self.durables: dict[str, DurableStore] = {"memory": MemoryDurableStore(store_id=STORE_ID, now=START)}
        urls = {
            "sqlite": f"sqlite:///{folder / f'{next(FILES)}.db'}",
            "mariadb": mariadb.url(mariadb.create_database()),
        }
        for name, url in urls.items():
            store = self.stack.enter_context(sql_store(url))
            store.migrate()
            first = store.read()
            store.compare_and_set(0, replace(first, store_id=STORE_ID, changed_at=START))
            self.durables[name] = store
        self.windows = 0
        self.planes_touched = self.durables_touched = True

    def on_planes(self, act: Callable[[ControlPlane], object]) -> object:
        self.planes_touched = True
        return agreed(self.planes, act)

    def on_durables(self, act: Callable[[DurableStore], object]) -> object:
        self.durables_touched = True
        return agreed(self.durables, act)

    def teardown(self) -> None:
        self.stack.close()

    def state(self, epoch: int, gate: tuple[Mode | None, Phase]) -> GuardState:
        """A state like no other, so that nobody takes it for a write of his own."""
        mode, phase = gate
        return replace(at_epoch(max(0, epoch)), mode=mode, phase=phase, changed_at=START + next(self.numbers))

    # --- control planes ----------------------------------------------------------------------------------

    def epoch(self) -> int:
        try:
            return self.planes["memory"].read().epoch
        except GuardError:
            return -1

    @initialize(published=st.booleans())
    def begin(self, published: bool) -> None:
        if published:
            state = self.state(0, (None, at_epoch(0).phase.__class__.INACTIVE))
            assert self.on_planes(lambda plane: plane.publish(state)) is True

    @rule(step=steps, gate=gates)
    def publish(self, step: int, gate: tuple[Mode | None, Phase]) -> None:
        before = self.epoch()
        state = self.state(before + step, gate)
        assert self.on_planes(lambda plane: plane.publish(state)) is (state.epoch > before)

    @rule(expected=steps, step=steps, gate=gates)
    def compare_and_set(self, expected: int, step: int, gate: tuple[Mode | None, Phase]) -> None:
        epoch = self.epoch() + expected
        state = self.state(epoch + step, gate)
        self.on_planes(lambda plane: plane.compare_and_set(epoch, state))

    @rule(agent=agents, report=reports, register=st.booleans(), problem=st.sampled_from(["", "x"]))
    def renew(self, agent: str, report: AgentReport | None, register: bool, problem: str) -> None:
        card = replace(CARD, agent_id=agent, problem=problem)
        self.on_planes(lambda plane: plane.renew(card, report, register=register))

    @rule(agent=agents, step=st.integers(-1, 1), report=st.sampled_from([REPORT, AgentReport()]))
    def acknowledge(self, agent: str, step: int, report: AgentReport) -> None:
        epoch = self.epoch() + step
        self.on_planes(lambda plane: plane.acknowledge(agent, epoch, report))

    @rule(agent=agents)
    def leave(self, agent: str) -> None:
        self.on_planes(lambda plane: plane.leave(agent))

    @rule()
    def forget(self) -> None:
        self.planes_touched = True
        for forget in self.forgetting:
            forget()

    @invariant()
    def planes_agree(self) -> None:
        if not self.planes_touched:
            return
        self.planes_touched = False
        agreed(self.planes, lambda plane: plane.read())
        agreed(self.planes, seen_at_barrier)
        agreed(
            self.planes,
            lambda plane: sorted(
                (one.card.agent_id, one.card.problem, one.acknowledged_epoch, repr(one.report))
                for one in plane.roster()
            ),
        )

    # --- durable stores ----------------------------------------------------------------------------------

    @rule(expected=st.sampled_from([0, 0, 0, -1, 1]), step=st.integers(1, 3), gate=gates)
    def change(self, expected: int, step: int, gate: tuple[Mode | None, Phase]) -> None:
        epoch = self.durables["memory"].read().epoch + expected
        state = self.state(epoch + step, gate)
        record = AuditRecord(at=state.changed_at, actor="x", action="step", epoch=state.epoch, outcome="done")
        self.on_durables(lambda store: store.change(epoch, state, record))

    @rule(stale=st.booleans())
    def open_window(self, stale: bool) -> None:
        self.windows += 1
        window_id = f"w-{self.windows}"
        epoch = self.durables["memory"].read().epoch
        state = replace(at_epoch(epoch + 1), window_id=window_id)
        state = replace(state, started_at=START + next(self.numbers), by=f"ops {self.windows}")
        state = replace(state, changed_at=state.started_at or 0.0)
        record = AuditRecord(
            at=state.changed_at,
            actor=state.by,
            action="enable",
            epoch=state.epoch,
            outcome="done",
            detail={"window_id": window_id, "mode": "normal", "reason": state.reason, "duration": 3600},
        )
        self.on_durables(lambda store: store.change(epoch - stale, state, record))

    @rule(number=st.integers(0, 3), parked=st.integers(0, 9))
    def close_books(self, number: int, parked: int) -> None:
        account = Account({(Count.PARKED, "x"): parked})
        number = min(number, self.windows)  # not of a window that is still to come (bug M3)
        self.on_durables(lambda store: store.close_books(f"w-{number}", account))

    @rule(gate=gates)
    def write_rows(self, gate: tuple[Mode | None, Phase]) -> None:
        state = self.state(7, gate)
        self.on_durables(lambda store: store.write_configuration_rows(state))

    @rule(limit=st.integers(0, 3))
    def list_windows(self, limit: int) -> None:
        # how a window ended is left out: memory does not say it (bug M1, test_durable_store.py)
        self.on_durables(
            lambda store: [replace(one, ended_at=None, ended_by="") for one in store.windows(limit)],
        )

    @invariant()
    def durables_agree(self) -> None:
        if not self.durables_touched:
            return
        self.durables_touched = False
        agreed(self.durables, lambda store: store.read())
        agreed(self.durables, lambda store: sorted(store.configuration_rows().items()))


FILES = itertools.count(1)


@pytest.mark.slow
def test_memory_redis_and_sql_agree(
    valkey: Valkey, redis_server: Valkey, mariadb: MariaDB, tmp_path: Path
) -> None:
    run_state_machine_as_test(
        lambda: Stores(valkey, redis_server, mariadb, tmp_path),
        settings=settings(
            max_examples=15,
            stateful_step_count=30,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
            phases=(Stage.explicit, Stage.reuse, Stage.generate),  # shrinking on servers takes minutes
        ),
    )
