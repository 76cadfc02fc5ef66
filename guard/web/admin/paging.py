"""Long lists page by page. Every list has an end: nobody can ask for everything at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Pager"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """One page of a list. `number` counts from 1 to `most`."""

    number: int
    per_page: int
    most: int

    @classmethod
    def of(cls, args: Mapping[str, str], *, per_page: int, most: int, name: str = "page") -> Pager:
        """The page that an address asks for; the first when it asks for nonsense."""
        raw = args.get(name, "1")
        number = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 5 else 1
        return cls(number=min(max(number, 1), most), per_page=per_page, most=most)

    @property
    def reach(self) -> int:
        """How many entries must be read to show this page and to know whether there is another one."""
        return self.number * self.per_page + 1

    @property
    def first(self) -> int:
        """The place of the first entry of this page, from 1."""
        return (self.number - 1) * self.per_page + 1

    def cut(self, entries: Sequence[T]) -> tuple[Sequence[T], bool]:
        """The entries of this page, and whether there are more."""
        start = (self.number - 1) * self.per_page
        return entries[start : start + self.per_page], len(entries) > start + self.per_page
