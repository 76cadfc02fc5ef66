"""Makes the mutants of a module.

Not mutated: imports, annotations, decorators, docstrings, `__all__`, what is only for type checkers,
targets of assignments, members of an enumeration that have no value of their own, and the arguments of
`len` and `isinstance`, where a change is but a TypeError.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst
import libcst.matchers as m
from mutmut.mutation.file_mutation import deep_replace

from tests.mutants.mutant import Mutant
from tests.mutants.operators import changes_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["mutants_of"]

_LEFT_ALONE = (
    m.Import()
    | m.ImportFrom()
    | m.Annotation()
    | m.Decorator()
    | m.AssignTarget()
    | m.If(test=m.Name("TYPE_CHECKING"))
    | m.Assign(targets=[m.AssignTarget(target=m.Name("__all__") | m.Name("__slots__"))])
    | m.Assign(value=m.Call(func=m.Name("auto")))
    | m.Call(func=m.Name("len") | m.Name("isinstance") | m.Name("TypeVar"))
)


def mutants_of(module: str, text: str) -> list[Mutant]:
    """All mutants of a module, in the order of its text, except those that are no Python."""
    tree = cst.parse_module(text)
    found: dict[str, Mutant] = {}
    for index, statement in enumerate(tree.body):
        for function, at_call, node in _places(statement):
            for new in changes_of(node):
                body = [*tree.body[:index], deep_replace(statement, node, new), *tree.body[index + 1 :]]
                changed = tree.with_changes(body=body).code
                if changed != text and changed not in found and _compiles(changed):
                    found[changed] = Mutant(module, function, text, changed, at_call)
    return list(found.values())


def _places(
    node: cst.CSTNode, function: str = "", *, at_call: bool = False
) -> Iterator[tuple[str, bool, cst.CSTNode]]:
    """Each node that may be changed, with the function that it is in."""
    if m.matches(node, _LEFT_ALONE):
        return
    yield function or "<module>", at_call, node
    if isinstance(node, cst.ClassDef):
        name = f"{function}.{node.name.value}" if function else node.name.value
        yield from _places(node.body, name)
    elif isinstance(node, cst.FunctionDef) and not at_call:
        name = f"{function}.{node.name.value}" if function else node.name.value
        yield from _places(node.params, name)
        yield from _places(node.body, name, at_call=True)
    else:
        for child in node.children:
            if not (isinstance(node, (cst.For, cst.CompFor)) and child is node.target):
                yield from _places(child, function, at_call=at_call)


def _compiles(text: str) -> bool:
    try:
        compile(text, "mutant", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True
