"""Questions of a page to stores that may be away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from guard.errors import GuardError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Answer", "asked"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What was said. `value` is None when nothing was; `problem` says why."""

    value: T | None
    problem: str = ""

    @property
    def is_known(self) -> bool:
        """Whether there was an answer."""
        return not self.problem


def asked(question: Callable[[], T]) -> Answer[T]:
    """Ask. A store that is away, or a broker, makes an unknown answer, not a page that cannot be shown."""
    try:
        return Answer(question())
    except GuardError as error:
        return Answer(None, str(error))
    except OSError as error:  # what drivers of brokers raise
        return Answer(None, f"no answer ({type(error).__name__})")
