"""docs/reference/commands.md: every command with its arguments, options, defaults and exit codes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from generators.markdown import anchor, cell, code, page, prose, table
from guard.cli.exits import HEALTH_MEANINGS, MEANINGS
from guard.cli.main import maintenance

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["commands", "walked"]

_BEFORE = "celery -A yourapp"
_DEFAULT = re.compile(r"\s*\[default: (?P<value>[^]]+)\]")
_REQUIRED = re.compile(r"\s*\[required\]")
_SETTING = re.compile(r"\b(?:GUARD|MAINTENANCE|EMERGENCY_MODE)_[A-Z_]+\b")
_INTRO = """Every command of `celery -A yourapp maintenance`, as the code has it. What they are for, and what
they print, is in [the command line](../cli.md). Each command also has `--help`.

No option is read from the environment: what the environment decides are [settings](settings.md).
The application is named by Celery's own `-A`, or `CELERY_APP`. `NO_COLOR` and `TERM=dumb` switch
colours off."""
_HEALTH = """`doctor` alone ends with the codes of monitoring plugins:"""


def commands() -> str:
    """The page."""
    found = list(walked())
    overview = table(
        ("command", "what it does"),
        (
            (f"[{code(name)}](#{anchor(name)})", cell(command.get_short_help_str(limit=300)))
            for name, command in found
        ),
    )
    return page(
        "Commands",
        "guard/cli",
        _INTRO,
        overview,
        "## Exit codes",
        table(("code", "meaning"), ((str(one.value), cell(said)) for one, said in MEANINGS.items())),
        _HEALTH,
        table(("code", "meaning"), ((str(number), cell(said)) for number, said in HEALTH_MEANINGS.items())),
        *(block for name, command in found for block in _about(name, command)),
    )


def walked() -> Iterator[tuple[str, click.Command]]:
    """Each command with its name below `maintenance`, groups before what is in them."""
    yield from _below(maintenance, "")


def _below(group: click.Group, before: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        yield before + name, command
        if isinstance(command, click.Group):
            yield from _below(command, f"{before}{name} ")


def _about(name: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=f"maintenance {name}")
    yield f"## {name}"
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"```text\n{_BEFORE} maintenance {name} {usage}\n```"
    yield _described(command.help or "")
    shown = [
        parameter for parameter in command.get_params(context) if not getattr(parameter, "hidden", False)
    ]
    arguments = [one for one in shown if isinstance(one, click.Argument)]
    options = [one for one in shown if isinstance(one, click.Option) and "--help" not in one.opts]
    yield table(("argument", "what may be given"), map(_argument, arguments))
    yield table(("option", "default", "meaning"), (_option(one, context) for one in options))
    yield _ends(command)


def _described(text: str) -> str:
    """The help: paragraphs that click rewraps; those after `\\b` keep their lines."""
    blocks = []
    for block in text.replace("\f", "").strip().split("\n\n"):
        keeps, lines = block.startswith("\b"), block.lstrip("\b\n")
        blocks.append(f"```text\n{lines}\n```" if keeps else prose(" ".join(lines.split())))
    return "\n\n".join(blocks)


def _argument(argument: click.Argument) -> tuple[str, str]:
    many = "any number" if argument.nargs == -1 else "one"
    kind = _allowed(argument.type)
    needed = "required" if argument.required else "optional"
    name = (argument.metavar or argument.human_readable_name).strip("[].")
    return code(name), ", ".join(part for part in (many, needed, kind) if part)


def _option(option: click.Option, context: click.Context) -> tuple[str, str, str]:
    names = ", ".join(option.opts)
    if option.secondary_opts:
        names += " / " + ", ".join(option.secondary_opts)
    value = "" if option.is_flag or option.count else " " + option.make_metavar(context)
    help_text = option.help or ""
    stated = _DEFAULT.search(help_text)
    required = option.required or _REQUIRED.search(help_text) is not None
    default = "required" if required else _default(option, stated["value"] if stated else "", context)
    meaning = cell(_REQUIRED.sub("", _DEFAULT.sub("", help_text)))
    if option.multiple and "repeated" not in meaning:
        meaning += " May be repeated."
    allowed = _allowed(option.type) if not isinstance(option.type, click.Choice) else ""
    meaning += f" ({allowed})" if allowed else ""
    return code(names + value), default, meaning


def _default(option: click.Option, stated: str, context: click.Context) -> str:
    if stated:
        names = _SETTING.findall(stated)
        return f"[{code(stated)}](settings.md#{anchor(names[0])})" if names == [stated] else _linked(stated)
    if isinstance(option.show_default, str):
        return cell(option.show_default)
    if option.is_flag and option.secondary_opts:
        return code((option.opts if option.default else option.secondary_opts)[0])
    if option.is_flag or option.multiple:
        return ""
    value: Any = option.get_default(context, call=False)
    return "" if value is None or value == "" or callable(value) else code(str(value))


def _linked(text: str) -> str:
    return _SETTING.sub(lambda name: f"[{code(name[0])}](settings.md#{anchor(name[0])})", text)


def _allowed(kind: click.ParamType) -> str:
    if isinstance(kind, click.Choice):
        return ", ".join(code(str(one)) for one in kind.choices)
    if isinstance(kind, click.IntRange | click.FloatRange):
        ends = f"{'' if kind.min is None else kind.min} to {'' if kind.max is None else kind.max}"
        return ends.strip() if kind.max is not None else f"{kind.min} or more"
    return "a path" if isinstance(kind, click.Path) else ""


def _ends(command: click.Command) -> str:
    """The example and the exit codes: the epilogue, which every command has, as it is printed."""
    text = (command.epilog or "").replace("\b\n", "").replace("\b", "").strip()
    return f"```text\n{text}\n```" if text else ""
