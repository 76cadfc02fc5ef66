"""The second engine: atheris keeps inputs that reach code which none before them reached, and changes those.

It runs in a process of its own, since it ends the process when it has done its work. A target whose inputs are
bytes gets them as they come; the others draw from their strategy, as atheris' bytes say.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings

from tests.fuzz.keeping import plain, whole
from tests.fuzz.running import Finding, Outcomes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fuzz.target import Target

__all__ = ["by_atheris", "is_there"]

_LONGEST_INPUT = 4096
ROOT = Path(__file__).parents[2]


def is_there() -> bool:
    """Whether atheris is installed. It has wheels for some releases of Python only."""
    return find_spec("atheris") is not None


def by_atheris(name: str, inputs: int, first_seed: int) -> Outcomes:
    """So many inputs for a target.

    Raises:
        RuntimeError: the engine did not come to its end.
    """
    with TemporaryDirectory(prefix="guard-atheris-") as folder:
        told = Path(folder, "told.json")
        done = subprocess.run(
            [sys.executable, "-m", __name__, name, str(inputs), str(first_seed), folder],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=False,
        )
        if not told.exists():
            last = done.stderr.decode(errors="replace").splitlines()[-8:]
            raise RuntimeError(f"atheris ended with {done.returncode}:\n" + "\n".join(last))
        read = json.loads(told.read_text("utf-8"))
    findings = [Finding(whole(case), said) for case, said in read["findings"]]
    return Outcomes(
        name, "atheris", read["inputs"], read["seconds"], Counter(read["words"]), findings, read["reached"]
    )


def _inputs_of(target: Target, take: Callable[[Any], None]) -> Callable[[bytes], None]:
    if target.of_bytes is not None:
        of_bytes = target.of_bytes
        return lambda raw: take(of_bytes(raw))

    @settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(target.cases)
    def one(case: Any) -> None:
        take(case)

    fuzz_one: Any = one.hypothesis.fuzz_one_input  # type: ignore[attr-defined]
    return lambda raw: fuzz_one(raw) and None


def _seed_files(target: Target, folder: Path) -> None:
    """What a run begins with: the texts of the seeds, where a target takes bytes."""
    folder.mkdir()
    texts = [part for case in target.seeds for part in case.values() if isinstance(part, (str, bytes))]
    for number, text in enumerate(texts if target.of_bytes else ()):
        raw = text.encode("utf-8", "replace") if isinstance(text, str) else text
        for how in range(4):
            (folder / f"{number}-{how}").write_bytes(bytes([how]) + raw)


def _run(name: str, inputs: int, first_seed: int, folder: Path) -> None:
    import logging

    import atheris

    logging.disable()
    with atheris.instrument_imports(include=["guard"]):
        from tests.fuzz.target import Place
        from tests.fuzz.targets import load

        target = load(name)
    outcomes = Outcomes(name, "atheris")
    begun = time.monotonic()
    reached = 0

    def tell() -> None:
        told = {
            "inputs": outcomes.inputs,
            "seconds": time.monotonic() - begun,
            "words": outcomes.words,
            "findings": [[plain(found.case), found.said] for found in outcomes.findings],
            "reached": reached,
        }
        (folder / "told.json").write_text(json.dumps(told), "utf-8")

    with Place() as place, target.ready(place) as check:

        def take(case: Any) -> None:
            outcomes.take(check, case)

        give = _inputs_of(target, take)
        calls = 0

        def one(raw: bytes) -> None:
            nonlocal calls, reached
            calls += 1
            give(raw)
            if outcomes.inputs >= inputs or calls >= 20 * inputs:
                reached = len(list((folder / "kept").iterdir()))
                tell()
                place.__exit__()
                os._exit(0)  # atheris has no other end

        _seed_files(target, folder / "kept")
        flags = [
            f"-seed={first_seed % 2**31 or 1}",
            f"-max_len={_LONGEST_INPUT}",
            "-rss_limit_mb=0",
            "-len_control=0",
            "-timeout=60",
        ]
        atheris.Setup([name, *flags, str(folder / "kept")], one)
        atheris.Fuzz()


if __name__ == "__main__":
    _run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
