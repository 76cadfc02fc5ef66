"""Start, wait or test, stop."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

from one_host.child import CannotStart
from one_host.compose_file import read_compose
from one_host.folder import RunFolder
from one_host.interpolation import MissingVariable
from one_host.member import State
from one_host.network import Network, NoNetwork
from one_host.options import read_options
from one_host.secret_files import secret_files
from one_host.stack import Stack, StackFailed
from tasks.demo.interrupt import Interrupted, ignore_interrupts, interrupted_by, raise_when_interrupted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from one_host.compose_file import Composition
    from one_host.member import Member
    from one_host.options import Options
    from one_host.screen import Screen
    from tasks.demo.slow_model import SlowModel

DONE: Final = 0
STEP_FAILED: Final = 1
COULD_NOT_RUN: Final = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Run it; returns the exit code."""
    options = read_options(argv)
    raise_when_interrupted()
    try:
        from one_host.screen import Screen
    except ModuleNotFoundError as error:
        sys.stderr.write(f"{error.name} is missing: run `make one-host`, or pip install -e '.[test]'\n")
        return COULD_NOT_RUN
    screen = Screen()
    try:
        return _run(options, screen)
    except (StackFailed, CannotStart, NoNetwork, MissingVariable, ValueError, OSError) as error:
        screen.close()
        screen.say(str(error), "bold red")
        return COULD_NOT_RUN
    except BaseException:
        signal = interrupted_by()
        if signal is None:
            raise
        return signal.exit_code
    finally:
        screen.close()


def _run(options: Options, screen: Screen) -> int:
    with ExitStack() as cleanup:
        folder = RunFolder.make(options.folder)
        if options.keep:
            folder.keep()
        cleanup.callback(folder.close)
        cleanup.callback(ignore_interrupts)  # what is left is quick and must not end half-way
        composition = read_compose(options.compose, os.environ)
        network = _network(composition, folder)
        cleanup.callback(network.close)
        model = None
        if options.smoke:
            from tasks.demo.slow_model import SlowModel

            model = SlowModel(network.host)
            cleanup.callback(model.close)
            own = {"TASKS_CAPTIONER": "ollama", "OLLAMA_URL": model.url}
            composition = read_compose(options.compose, {**os.environ, **own})
        secrets = secret_files(
            composition.secrets, folder.of("secrets"), options.compose.parent / "make_secrets"
        )
        screen.title(f"The processes of {options.compose.name} on this host; data and logs in {folder.path}")
        with Stack(composition, network, folder, secrets, screen) as stack:
            return _play(options, stack, model, screen)


def _network(composition: Composition, folder: RunFolder) -> Network:
    """The one that an earlier run in this folder had, if it had one and it is free."""
    kept = folder.path / "network"
    network = Network(composition.services, wanted=kept.read_text() if kept.exists() else "")
    kept.write_text(network.prefix)
    return network


def _play(options: Options, stack: Stack, model: SlowModel | None, screen: Screen) -> int:
    code = DONE
    try:
        stack.up()
        screen.close()
        if model is not None:
            code = _smoke(options, stack, model, screen)
        else:
            _tell(options, stack, screen)
            _serve(stack)
    except StackFailed as error:
        screen.close()
        screen.say(str(error), "bold red")
        code = COULD_NOT_RUN
    except Interrupted as interrupt:
        screen.close()
        screen.say(f"{interrupt}: stopping in reverse order; once more ends all at once")
        code = interrupt.exit_code
    if model is not None:
        model.be_fast()
    stack.down()
    return code


def _smoke(options: Options, stack: Stack, model: SlowModel, screen: Screen) -> int:
    from one_host.smoke import run_smoke

    result = run_smoke(stack, model, screen)
    if options.json:
        print(json.dumps(result.to_dict(), indent=2))
    return DONE if result.passed else STEP_FAILED


def _serve(stack: Stack) -> None:
    """Look after all until a signal comes."""
    while True:
        stack.tick(())
        stack.check()


def _tell(options: Options, stack: Stack, screen: Screen) -> None:
    up = [member for member in stack.members.values() if member.state in {State.HEALTHY, State.RUNNING}]
    screen.say(f"{len(up)} services are up. Ctrl-C stops them.")
    for member in up:
        address = member.program.place.address
        for port in member.program.ports[:1]:
            is_page = not member.service.image or "prometheus" in member.name
            screen.line(member.name, "", f"http://{address}:{port}/" if is_page else f"{address}:{port}")
    if "web" in stack.members:
        runner = stack.members["web"].program.place.programs / "exec"
        screen.say(f"A command of the guard: {runner} celery -A tasks maintenance status")
    if options.json:
        print(json.dumps({name: _description(member) for name, member in stack.members.items()}), flush=True)


def _description(member: Member) -> dict[str, Any]:
    """`{state, why, address, ports, pid, log}`."""
    place = member.program.place
    return {
        "state": str(member.state),
        "why": member.why,
        "address": place.address,
        "ports": list(member.program.ports),
        "pid": member.pid,
        "log": str(place.log),
    }
