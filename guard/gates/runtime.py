"""What one process knows about the gate, and who in it may ask.

A process is one of three things. A *producer* (web app, beat, script) believes what its agent last
read. A *worker's main process* does too, and writes the shared page. A *pool child* has no agent:
it believes the page. After a fork everything inherited but the page is forgotten, so a child can
never trust a lease that nobody renews for it.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import Counter
from dataclasses import dataclass, field
from time import clock_gettime
from typing import TYPE_CHECKING, Any

from guard.clock import BOOT, boot_ms
from guard.core.modes import Gate
from guard.core.scope import EVERYTHING
from guard.core.view import GateView
from guard.gates.figures import Figures

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.counts import Count
    from guard.core.scope import Scope
    from guard.core.state import GuardState
    from guard.gates.page import SharedPage, Slot

__all__ = ["Belief", "Runtime", "slot_of_job"]


@dataclass(frozen=True, slots=True)
class Belief:
    """A state and until when it may be believed, in seconds of boot time."""

    state: GuardState | None
    trusted_until: float
    closed_here: bool = False
    """This machine was closed by its operator, whatever the stores say."""
    open_until: float = field(init=False)
    """Until when every gate is open; 0 when one is closed. Asked at every publish."""
    quiet_until: float = field(init=False)
    """The same while no session was ever ended; else 0. Asked at every request of a web application."""

    def __post_init__(self) -> None:
        is_open = self.state is not None and self.state.gate is Gate.OPEN and not self.closed_here
        ended_none = self.state is not None and self.state.generation.number == 0
        object.__setattr__(self, "open_until", self.trusted_until if is_open else 0.0)
        object.__setattr__(self, "quiet_until", self.trusted_until if is_open and ended_none else 0.0)

    def view(self, now: float) -> GateView:
        """What the gates may rely on now."""
        state = self.state
        if self.closed_here or state is None or now >= self.trusted_until:
            return GateView(gate=Gate.UNKNOWN, epoch=state.epoch if state else None, bypass=False)
        return GateView(
            gate=state.gate,
            epoch=state.epoch,
            reason=state.reason,
            planned_end=state.planned_end,
            bypass=state.honours_bypass,
            scope=state.terms.scope,
        )

    def believed(self, now: float) -> GuardState | None:
        """The state, while it may be believed. A machine that its operator closed knows it all the same."""
        return self.state if now < self.trusted_until else None


_NOTHING = Belief(None, 0.0)


class Runtime:
    """The gate's side of one app in one process."""

    def __init__(
        self, *, ensure_agent: Callable[[], None], count_at_once: Callable[[Count, str], None]
    ) -> None:
        self.belief = _NOTHING
        self.page: SharedPage | None = None
        self.is_worker = False
        """Whether this process is a worker's main process or one of its pool children."""
        self.is_pool_child = False
        self.jobs_run_here = False
        """Whether jobs run in this process: pool children, and workers with threads or solo."""
        self.counts: Counter[tuple[str, Count, str]] = Counter()
        self._counts_lock = threading.Lock()
        self.figures = Figures()
        """What is measured and counted here of decisions and stores, whichever window there is."""
        self.children_name_jobs = False
        """Whether pool children say which job they run. Needed only where a child may be given its next
        job before the parent knows that the last one has ended (``-O fast``): by its pid alone the
        parent could then take one for the other."""
        self._ensure_agent = ensure_agent
        self._count_at_once = count_at_once
        self._slots = threading.local()
        self.child_slot: Slot | None = None
        """The slot of this process, in a pool child."""
        self._pid = os.getpid()
        _RUNTIMES.add(self)

    def view(self) -> GateView:
        """What this process may believe right now. Never blocks for longer than one renewal."""
        if self.is_pool_child and self.page is not None:
            return GateView(
                gate=self.view_of_page(),
                epoch=self.page.read()[1],
                bypass=self.page.honours_bypass(),
                scope=self.scope(),
            )
        view = self.belief.view(boot_ms() / 1000)
        if view.gate is Gate.UNKNOWN and not self.is_worker:
            self._ensure_agent()
            view = self.belief.view(boot_ms() / 1000)
        return view

    def believed(self) -> GuardState | None:
        """The state that this process may believe right now, None when it knows none. Costs no round trip
        while its lease is fresh. A pool child knows the gate alone."""
        if self.is_pool_child:
            return None
        state = self.belief.believed(boot_ms() / 1000)
        if state is None and not self.is_worker:
            self._ensure_agent()
            state = self.belief.believed(boot_ms() / 1000)
        return state

    def view_of_page(self) -> Gate:
        """What the shared page says now: unknown without one, or after its deadline."""
        if self.page is None:
            return Gate.UNKNOWN
        gate, _, deadline = self.page.read()
        return gate if boot_ms() < deadline else Gate.UNKNOWN

    def scope(self) -> Scope:
        """What the window is about, as far as this process may believe; everything when it may not. In a
        worker the page decides, as for its jobs."""
        if self.page is None:
            return self.view().scope
        return self.page.scope() if self.view_of_page() is not Gate.UNKNOWN else EVERYTHING

    def honours_bypass(self) -> bool:
        """Whether a bypass counts here and now. In a worker the page decides, as for its jobs."""
        return self.page.honours_bypass() if self.page is not None else self.view().bypass

    def is_open(self) -> bool:
        """Whether every gate is open as far as this process may believe: the short cut of each publish."""
        if self.is_pool_child:
            return self.view_of_page() is Gate.OPEN
        return clock_gettime(BOOT) < self.belief.open_until

    def slot(self) -> Slot | None:
        """The slot of the child or thread that asks; None where no jobs run."""
        if not self.jobs_run_here or self.page is None:
            return None
        if self.child_slot is not None or self.is_pool_child:
            return self.child_slot  # None in a fork that a job made: its slots are not ours to take
        mine: Slot | None = getattr(self._slots, "mine", None)
        if mine is None:
            mine = self._slots.mine = self.page.next_slot()
            weakref.finalize(threading.current_thread(), self.page.give_back, mine)
        return mine

    def busy_slot(self) -> Slot | None:
        """The slot of the guarded job that this thread is in. Takes none."""
        slot = self.child_slot or getattr(self._slots, "mine", None)
        return slot if slot is not None and slot.busy else None

    def become_pool_child(self, index: int) -> None:
        """In a forked pool child: take the slot of this index and believe the page from now on."""
        self.is_pool_child = True
        self.jobs_run_here = True
        self.figures.take_row(index)
        if self.page is not None:
            self.child_slot = self.page.slot(index, named=self.children_name_jobs)

    def where(self) -> dict[str, Any]:
        """Window and epoch, as far as this process knows them: for named events."""
        if self.is_pool_child and self.page is not None:
            return {"window_id": "", "epoch": self.page.read()[1]}
        state = self.belief.state
        if state is None:
            return {"window_id": "", "epoch": None}
        return {"window_id": state.window_id, "epoch": state.epoch}

    def count(self, kind: Count, operation: str, number: int = 1, *, window_id: str = "") -> None:
        """Add to a counter of this window, the current one when empty. Costs no round trip: the agent sends
        the sums."""
        if self.is_pool_child:
            self._count_at_once(kind, operation)
            return
        state = self.belief.state
        window_id = window_id or (state.window_id if state is not None else "") or "unknown"
        with self._counts_lock:
            self.counts[window_id, kind, operation] += number

    def take_counts(self) -> Counter[tuple[str, Count, str]]:
        """The counters since the last call."""
        with self._counts_lock:
            taken, self.counts = self.counts, Counter()
        return taken

    def _forget_after_fork(self) -> None:
        self.belief = _NOTHING
        self.counts = Counter()
        self._counts_lock = threading.Lock()
        self._slots = threading.local()
        self.child_slot = None
        self.figures.forget()
        self._pid = os.getpid()
        if self.is_worker:
            # A pool child, or a fork that a job made. Until `become_pool_child` runs it has no slot, and
            # starts nothing guarded.
            self.is_pool_child = True
            self.jobs_run_here = True


_RUNTIMES: weakref.WeakSet[Runtime] = weakref.WeakSet()


def slot_of_job() -> Slot | None:
    """The slot of the guarded job that this thread is in, whichever app it belongs to; None outside one."""
    for runtime in list(_RUNTIMES):
        slot = runtime.busy_slot()
        if slot is not None:
            return slot
    return None


def _after_fork() -> None:
    for runtime in list(_RUNTIMES):
        runtime._forget_after_fork()  # noqa: SLF001 - this module's own


os.register_at_fork(after_in_child=_after_fork)
