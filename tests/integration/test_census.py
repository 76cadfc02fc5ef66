"""What was running when a gate closed is counted to its end, whichever end that is. Found by the kill
harness: the books of a window missed jobs that had all ended."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from guard.clock import boot_ms
from guard.core.modes import Gate
from guard.core.named_events import not_announced
from guard.gates.page import Rung, SharedPage, SlotState
from guard.worker.follower import WorkerFollower

if TYPE_CHECKING:

    from guard.gates.page import Slot

FAR = 2**40
W1, W2 = "w-1", "w-2"
KIND = SimpleNamespace(name="job_creation", blocked_by={Gate.NORMAL, Gate.EMERGENCY})


class Worker:
    """The follower of a worker, over a page of its own."""

    def __init__(self, page: SharedPage) -> None:
        self.page = page
        self.counted: list[tuple[str, str]] = []
        self.ladder = SimpleNamespace(
            follow=lambda _: None, leave_off=lambda: None, stop=lambda _: None
        )
        gate: Any = SimpleNamespace(
            scoping=SimpleNamespace(usual=None),
            covers=lambda *_, **__: self.is_closed,
            where=lambda: {"epoch": 1},
            kind_of=lambda _: KIND,
        )
        self.follower = WorkerFollower(
            page=page,
            cordon=SimpleNamespace(cordoned=()),  # type: ignore[arg-type]
            lanes=SimpleNamespace(),  # type: ignore[arg-type]
            gate=gate,
            on_open=lambda: None,
            make_ladder=lambda: self.ladder,  # type: ignore[arg-type,return-value]
            count=self._count,
            grace=1.0,
            queues=tuple,
            announce=not_announced,
        )

    def _count(self, kind: Any, operation: str, *, window_id: str = "") -> None:
        self.counted.append((window_id, kind.value))

    @property
    def is_closed(self) -> bool:
        gate, _, deadline = self.page.read()
        return gate is not Gate.OPEN or boot_ms() >= deadline

    def hears(self, gate: Gate, window_id: str = W1, *, trusted: bool = True) -> Any:
        """A state of another epoch, as the agent passes it on."""
        state = SimpleNamespace(gate=gate, window_id=window_id, started_at=None)
        self.page.write(gate, 1, FAR if trusted else 0)
        if trusted:
            self.follower.adopted(state)  # type: ignore[arg-type]
            self.follower.gate_is(gate)
        return state

    def starts(self, started_ms: int, index: int = 0) -> Slot:
        slot = self.page.slot(index)
        slot.words[slot.base + 3] = started_ms
        slot.words[slot.base] = SlotState.RUNNING
        return slot

    def ends(self, slot: Slot) -> None:
        slot.words[slot.base] = SlotState.COMPLETED

    def asks(self, index: int = 0) -> None:
        self.page.ask(self.page.view(index), FAR)


@pytest.fixture
def worker(page: SharedPage) -> Worker:
    return Worker(page)


def test_it_completes_in_the_window(worker: Worker) -> None:
    slot = worker.starts(1000)
    state = worker.hears(Gate.NORMAL)
    worker.ends(slot)
    worker.follower.tick(state)
    worker.hears(Gate.OPEN)
    assert worker.counted == [(W1, "running"), (W1, "completed")]


def test_it_runs_on_when_the_window_ends(worker: Worker) -> None:
    slot = worker.starts(1000)
    worker.hears(Gate.NORMAL)
    worker.hears(Gate.OPEN)
    worker.ends(slot)
    assert worker.counted == [(W1, "running"), (W1, "ran_on")]


def test_it_ended_since_the_last_look(worker: Worker) -> None:
    slot = worker.starts(1000)
    worker.hears(Gate.NORMAL)
    worker.ends(slot)
    worker.hears(Gate.OPEN)
    assert worker.counted == [(W1, "running"), (W1, "completed")]


def test_the_next_window_begins_before_anybody_heard_of_the_end_of_this(worker: Worker) -> None:
    worker.starts(1000)
    worker.hears(Gate.NORMAL)
    state = worker.hears(Gate.NORMAL, W2)
    worker.follower.tick(state)
    assert worker.counted == [(W1, "running"), (W1, "ran_on"), (W2, "running")]


def test_it_was_asked_and_left_alone_when_the_emergency_ended(worker: Worker) -> None:
    slot = worker.starts(1000)
    worker.hears(Gate.EMERGENCY)
    worker.asks()
    worker.ladder.leave_off = lambda: worker.page.set_rung(worker.page.view(0), Rung.NONE)
    worker.hears(Gate.OPEN)
    worker.hears(Gate.NORMAL, W2)
    worker.ends(slot)
    worker.hears(Gate.OPEN, W2)
    assert worker.counted == [(W1, "running"), (W1, "ran_on"), (W2, "running"), (W2, "completed")]


def test_it_was_asked_and_left_alone_when_the_emergency_was_eased(worker: Worker) -> None:
    slot = worker.starts(1000)
    worker.hears(Gate.EMERGENCY)
    worker.asks()
    worker.ladder.follow = lambda _: worker.page.set_rung(worker.page.view(0), Rung.NONE)
    state = worker.hears(Gate.NORMAL)
    worker.ends(slot)
    worker.follower.tick(state)
    assert worker.counted == [(W1, "running"), (W1, "completed")]


@pytest.mark.parametrize("rung", [Rung.ASKED, Rung.SIGNALLED, Rung.CONCLUDED])
def test_what_the_ladder_settles_is_counted_there(worker: Worker, rung: Rung) -> None:
    slot = worker.starts(1000)
    worker.hears(Gate.EMERGENCY)
    worker.asks()
    worker.page.set_rung(worker.page.view(0), rung)
    worker.ends(slot)
    worker.hears(Gate.OPEN)
    assert worker.counted == [(W1, "running")]


def test_one_with_a_bypass_completes_like_any_other(worker: Worker) -> None:
    state = worker.hears(Gate.NORMAL)
    slot = worker.starts(1000)
    slot.exempt()
    worker.follower.tick(state)
    worker.ends(slot)
    worker.follower.tick(state)
    assert worker.counted == [(W1, "running"), (W1, "completed")]


def test_trust_that_runs_out_while_no_window_is_open_counts_nothing(worker: Worker) -> None:
    """On a machine too busy to renew in time the gate closes, and the last window is long over."""
    state = worker.hears(Gate.OPEN)
    slot = worker.starts(1000)
    worker.hears(Gate.OPEN, trusted=False)
    worker.follower.gate_is(Gate.UNKNOWN)
    assert worker.is_closed
    worker.follower.tick(state)
    worker.ends(slot)
    worker.follower.gate_is(Gate.OPEN)
    assert worker.counted == []


def test_it_ends_right_before_its_worker_does(worker: Worker) -> None:
    state = worker.hears(Gate.NORMAL)
    slots = [worker.starts(1000 + index, index) for index in range(2)]
    worker.follower.tick(state)
    worker.ends(slots[0])
    worker.follower.stop(0.1)
    worker.follower.tick(state)
    assert sorted(worker.counted[2:]) == [(W1, "completed"), (W1, "lost")]
