"""Who looks at a page, and how a form of theirs proves that it is theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.core.access import DEEDS, Right

if TYPE_CHECKING:
    from guard.core.access import Actor, Deed

__all__ = ["Visitor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """One signed-in person.

    Attributes:
        actor: who.
        csrf: what each of their forms carries.
        page_session: whether they signed in here, and may sign out; others are known to the application.
        stepped_up: whether they have shown a second factor a short while ago.
    """

    actor: Actor
    csrf: str
    page_session: bool
    stepped_up: bool

    def may(self, deed: Deed) -> bool:
        """Whether a button for this deed is worth showing. The deed itself is judged when it is asked for."""
        return self.actor.may(DEEDS[deed].right)

    def needs_code(self, deed: Deed) -> bool:
        """Whether the form must ask for a second factor."""
        return DEEDS[deed].step_up and not self.stepped_up

    @property
    def rights(self) -> str:
        """What they may do, in words."""
        return ", ".join(right.value for right in Right if right in self.actor.rights)
