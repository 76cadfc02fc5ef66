"""The protocol of closing as a model (`guard.pml`), searched by spin to its end: what must hold holds, and
each rule that is left out is found out by a counter-example.

A model is not the code: it shows that the rules suffice. One worker, seven ticks of the clock.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

MODEL = Path(__file__).with_name("guard.pml")
HOLDS, BREAKS = False, True
TICKS = "-DTMAX=6"
CASES: dict[str, tuple[bool, tuple[str, ...]]] = {
    "the whole protocol": (HOLDS, ()),
    "the page is written as two stores": (BREAKS, ("V_PAGE_ORDER",)),
    "the page is read as two loads": (BREAKS, ("V_PAGE_READ",)),
    "acknowledged while a child is between look and start": (BREAKS, ("V_NOQUIESCE",)),
    "a child does not say that it looks": (BREAKS, ("V_NOANNOUNCE",)),
    "a child does not look at the deadline": (BREAKS, ("V_NODEADLINE",)),
    "the lease counts from the reply": (BREAKS, ("V_REPLYTIME",)),
    "the state is read before registering": (BREAKS, ("V_SPLIT_JOIN", "V_NO_MYSQL")),
    "a failover that loses the last writes": (HOLDS, ("FAILOVER",)),
    "after a reconnection SQL is not asked": (BREAKS, ("FAILOVER", "V_NO_MYSQL")),
    "a smaller epoch is accepted": (BREAKS, ("FAILOVER", "V_NONMONO")),
    "after a failover enable does not wait again": (BREAKS, ("FAILOVER", "V_NOWAIT_AFTER_FAILOVER")),
    "enable does not look again at its end": (BREAKS, ("FAILOVER", "V_NORECHECK")),
    "a primary that was cut off goes on taking writes": (BREAKS, ("FAILOVER", "SPLIT")),
    "time alone": (HOLDS, ("T0RULE", "NOREG")),
    "time alone, with a failover": (HOLDS, ("T0RULE", "FAILOVER")),
}


@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("spin") and shutil.which("gcc")), reason="needs spin and gcc")
@pytest.mark.parametrize(("breaks", "without"), CASES.values(), ids=CASES)
def test_the_protocol(tmp_path: Path, *, breaks: bool, without: tuple[str, ...]) -> None:
    def run(*argv: str) -> str:
        done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=240)
        return done.stdout

    run("spin", TICKS, *(f"-D{name}" for name in without), "-a", str(MODEL))
    run(
        "gcc", "-O2", "-w", "-DSAFETY", "-DCOLLAPSE", "-DVECTORSZ=2048", "-DMEMLIM=2000", "-o", "pan", "pan.c"
    )
    found = run("./pan", "-m200000", "-w22")
    assert "max search depth too small" not in found
    assert "memory limit" not in found
    assert ("assertion violated" in found) is breaks, found
