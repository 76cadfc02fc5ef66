"""What is changed, one thing at a time: the operators of mutmut, and five more for what those pass over.

Those of mutmut change numbers, comparisons, `and`, `or`, `not`, arguments, assignments. They leave alone a
condition that is a bare name or a call, an entry of a table, and what is returned. They change a string in
three ways, which the same test notices or misses; here it is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import libcst as cst
from mutmut.mutation.mutators import mutation_operators, operator_assignment, operator_string

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["changes_of"]

_NONE = cst.Name("None")
_Display = cst.Dict | cst.List | cst.Set | cst.Tuple


def changes_of(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """All nodes that may stand in the place of this one."""
    for kind, operator in _OPERATORS:
        if isinstance(node, kind):
            yield from operator(node)


def _assigned(node: cst.Assign | cst.AnnAssign) -> Iterable[cst.CSTNode]:
    """Another value, except for False, which becomes True by itself: None would be as untrue."""
    if node.value is not None and not node.value.deep_equals(cst.Name("False")):
        yield from operator_assignment(node)


def _condition(node: cst.If | cst.CompIf) -> Iterable[cst.CSTNode]:
    """A condition that is always true, or never."""
    yield node.with_changes(test=cst.Name("True"))
    yield node.with_changes(test=cst.Name("False"))


def _entry(node: _Display) -> Iterable[cst.CSTNode]:
    """A table without one of its entries."""
    if isinstance(node, cst.Set) and len(node.elements) == 1:
        return
    for index in range(len(node.elements)):
        yield node.with_changes(elements=[*node.elements[:index], *node.elements[index + 1 :]])


def _returned(node: cst.Return) -> Iterable[cst.CSTNode]:
    """Nothing is returned."""
    if node.value is not None and not node.value.deep_equals(_NONE):
        yield node.with_changes(value=_NONE)


def _statement(node: cst.Expr) -> Iterable[cst.CSTNode]:
    """A call that is left out."""
    if isinstance(node.value, (cst.Call, cst.Yield)):
        yield cst.Pass()


def _default(node: cst.Param) -> Iterable[cst.CSTNode]:
    """An argument without a default."""
    if node.default is not None and node.default.deep_equals(_NONE):
        yield node.with_changes(default=cst.SimpleString('""'))


def _string(node: cst.SimpleString) -> Iterable[cst.CSTNode]:
    """Small letters for capital ones and the other way round; a string without letters gets some."""
    if node.quote in {'"""', "'''"}:
        return
    start = len(node.prefix) + 1
    inner = node.value[start:-1]
    if "\\" not in inner and inner.swapcase() != inner:
        yield node.with_changes(value=node.value[:start] + inner.swapcase() + node.value[-1])
    else:
        yield node.with_changes(value=f"{node.value[:start]}XX{inner}{node.value[-1]}")


_OPERATORS: list[tuple[Any, Any]] = [
    *(
        (kind, operator)
        for kind, operator in mutation_operators
        if operator not in {operator_string, operator_assignment}
    ),
    ((cst.Assign, cst.AnnAssign), _assigned),
    (cst.SimpleString, _string),
    ((cst.If, cst.CompIf), _condition),
    (_Display, _entry),
    (cst.Return, _returned),
    (cst.Expr, _statement),
    (cst.Param, _default),
]
