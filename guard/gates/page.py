"""The shared page: one word for the gate, and a slot for each pool child.

A memfd, mapped before the pool forks, so that the agent's thread in the main process and
all children see the same memory, without a system call or a lock.

    word 0              gate, epoch, deadline: see `guard.core.word`; all zero is closed
    word 1              whether a bypass is honoured while word 0 is closed; written before it
    word 8·(n+1) …      slot n, eight words: state, pid, mark of the task id, started,
                        asked (the `started` of the job that is meant), its deadline in ms, its rung, spare
    after the slots     what the window is narrowed to: see `guard.gates.page_scope`

Rules. The word is written by the agent alone, in one aligned store: `memoryview.cast("Q")`
(`struct.pack_into` zero-fills first and tears 5 % of concurrent reads). A slot is written by its
child alone, but for its last three words, by which the worker's main process asks a job to stop: they
name the job, so that they mean nothing to the next one. A child announces ENTERING *before* it looks
at the word; the agent writes the word, waits for `FENCE_SECONDS`, and then waits until no living slot
is ENTERING: from then on whoever looks sees the new word. Both halves are needed (`rcu.py`: without
either, thousands of starts after an acknowledgement).
"""

from __future__ import annotations

import mmap
import os
import threading
from array import array
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

from guard.clock import boot_ms
from guard.core.scope import EVERYTHING
from guard.core.word import EPOCH_MASK, pack, unpack
from guard.fleet.machine import new_page_name
from guard.gates.page_scope import SCOPE_SIZE, PageScope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guard.core.modes import Gate
    from guard.core.scope import Scope

__all__ = [
    "FENCE_SECONDS",
    "MOST_SLOTS",
    "Rung",
    "SharedPage",
    "Slot",
    "SlotState",
    "SlotView",
    "is_alive",
    "mark_of",
    "slots_of",
]

FENCE_SECONDS = 0.005
"""Longer than any store stays in a processor's buffer. A child that has announced itself before it
loaded the old word is visible after this."""

_WORD = 2**64 - 1
_WORDS_PER_SLOT = 8
MOST_SLOTS = 1023
_LONGEST_GAP = 128
"""Children take slots by their index in the pool; a gap this long is the end of them."""
_SLOTS_SIZE = (MOST_SLOTS + 1) * _WORDS_PER_SLOT * 8
_SIZE = _SLOTS_SIZE + SCOPE_SIZE


class SlotState(IntEnum):
    """What a pool child is doing."""

    IDLE = 0
    ENTERING = 1
    RUNNING = 2
    COMPLETED = 3
    FAILED = 4
    NOT_STARTED = 5
    EXITING = 6
    """A signal has ended the job, and its process is on its way out."""


_BUSY = frozenset({SlotState.ENTERING, SlotState.RUNNING, SlotState.EXITING})


class Rung(IntEnum):
    """How far the emergency ladder has come with the job in a slot."""

    NONE = 0
    ASKED = 1
    SIGNALLED = 2
    EXEMPT = 3
    """It may run while closed: a bypass, or a call on behalf of a job that is over. Never asked."""
    CONCLUDED = 4
    """Its end is proven and recorded, whatever the slot of its dead process still says."""


