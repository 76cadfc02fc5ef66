"""Every command of `celery maintenance`, through Celery's own entry, with arguments of any kind.

Commands that serve, collect or play until somebody ends them are only asked for what they refuse at once.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager, suppress
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import click
from celery.bin.celery import celery as celery_command
from click.testing import CliRunner
from hypothesis import strategies as st

from guard.cli.exits import HEALTH, Exit
from guard.cli.main import maintenance
from guard.errors import GuardError
from tests.fuzz.strange import odd_texts
from tests.fuzz.target import Target
from tests.web_api.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fuzz.target import Check, Place

_ENDLESS = {"web", "metrics", "evidence", "drill", "optimize"}
_WATCHES = {"--watch", "-w", "--wait", "--follow"}
_SECONDS = 60
_near = st.sampled_from([
    "1", "0", "-1", "90m", "1h30m", "2026-12-01 02:00", "FREQ=WEEKLY", "Europe/Berlin", "emergency", "normal", "test", "ops",
    "caption_generation", "image_processing", "read,operate", "x", "*", "1,2", "header:tenant", "true", "csv", "json", "10",
    "00000000-0000-0000-0000-000000000000", "maintenance_webhook_url", "https://hooks.example.com/x", "cpu", "week", "month",
])  # fmt: skip
_words = (_near | odd_texts).map(
    lambda text: text.replace("\0", "")[:400].encode("utf-8", "replace").decode()
)


def _commands() -> dict[tuple[str, ...], click.Command]:
    """Every command there is, by its words."""
    found: dict[tuple[str, ...], click.Command] = {}

    def walk(group: click.Group, words: tuple[str, ...]) -> None:
        context = click.Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            if isinstance(command, click.Group):
                walk(command, (*words, name))
                if not command.invoke_without_command:
                    continue
            found[*words, name] = command

    walk(maintenance, ())
    return found


COMMANDS = _commands()


@st.composite
def _lines(draw: st.DrawFn) -> list[str]:
    words = draw(st.sampled_from(sorted(COMMANDS)))
    command = COMMANDS[words]
    line = list(words)
    options = [
        one for one in command.params if isinstance(one, click.Option) and not _WATCHES & set(one.opts)
    ]
    arguments = [one for one in command.params if isinstance(one, click.Argument)]
    for one in draw(st.lists(st.sampled_from(options), max_size=3)) if options else []:
        line.append(draw(st.sampled_from([*one.opts, *one.secondary_opts])))
        if not one.is_flag or draw(st.integers(0, 9)) == 0:
            line.append(draw(_words))
    many = draw(st.sampled_from([len(arguments), len(arguments), 0, len(arguments) + 1]))
    line += [draw(_words) for _ in range(many)]
    if words[0] in _ENDLESS or draw(st.integers(0, 9)) == 0:
        line.append("--" + draw(st.sampled_from(["no-such", "reson", "x=1", "="])))
    if draw(st.integers(0, 3)) == 0:
        line.append("--json")
    return line


def _too_long(*_: object) -> None:
    raise TimeoutError("a command took too long")


@contextmanager
def _ready(place: Place) -> Iterator[Check]:
    server = place.valkey
    folder = place.folder / "shop"
    folder.mkdir()
    module: Any = ModuleType("fuzz_shop")
    if "maintenance" not in celery_command.commands:
        for entry in entry_points(group="celery.commands"):
            celery_command.add_command(entry.load(), entry.name)
    celery_command.commands["maintenance"] = maintenance
    with Site(
        redis=server.url(server.fresh_db()), broker=server.broker_url(server.fresh_db()), folder=folder
    ) as site:
        module.app = site.app
        sys.modules["fuzz_shop"] = module
        before, alarm, ends = (
            Path.cwd(),
            signal.signal(signal.SIGALRM, _too_long),
            signal.getsignal(signal.SIGTERM),
        )
        os.chdir(folder)
        try:
            yield lambda case: _type(site, case)
        finally:
            os.chdir(before)
            signal.signal(signal.SIGALRM, alarm)
            signal.signal(signal.SIGTERM, ends)
            del sys.modules["fuzz_shop"]


def _type(site: Site, line: list[str]) -> str:
    line = line or [""]
    before = site.guard.durable.read()
    signal.alarm(_SECONDS)
    try:
        done = CliRunner().invoke(celery_command, ["-A", "fuzz_shop", "maintenance", *line], input="")
    finally:
        signal.alarm(0)
    after = site.guard.durable.read()
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    allowed = {code.value for code in Exit} | set(HEALTH.values())
    assert done.exit_code in allowed, f"an exit code that is documented nowhere: {done.exit_code}"
    assert "Traceback" not in done.output, f"a traceback at a person ({line[0]})"
    assert "please report it" not in done.output, f"an unexpected error ({line[0]})"
    if done.exit_code in {Exit.INVALID, Exit.NOT_NOW, Exit.NOT_FOUND} and line[0] != "doctor":
        assert after.epoch == before.epoch, "refused, and the state was changed"
        if "--json" not in line and "-j" not in line:
            lines = [one for one in done.stderr.splitlines() if one.startswith("Error")]
            assert len(lines) <= 1, "an error of several lines"
    if after.is_active:
        with suppress(GuardError):
            site.guard.disable(by="tests", unverified=True)
    return f"{line[0]} {done.exit_code}"


TARGET = Target(
    name="command_line",
    promise="an exit code of the documented ones, one line of error, no traceback, no change by what was refused",
    cases=_lines(),
    ready=_ready,
    seeds=[[*words, "--help"] for words in sorted(COMMANDS)] + [[], ["--no-such"], ["enabel"]],
    few=110,
)
