"""What people are told, to the letter: `wording/NAME.txt` has a line for each thing that was said in a test.

Whoever changes a sentence writes the file anew, and reads the difference as people will read the sentence:

    rm tests/core/wording/doctor.txt
    GUARD_WRITE_WORDING=1 python -m pytest -p no:xdist tests/core
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).with_name("wording")


def is_worded(name: str, *said: str) -> None:
    """Insist that this was said before, in just these words.

    Args:
        name: of the file.
        said: the parts of what was said: a sentence, the reason, the remedy.
    """
    line = " | ".join(filter(None, said)).replace("\n", "\\n")
    if line not in _known(name) and os.environ.get("GUARD_WRITE_WORDING"):
        _FOLDER.mkdir(exist_ok=True)
        lines = sorted({*_known(name), line})
        (_FOLDER / f"{name}.txt").write_text("".join(f"{each}\n" for each in lines), encoding="utf-8")
        _known.cache_clear()
    assert line in _known(name), f"not in wording/{name}.txt: {line}"


@cache
def _known(name: str) -> frozenset[str]:
    file = _FOLDER / f"{name}.txt"
    return frozenset(file.read_text(encoding="utf-8").splitlines()) if file.exists() else frozenset()
