"""What the fields of an event may hold."""

from __future__ import annotations

import pytest

from guard.core.event_kinds import Type

VALUES = {
    Type.TEXT: "a",
    Type.INTEGER: 1,
    Type.NUMBER: 1.5,
    Type.BOOLEAN: True,
    Type.TEXTS: ["a", "b"],
}


@pytest.mark.parametrize("wanted", Type)
def test_a_type_holds_its_own_values_alone(wanted: Type) -> None:
    held = {of for of, value in VALUES.items() if wanted.holds(value)}
    also = {Type.INTEGER} if wanted is Type.NUMBER else set()
    assert held == {wanted} | also
    assert not wanted.holds(None)


def test_a_list_holds_texts_alone() -> None:
    assert Type.TEXTS.holds([])
    assert not Type.TEXTS.holds(["a", 1])
    assert not Type.TEXTS.holds(("a",))
