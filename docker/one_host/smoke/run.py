"""Runs the steps one after the other, and keeps what each has shown."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from one_host.smoke.scenario import Scenario
from one_host.smoke.wrong import Wrong
from one_host.stack import StackFailed

if TYPE_CHECKING:
    from one_host.screen import Screen
    from one_host.stack import Stack
    from tasks.demo.slow_model import SlowModel


@dataclass
class Step:
    """One thing that was shown."""

    name: str
    passed: bool
    seconds: float
    said: str


@dataclass
class Result:
    """All of them, up to the first that was not."""

    steps: list[Step] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether all is as it should be."""
        return bool(self.steps) and all(step.passed for step in self.steps)

    def to_dict(self) -> dict[str, Any]:
        """For JSON: `{passed, steps: [{name, passed, seconds, said}]}`."""
        return {"passed": self.passed, "steps": [asdict(step) for step in self.steps]}


def run_smoke(stack: Stack, model: SlowModel, screen: Screen) -> Result:
    """The whole window. A step that fails ends it; the others would fail for the same cause."""
    result = Result()
    with closing(Scenario(stack, model)) as scenario:
        for name, step in scenario.steps():
            started = time.monotonic()
            try:
                said, passed = step(), True
                stack.tick(())
                stack.check()
            except (Wrong, StackFailed) as error:
                said, passed = str(error), False
            result.steps.append(Step(name, passed, round(time.monotonic() - started, 1), said))
            screen.line(name, "ok" if passed else "FAILED", said, "green" if passed else "bold red")
            if not passed:
                break
    taken = sum(step.seconds for step in result.steps)
    words = f"{len(result.steps)} steps passed" if result.passed else "The smoke test failed"
    screen.say(f"{words} in {taken:.0f} s", "bold green" if result.passed else "bold red")
    return result
