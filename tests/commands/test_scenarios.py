"""The documents' commands, run on real fleets in the order in which people type them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.commands.documents import outputs_of
from tests.commands.fleet import Done, Fleet, ForkServer
from tests.commands.matching import missing
from tests.commands.reading import key_of
from tests.commands.scenarios import SCENARIOS
from tests.support.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.commands.steps import Scenario, Step


@pytest.fixture(scope="module")
def fork_server() -> Iterator[ForkServer]:
    with ForkServer() as server:
        yield server


@pytest.fixture(scope="module")
def own_valkey() -> Iterator[Valkey]:
    """On a port, since people address it by one."""
    with Valkey(tcp=True) as server:
        yield server


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_commands(scenario: Scenario, fork_server: ForkServer, own_valkey: Valkey, tmp_path: Path) -> None:
    with Fleet(fork_server, own_valkey, tmp_path, scenario.environ) as fleet:
        if scenario.begin:
            scenario.begin(fleet)
        wrong = [found for step in scenario.steps if (found := problem_of(step, fleet))]
    assert not wrong, f"{len(wrong)} commands:\n\n" + "\n\n".join(wrong)


def problem_of(step: Step, fleet: Fleet) -> str:
    """Empty when all was as it should be. One that fails does not keep the others from being run."""
    try:
        perform(step, fleet)
    except AssertionError as failed:
        return str(failed).split("\nassert ")[0]
    except Exception as failed:  # noqa: BLE001 - such as JSON that is none: the others are run all the same
        return f"{step.command}: {failed!r}"
    return ""


def perform(step: Step, fleet: Fleet) -> None:
    if step.before:
        step.before(fleet)
    command = step.command
    for placeholder, value in step.fill.items():
        assert placeholder in command, f"{placeholder!r} is not in {command!r}"
        command = command.replace(placeholder, value if isinstance(value, str) else value(fleet))
    done = (
        fleet.until(command, step.until, stays=step.stays, environ=step.environ)
        if step.until
        else fleet.run(command, stdin=step.stdin, environ=step.environ)
    )
    judge(step, command, done)
    if step.after:
        step.after(fleet, done.out)


def judge(step: Step, command: str, done: Done) -> None:
    seen = f"$ {command}\n{done.out}\nexit code {done.code}"
    assert done.code in step.codes, f"expected exit code {step.code}\n{seen}"
    assert "Traceback" not in done.out, seen
    for text in step.says:
        assert text in done.out, f"{text!r} is not said\n{seen}"
    for shown in outputs_of(key_of(step.command)):
        gone = missing(shown.output, done.out, unlike=step.unlike)
        assert not gone, f"{shown} shows what is not printed: {gone}\n{seen}"
