"""Generated pages: `make check` compares them with the code. Here: that they have all that the code has."""

from __future__ import annotations

import importlib
import re
import xml.etree.ElementTree as ET
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

import guard
from guard.cli.main import maintenance
from guard.core.phases import MOVES
from guard.web.api.routes import ROUTES

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parents[2] / "docs"
SVG = "{http://www.w3.org/2000/svg}"


def drawing_of(path: Path) -> ET.Element:
    return ET.parse(path).getroot()  # noqa: S314 - our own file


def text_of(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def commands(group: click.Group = maintenance, before: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{before}{name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")


def test_the_guide_to_the_command_line_has_a_row_for_each_command() -> None:
    guide = text_of("cli.md")
    at_the_top = [name for name, _ in commands() if " " not in name]
    assert [name for name in at_the_top if f"\n| [`{name}`](" not in guide] == []


def test_every_option_of_every_command_is_in_the_reference() -> None:
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", text_of("reference/commands.md"), re.M | re.S))
    missing = [
        f"{name} {option}"
        for name, command in commands()
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.hidden
        for option in (*parameter.opts, *parameter.secondary_opts)
        if option not in sections[name]
    ]
    assert missing == []


def test_every_setting_is_in_the_reference_and_those_of_the_readme_exist() -> None:
    reference, names = text_of("reference/settings.md"), {one.name.upper() for one in fields(guard.Settings)}
    assert {name for name in names if f"\n### {name}\n" not in reference} == set()
    readme = (DOCS.parent / "README.md").read_text("utf-8")
    named = set(re.findall(r"^\| `([A-Z_]+)`", readme, re.M))
    assert named <= names
    assert 1 <= len(named) <= 10


def test_every_endpoint_is_in_the_reference() -> None:
    reference = text_of("reference/endpoints.md")
    paths = [(route.method, "/api" + re.sub(r"<(\w+)>", r"{\1}", route.path)) for route in ROUTES]
    assert [one for one in paths if f"\n## {one[0]} {one[1]}\n" not in reference] == []


def test_every_public_name_is_in_the_reference() -> None:
    reference = text_of("reference/python.md")
    public = [name for name in guard.__all__ if not name.startswith("__")]
    methods = [f"Guard.{name}" for name, one in vars(guard.Guard).items() if callable(one) and name[0] != "_"]
    assert [name for name in (*public, *methods) if f"# {name}\n" not in reference] == []


def test_every_move_is_drawn_and_listed() -> None:
    page, told = text_of("phases.md"), drawing_of(DOCS / "drawings" / "phases.svg").find(f"{SVG}desc")
    assert told is not None
    for before, moves in MOVES.items():
        for event, after in moves.items():
            if before is not after:
                assert f"{before.value} to {after.value} by {event.value}" in (told.text or "")
                assert f"| {before.value} | {event.value} | {after.value} |" in page


@pytest.mark.parametrize("path", sorted((DOCS / "drawings").glob("*.svg")), ids=lambda path: path.stem)
def test_a_drawing_says_what_it_shows_and_loads_nothing(path: Path) -> None:
    drawing = drawing_of(path)
    for part in ("title", "desc"):
        found = drawing.find(SVG + part)
        assert found is not None
        assert found.text
    assert drawing.find(f".//{SVG}script") is None
    assert "http" not in path.read_text("utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")


def test_a_stale_page_is_refused_and_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(DOCS))
    generate = importlib.import_module("generate")
    monkeypatch.setattr(generate, "DOCS", tmp_path)
    monkeypatch.setattr(generate, "MADE", {"phases.md": generate.MADE["phases.md"]})
    page = tmp_path / "phases.md"
    page.write_text(text_of("phases.md").replace("inactive", "asleep"), "utf-8")
    assert generate.main(["--check"]) == 1
    assert capsys.readouterr().err == "docs/phases.md is stale: run `python docs/generate.py`\n"
    assert generate.main([]) == 0
    assert page.read_text("utf-8") == text_of("phases.md")
    assert generate.main(["--check"]) == 0
