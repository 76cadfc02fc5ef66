"""docs/reference/python.md: the public names, `Guard` and its areas, as their docstrings tell."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from enum import Enum
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import guard
from generators.docstrings import described
from generators.markdown import anchor, cell, code, page, prose, table
from guard.api.areas import Areas

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["python_api"]

_INTRO = """What an application may import: the names of `guard`, of `guard.web` (extra `web`) and of
`guard.testing`. Everything else may change with any release. `guard.install(app)` gives the
[Guard](#guard); its areas are attributes of it.

Durations are seconds. Times are seconds since 1970, UTC. What nobody could say is None."""
_LONG = 100
_MODULES = tuple(name for name in ("guard.web", "guard.web.django", "guard.testing") if find_spec(name))


def python_api() -> str:
    """The page."""
    public = [name for name in guard.__all__ if not name.startswith("__")]
    areas = list(_areas())
    blocks = [
        table(
            ("name", "what it is"),
            ((f"[{code(name)}](#{anchor(name)})", _first(getattr(guard, name))) for name in public),
        ),
        "## Guard",
        *described(guard.Guard.__doc__),
        *_members(guard.Guard, skip={name for name, _, _ in areas}),
        "## Areas of a guard",
        table(
            ("area", "what it is about"),
            (
                (f"[{code(f'guard.{name}')}](#{anchor(f'guard.{name}')})", cell(said))
                for name, _, said in areas
            ),
        ),
    ]
    for name, kind, said in areas:
        blocks += [f"### guard.{name}", prose(said), *_members(kind, level=4)]
    blocks.append("## Names of guard")
    for name in public:
        if name != "Guard":
            blocks += _named("guard", name, getattr(guard, name))
    for module in _MODULES:
        found = import_module(module)
        blocks.append(f"## Names of {module}")
        blocks += described(found.__doc__)
        for name in found.__all__:
            blocks += _named(module, name, getattr(found, name))
    return page("Python", "guard", _INTRO, *blocks)


def _first(one: Any) -> str:
    return cell(next(described(one.__doc__), ""))


def _areas() -> Iterator[tuple[str, type, str]]:
    """Name, class and meaning of each area: attributes of a `Guard` whose class is of `guard.api`."""
    for module in (Areas.__module__, guard.Guard.__module__):
        tree = ast.parse(Path(inspect.getfile(import_module(module))).read_text("utf-8"))
        homes = {
            alias.name: node.module
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
        }
        for name, kind, said in [*_made_at_once(tree), *_made_when_asked(tree)]:
            home = homes.get(kind, "")
            if home.startswith("guard.api."):
                yield name, getattr(import_module(home), kind), " ".join(said.split())


def _made_at_once(tree: ast.Module) -> Iterator[tuple[str, str, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef) or node.name != "__init__":
            continue
        for made, said in pairwise(node.body):
            match made, said:
                case (
                    ast.Assign(targets=[ast.Attribute(attr=name)], value=ast.Call(func=ast.Name(id=kind))),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    yield name, kind, text


def _made_when_asked(tree: ast.Module) -> Iterator[tuple[str, str, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(
                name=name, decorator_list=[ast.Attribute(attr="cached_property")], returns=ast.Name(id=kind)
            ):
                yield name, kind, ast.get_docstring(node) or ""


def _named(module: str, name: str, one: Any) -> Iterator[str]:
    yield f"### {name}"
    if inspect.isclass(one) and issubclass(one, Enum):
        yield from described(one.__doc__)
        yield table(("member", "value"), ((code(member.name), code(str(member.value))) for member in one))
    elif inspect.isclass(one) and issubclass(one, BaseException):
        bases = [base.__name__ for base in one.__bases__]
        yield f"```python\nclass {module}.{name}({', '.join(bases)})\n```"
        yield from described(one.__doc__)
    elif inspect.isclass(one):
        if inspect.isfunction(vars(one).get("__init__")) and not dataclasses.is_dataclass(one):
            yield _signature(f"{module}.{name}", one.__init__)
        yield from described(one.__doc__)
        yield from _fields(one)
        if name != "Settings":
            yield from _members(one, level=4)
        else:
            yield "Each is on the page about [settings](settings.md)."
    elif callable(one):
        yield _signature(f"{module}.{name}", one)
        yield from described(one.__doc__)
    else:
        yield f"```python\n{module}.{name} = {one!r}\n```"


def _fields(kind: type) -> Iterator[str]:
    """The fields of a value; settings have a page of their own."""
    if not dataclasses.is_dataclass(kind) or kind is guard.Settings:
        return
    told = _below_fields(kind)
    rows = [
        (code(one.name), code(str(one.type)), cell(told.get(one.name, "")))
        for one in dataclasses.fields(kind)
    ]
    columns = 3 if told else 2  # what a docstring has told above is not told again
    yield table(("field", "type", "meaning")[:columns], (row[:columns] for row in rows))


def _below_fields(kind: type) -> dict[str, str]:
    body = ast.parse(inspect.cleandoc(inspect.getsource(kind))).body[0]
    found = {}
    for field, text in pairwise(getattr(body, "body", [])):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(said))):
                found[name] = said
    return found


def _members(kind: type, *, level: int = 3, skip: set[str] | frozenset[str] = frozenset()) -> Iterator[str]:
    """Public methods and properties, those of our own bases too, in the order of the code."""
    seen = set(skip)
    for owner in kind.__mro__:
        told_of_guard = kind is not guard.Guard and issubclass(guard.Guard, owner)
        if told_of_guard or not owner.__module__.startswith("guard."):
            continue
        for name, one in vars(owner).items():
            about = one.func if hasattr(one, "func") else getattr(one, "fget", None) or one
            about = getattr(about, "__func__", about)
            if name.startswith("_") or name in seen or not inspect.isfunction(about) or not about.__doc__:
                continue
            seen.add(name)
            label = kind.__name__ if level > 3 else "Guard"
            yield f"{'#' * level} {label}.{name}"
            if about is one or isinstance(one, classmethod | staticmethod):
                yield _signature(name, about)
            else:
                yield f"```python\n{name}: {inspect.signature(about).return_annotation}\n```"
            yield from described(about.__doc__)


def _signature(name: str, function: Any) -> str:
    """As it is written, in one line or one for each parameter."""
    signature = inspect.signature(function)
    parts, starred = [], False
    for one in signature.parameters.values():
        if one.name in {"self", "cls"}:
            continue
        if one.kind is one.VAR_POSITIONAL:
            starred = True
        if one.kind is one.KEYWORD_ONLY and not starred:
            parts.append("*")
            starred = True
        parts.append(_parameter(one))
    gives = signature.return_annotation
    end = "" if gives is inspect.Signature.empty else f" -> {_plain(gives)}"
    line = f"{name}({', '.join(parts)}){end}"
    if len(line) > _LONG:
        inner = "".join(f"    {part},\n" for part in parts)
        line = f"{name}(\n{inner}){end}"
    return f"```python\n{line}\n```"


def _parameter(one: inspect.Parameter) -> str:
    stars = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}.get(one.kind, "")
    kind = "" if one.annotation is one.empty else f": {_plain(one.annotation)}"
    if one.default is one.empty:
        return f"{stars}{one.name}{kind}"
    default = getattr(one.default, "__name__", None) or repr(one.default)
    return f"{stars}{one.name}{kind} = {default}" if kind else f"{stars}{one.name}={default}"


def _plain(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
