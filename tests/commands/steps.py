"""What a scenario is made of: a command as documents show it, and what must come of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.commands.fleet import Fleet

__all__ = ["Elsewhere", "Scenario", "Step"]


@dataclass(frozen=True)
class Step:
    """One command, run as it is written.

    Attributes:
        command: as in the document; comments, line breaks and the app's name do not matter.
        code: the exit code, or those that are right.
        says: texts that standard output and standard error hold together.
        fill: what stands for something in the document -> what it is here, or how to find that out.
        until: the command goes on by itself: wait for this text in its output, then end it.
        stays: it is ended with the scenario, not before.
        stdin: what is typed.
        before, after: prepares or looks at something; `after` gets the output.
        unlike: beginnings of documented output lines that need not come here.
    """

    command: str
    code: int | Sequence[int] = 0
    says: Sequence[str] = ()
    fill: Mapping[str, str | Callable[[Fleet], str]] = field(default_factory=dict)
    until: str = ""
    stays: bool = False
    stdin: str = ""
    before: Callable[[Fleet], object] | None = None
    after: Callable[[Fleet, str], object] | None = None
    unlike: Sequence[str] = ()
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def codes(self) -> tuple[int, ...]:
        """All that are right."""
        return (self.code,) if isinstance(self.code, int) else tuple(self.code)


@dataclass(frozen=True)
class Scenario:
    """Commands that are run one after the other on a fleet of their own."""

    name: str
    steps: Sequence[Step]
    begin: Callable[[Fleet], object] | None = None
    environ: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Elsewhere:
    """A command that another test runs, or that no test can run.

    Attributes:
        test: `file` or `file::function`, below the repository's folder, that runs it or the next best to it.
        why: what that test does.
        document: the page that shows it, where that may be missing from a checkout: then nothing is asked.
    """

    command: str
    test: str
    why: str
    document: str = ""
