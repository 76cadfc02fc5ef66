"""One seed is one run: in this process and in another one, whatever Python's hashes are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulator.__main__ import main
from tests.simulator.apart import apart
from tests.simulator.batch import digest, run_one
from tests.simulator.stand_ins import simulated

ROOT = Path(__file__).parents[2]
_SEEDS = (3, 18, 34, 101, 277)


def _digests() -> list[str]:
    with simulated():
        return [digest(run_one(seed)[0].events) for seed in _SEEDS]


def _digests_twice() -> list[str]:
    """The second time: nothing is left of the first."""
    _digests()
    return _digests()


def test_a_seed_gives_the_same_log_again() -> None:
    assert apart(_digests) == apart(_digests_twice)


def test_a_seed_gives_the_same_log_in_another_process() -> None:
    expected = apart(_digests)[2]
    for hashes in ("0", "42"):
        said = subprocess.run(
            [sys.executable, "-m", "tests.simulator", "--trace", str(_SEEDS[2])],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hashes, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert f"digest {expected}" in said.stdout


def test_the_command_says_what_it_ran(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["12", "--seed", "5", "--jobs", "2"]) == 2  # too few for every misfortune to come
    said = capsys.readouterr().out
    assert "schedules   12 (seeds 5 to 16)" in said
    assert "MISSING" in said
    assert "violations  0" in said


@pytest.mark.parametrize("wrong", [["0"], ["x"], ["--jobs", "0"]])
def test_wrong_arguments_are_told(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(wrong)
    assert exit_.value.code == 64
    assert "simulator:" in capsys.readouterr().err