_ON_THE_LADDER = frozenset({Rung.ASKED, Rung.SIGNALLED, Rung.CONCLUDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotView:
    """One slot as the agent reads it. `mark` is the task id as `mark_of` gives it, 0 in a pool child;
    `started_ms` is boot time."""

    index: int
    state: SlotState
    pid: int
    mark: int
    started_ms: int
    rung: Rung = Rung.NONE

    @property
    def is_busy(self) -> bool:
        """Whether the slot says that a job begins, runs, or is on its way out."""
        return self.state in _BUSY and self.rung is not Rung.CONCLUDED

    def is_same(self, other: SlotView) -> bool:
        """Whether both are of one attempt of one job."""
        return (self.pid, self.started_ms) == (other.pid, other.started_ms)


class Slot:
    """The slot of one pool child or thread, as its owner sees it."""

    __slots__ = ("base", "busy", "named", "words")

    def __init__(self, words: memoryview[int], index: int, *, named: bool) -> None:
        self.named = named
        """Whether it says which job runs: a thread must, since Celery only knows the process. Finding
        the id costs more than the whole gate, and of a pool child the parent knows it by the pid."""
        self.words = words
        self.base = (index + 1) * _WORDS_PER_SLOT
        self.busy = False
        """Whether a job of this child is past the gate: calls inside it are part of it."""

    def occupy(self, pid: int) -> None:
        """Take the slot over, from nobody or from a child that is gone."""
        self.words[self.base] = SlotState.IDLE
        self.words[self.base + 1] = pid
        self.words[self.base + 2] = 0

    def name(self, task_id: str | None) -> None:
        """Say which job will run."""
        self.words[self.base + 2] = mark_of(task_id)

    def exempt(self) -> None:
        """The job that is about to run here is none that an emergency ends. Its start is written."""
        self.words[self.base + 6] = Rung.EXEMPT
        self.words[self.base + 4] = self.words[self.base + 3]

    @property
    def rung(self) -> Rung:
        """How far the ladder has come with the job that runs here. NONE when none does."""
        return _rung(self.words, self.base) if self.busy else Rung.NONE

    @property
    def was_signalled(self) -> bool:
        """Whether the job that runs here, or ran here last, was signalled."""
        return _rung(self.words, self.base) is Rung.SIGNALLED

    @property
    def deadline_ms(self) -> int:
        """Until when the job has time, once it was asked."""
        return self.words[self.base + 5]


class SharedPage:
    """The page of one worker process and its children."""

    def __init__(self) -> None:
        self.name, self._memory = _shared_memory()
        self.words: memoryview[int] = memoryview(self._memory).cast("Q")
        self._scope = PageScope(self._memory, self.words, _SLOTS_SIZE)
        self._next = 0
        self._free: list[int] = []
        self._lock = threading.Lock()

    def write(
        self, gate: Gate, epoch: int, deadline_ms: int, *, bypass: bool = False, scope: Scope = EVERYTHING
    ) -> None:
        """Set the gate for every child, in one store."""
        self.words[1] = bypass
        self._scope.write(scope, epoch & EPOCH_MASK)
        self.words[0] = pack(gate, epoch, deadline_ms)

    def read(self) -> tuple[Gate, int, int]:
        """Gate, low bits of the epoch, deadline in ms."""
        return unpack(self.words[0])

    def honours_bypass(self) -> bool:
        """Whether a bypass lets a job pass now. Never after the deadline: what comes then is not known."""
        _, _, deadline_ms = self.read()
        return self.words[1] == 1 and boot_ms() < deadline_ms

    def scope(self) -> Scope:
        """What the window of the word's epoch is about."""
        return self._scope.read(lambda: self.read()[1])

    def slot(self, index: int, *, named: bool = False) -> Slot:
        """The slot of a pool child by its index in the pool.

        Raises:
            IndexError: the pool is larger than the page; such a child starts nothing guarded.
        """
        if not 0 <= index < MOST_SLOTS:
            raise IndexError(f"a pool of more than {MOST_SLOTS} children is not supported")
        slot = Slot(self.words, index, named=named)
        slot.occupy(os.getpid())
        return slot

    def next_slot(self) -> Slot:
        """A slot for a thread of this process that runs jobs."""
        with self._lock:
            if self._free:
                index = self._free.pop()
            else:
                index = self._next
                self._next += 1
        return self.slot(index, named=True)

    def give_back(self, slot: Slot) -> None:
        """A thread has ended: its slot may be taken by another."""
        slot.words[slot.base] = SlotState.IDLE
        slot.words[slot.base + 1] = 0
        with self._lock:
            self._free.append(slot.base // _WORDS_PER_SLOT - 1)

    def slots(self) -> list[SlotView]:
        """All slots that anyone ever occupied."""
        return _slots(self.words)

    def view(self, index: int) -> SlotView:
        """One slot."""
        return _view(self.words, index)

    def ask(self, slot: SlotView, deadline_ms: int) -> None:
        """Ask the job in a slot to stop. The name of the attempt comes last: it makes the rest valid."""
        base = (slot.index + 1) * _WORDS_PER_SLOT
        self.words[base + 5] = deadline_ms
        self.words[base + 6] = Rung.ASKED
        self.words[base + 4] = slot.started_ms

    def was_asked(self, started_ms: int) -> bool:
        """Whether the attempt that began then was asked to stop, and not left alone since. Holds until
        another job in its slot is asked, or may run while closed."""
        bases = [(slot.index + 1) * _WORDS_PER_SLOT for slot in self.slots()]
        return any(
            self.words[base + 4] == started_ms and self.words[base + 6] in _ON_THE_LADDER for base in bases
        )

    def set_rung(self, slot: SlotView, rung: Rung) -> None:
        """The job in a slot, which was asked, is to be signalled, or is left alone after all."""
        if self.words[(slot.index + 1) * _WORDS_PER_SLOT + 4] == slot.started_ms:
            self.words[(slot.index + 1) * _WORDS_PER_SLOT + 6] = rung

    def anyone_entering(self) -> bool:
        """Whether a living child is between look and start."""
        return any(view.state is SlotState.ENTERING and is_alive(view.pid) for view in self.slots())


def slots_of(path: Path) -> list[SlotView]:
    """The slots of another worker's page, read through a file (`guard.fleet.machine`).

    Raises:
        OSError: the process behind the file has gone meanwhile.
    """
    return _slots(array("Q", path.read_bytes()[:_SLOTS_SIZE]))


def _slots(words: Sequence[int]) -> list[SlotView]:
    views = []
    empty = 0
    for index in range(MOST_SLOTS):
        occupied = words[(index + 1) * _WORDS_PER_SLOT + 1]
        empty = 0 if occupied else empty + 1
        if empty > _LONGEST_GAP:
            break
        if occupied:
            views.append(_view(words, index))
    return views


_STATES = {state.value: state for state in SlotState}
_RUNGS = {rung.value: rung for rung in Rung}
"""Looked up for each slot, some fifty times a second while jobs drain. Another word is not ours."""


def _view(words: Sequence[int], index: int) -> SlotView:
    base = (index + 1) * _WORDS_PER_SLOT
    # The state first: a child writes it last when it starts, and first of all when it ends.
    state = words[base]
    return SlotView(
        index=index,
        state=_STATES.get(state, SlotState.IDLE),
        pid=words[base + 1],
        mark=words[base + 2],
        started_ms=words[base + 3],
        rung=_rung(words, base),
    )


def _rung(words: Sequence[int], base: int) -> Rung:
    if not words[base + 4] or words[base + 4] != words[base + 3]:
        return Rung.NONE
    return _RUNGS.get(words[base + 6], Rung.NONE)


def _shared_memory() -> tuple[str, mmap.mmap]:
    """Memory that children share, with a name that is seen in the memory maps of every process that has
    it (`guard.fleet.machine`); anonymous and nameless where there is no memfd."""
    if not hasattr(os, "memfd_create"):
        return "", mmap.mmap(-1, _SIZE)
    name = new_page_name(os.urandom(8).hex())
    descriptor = os.memfd_create(name)
    try:
        os.ftruncate(descriptor, _SIZE)
        return name, mmap.mmap(descriptor, _SIZE)
    finally:
        os.close(descriptor)


def is_alive(pid: int) -> bool:
    """Whether a process still runs. One that has died and was not yet reaped does not."""
    with suppress(OSError, IndexError):
        stat = Path(f"/proc/{pid}/stat").read_text("latin-1")
        return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}
    if Path("/proc/self/stat").exists():
        return False
    try:  # a system without /proc: a zombie counts as alive there, which delays and never endangers
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def mark_of(task_id: str | None) -> int:
    """A task id as one word. Python's string hash is seeded per process, and a forked child has its
    parent's seed, so both sides of a page agree; nobody else compares marks."""
    return hash(task_id) & _WORD
