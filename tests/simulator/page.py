"""The shared page in simulated time: the guard's own, over words that know who writes and when it is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.core.scope import EVERYTHING
from guard.core.word import unpack
from guard.gates.page import Rung, SharedPage, Slot
from tests.simulator.hub import Killed, hub
from tests.simulator.stand_ins import hiccup

if TYPE_CHECKING:
    from guard.core.scope import Scope
    from tests.simulator.world import World

__all__ = ["Page"]

_WORDS_PER_SLOT = 8
_ENTERING, _RUNNING = 1, 2


class _Words(list[int]):
    """The page's memory. A child's "I enter" is seen by others a moment later, as from a store buffer;
    whoever writes may be held up, stopped or killed before and after it."""

    world: World
    agent_id: str

    def __init__(self, size: int) -> None:
        super().__init__([0] * size)
        self.unseen: dict[int, tuple[float, int]] = {}

    def __setitem__(self, at: Any, value: Any) -> None:
        now = hub()
        if now.current is not None and not now.current.process.alive:
            raise Killed
        if at == 0:
            hiccup("word>")
            gate, epoch, deadline_ms = unpack(value)
            process = now.process
            ends = (deadline_ms / 1000 - process.offset) / process.rate
            self.world.log("word", self.agent_id, gate.name, epoch, deadline_ms / 1000, ends)
            super().__setitem__(0, value)
            hiccup("word<")
            return
        if at % _WORDS_PER_SLOT == 0:
            if value == _ENTERING:
                dice = self.world.dice
                if dice.random() < 0.3:
                    self.unseen[at] = (now.now + dice.uniform(0.0, 0.004), self[at])
                super().__setitem__(at, value)
                hiccup("entering")
                return
            if value == _RUNNING:
                hiccup("starting")
        super().__setitem__(at, value)

    def seen(self, at: int) -> int:
        """The word as another processor sees it."""
        unseen = self.unseen.get(at) if self.unseen else None
        if unseen is not None:
            if hub().now < unseen[0]:
                return unseen[1]
            del self.unseen[at]
        return self[at]


class _Others:
    """The page as the worker's main process sees its children's slots."""

    def __init__(self, words: _Words) -> None:
        self._words = words

    def __getitem__(self, at: int) -> int:
        return self._words.seen(at)


class _NoScope:
    def write(self, scope: Scope, epoch: int) -> None:
        """Windows are about everything here."""

    def read(self, _epoch: object) -> Scope:
        return EVERYTHING


class Page(SharedPage):
    """The page of one simulated worker."""

    def __init__(self, world: World, agent_id: str, children: int) -> None:
        words = _Words((children + 1) * _WORDS_PER_SLOT)
        words.world, words.agent_id = world, agent_id
        self.words = words  # type: ignore[assignment]
        self.name = agent_id
        self._children = children
        self._others = _Others(words)
        self._scope = _NoScope()  # type: ignore[assignment]

    def slot_of(self, index: int, pid: int) -> Slot:
        """The slot of a pool child."""
        slot = Slot(self.words, index, named=False)
        slot.occupy(pid)
        return slot

    def ask(self, slot: Any, deadline_ms: int) -> None:
        super().ask(slot, deadline_ms)
        now, world = hub(), self.words.world  # type: ignore[attr-defined]
        child = world.children[slot.pid]
        job = world.running.get(slot.pid, "")
        world.log("asked", self.name, slot.pid, job, now.boot(), now.process.pid, now.process.rate)
        world.fired["a job was asked to stop"] += 1
        child.poke()

    def set_rung(self, slot: Any, rung: Rung) -> None:
        super().set_rung(slot, rung)
        if rung is Rung.NONE:
            world = self.words.world  # type: ignore[attr-defined]
            world.fired["an emergency was over before the signal"] += 1
            world.log("spared", self.name, slot.pid)

    def slots(self) -> Any:
        from guard.gates.page import _view

        words: Any = self._others if self.words.unseen else self.words  # type: ignore[attr-defined]
        return [_view(words, index) for index in range(self._children)]
