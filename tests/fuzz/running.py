"""One run of one target: the same check, whichever engine makes the inputs."""

from __future__ import annotations

import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.smaller import smallest

if TYPE_CHECKING:
    from tests.fuzz.target import Check, Target

__all__ = ["Finding", "Outcomes", "by_hypothesis"]

_AT_ONCE = 5_000
"""Inputs of one Hypothesis run: what it remembers of them grows with their number."""


@dataclass(frozen=True)
class Finding:
    """An input that broke a promise."""

    case: Any
    said: str


@dataclass
class Outcomes:
    """What became of the inputs of one run."""

    target: str
    engine: str
    inputs: int = 0
    seconds: float = 0.0
    words: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    reached: int = 0
    """Inputs that reached code which none before them reached, as the coverage-guided engine counts them."""

    def take(self, check: Check, case: Any) -> bool:
        """Check a case; whether the promise held."""
        self.inputs += 1
        try:
            self.words[check(case)] += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what we look for
            said = said_of(error)
            if said not in {found.said for found in self.findings}:
                names = set(case) if isinstance(case, dict) else None

                def same(one: Any) -> bool:
                    # A part of a case that is left out would be missed once the mistake is mended.
                    return (names is None or set(one) == names) and _says(check, one) == said

                self.findings.append(Finding(smallest(case, same), said))
            return False
        return True


def said_of(error: BaseException) -> str:
    """What went wrong and where, alike for inputs that meet the same mistake."""
    where = traceback.extract_tb(error.__traceback__)
    last = next((frame for frame in reversed(where) if "/guard/" in frame.filename), where[-1])
    text = str(error).partition("\n")[0][:200] if isinstance(error, AssertionError) else ""
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.name} {text}".strip()


def _says(check: Check, case: Any) -> str:
    try:
        check(case)
    except Exception as error:  # noqa: BLE001 - as above
        return said_of(error)
    return ""


def by_hypothesis(target: Target, check: Check, inputs: int, first_seed: int) -> Outcomes:
    """Seeds first, then as many inputs as are wanted, by the target's strategy."""
    outcomes = Outcomes(target.name, "hypothesis")
    begun = time.monotonic()
    for case in target.seeds:
        outcomes.take(check, case)
    part = 0
    while outcomes.inputs < inputs and len(outcomes.findings) < 20:
        before = outcomes.inputs

        @seed(first_seed + part)
        @settings(
            max_examples=min(_AT_ONCE, inputs - outcomes.inputs),
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(target.cases)
        def one(case: Any) -> None:
            outcomes.take(check, case)

        one()
        part += 1
        if outcomes.inputs == before:
            break
    outcomes.seconds = time.monotonic() - begun
    return outcomes
