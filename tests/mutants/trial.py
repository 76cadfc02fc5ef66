"""Trials: does a test fail when this one thing is changed?

Each mutant has a process of its own, forked from one that has imported what all of them need; the files of
the guard stay as they are. A change in a body is put into the function of an imported module, whose tests
were collected before (`_Forked`). What survives that, and what takes effect on import, is tried from the
import on (`_imported`), so that nothing survives because a value was computed before the change.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import select
import signal
import sys
import time
from enum import StrEnum
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from tests.mutants.judge import run_tests, settle_chance
from tests.mutants.reach import Reached

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from importlib.machinery import ModuleSpec
    from pathlib import Path

    from tests.mutants.mutant import Mutant

__all__ = ["Fate", "fates", "reached"]

_MEMORY = 4 * 2**30
"""Bytes of address space of a trial: a mutant may ask for endless memory."""


class Fate(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    TIMED_OUT = "timed out"
    """Its tests took much longer than without a change; whoever explains it says why it loops."""


def reached(module: Path, tests: Path) -> set[int]:
    """The lines of this file that its tests reach, on import or later."""
    reading, writing = os.pipe()

    def trace() -> int:
        with Reached(str(module)) as found:
            code = run_tests(tests)
        with os.fdopen(writing, "w") as told:
            print(*found.lines, file=told)
        return code

    pid = _forked(trace)
    os.close(writing)
    with os.fdopen(reading) as heard:
        lines = {int(number) for number in heard.read().split()}
    os.waitpid(pid, 0)
    return lines


def fates(package: str, mutants: Sequence[Mutant], tests: Path, *, patience: float = 10) -> list[Fate]:
    """The fate of each mutant of one module of this package.

    Args:
        patience: seconds for the tests of one mutant, besides five times what they take without a change.

    Raises:
        RuntimeError: the tests fail without any change, or there are none.
    """
    started = time.monotonic()
    if _waited(_forked(lambda: _imported(package, None, tests)), 600) is not Fate.SURVIVED:
        raise RuntimeError(f"{tests.name} fails before anything was changed, or has no test")
    patience += 5 * (time.monotonic() - started)
    at_call = [number for number, mutant in enumerate(mutants) if mutant.at_call]
    early = dict(zip(at_call, _at_call(package, [mutants[n] for n in at_call], tests, patience), strict=True))
    return [
        early[number]
        if early.get(number, Fate.SURVIVED) is not Fate.SURVIVED
        else _waited(_forked(lambda mutant=mutant: _imported(package, mutant, tests)), patience)  # type: ignore[misc]
        for number, mutant in enumerate(mutants)
    ]


def _imported(package: str, mutant: Mutant | None, tests: Path) -> int:
    """Run the tests in this process, which has not imported the module yet; the exit code of pytest."""
    if mutant is not None:
        sys.meta_path.insert(0, _Changed(f"{package}.{mutant.module}", mutant.changed))
    return run_tests(tests)


class _Changed:
    """Finds the changed text where the module's file would be found."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._text = text

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        return importlib.util.spec_from_loader(name, self) if name == self._name else None  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: Any) -> None:
        exec(compile(self._text, f"mutant of {self._name}", "exec", dont_inherit=True), module.__dict__)  # noqa: S102


def _at_call(package: str, mutants: Sequence[Mutant], tests: Path, patience: float) -> list[Fate]:
    """Import and collect once, in a process of its own, and fork where the tests would begin."""
    reading, writing = os.pipe()

    def judge_all() -> int:
        os.close(reading)
        with os.fdopen(writing, "w") as told:
            return run_tests(tests, _Forked(package, mutants, patience, lambda fate: print(fate, file=told)))

    pid = _forked(judge_all)
    os.close(writing)
    with os.fdopen(reading) as heard:
        found = [Fate(line.strip()) for line in heard]
    os.waitpid(pid, 0)
    return found


class _Forked:
    """A plugin for pytest: instead of running the collected tests, runs them once for each mutant."""

    def __init__(
        self, package: str, mutants: Iterable[Mutant], patience: float, tell: Callable[[Fate], None]
    ) -> None:
        self._package = package
        self._mutants = mutants
        self._patience = patience
        self._tell = tell

    def pytest_runtestloop(self, session: Any) -> bool:
        functions = [each for each in gc.get_objects() if isinstance(each, FunctionType)]
        gc.freeze()  # so that collections in the children do not copy what the parent has
        for mutant in self._mutants:
            name = f"{self._package}.{mutant.module}"
            places = [f for f in functions if (f.__module__, f.__qualname__) == (name, mutant.function)]
            self._tell(_waited(_forked(lambda m=mutant, p=places: self._run(session, m, p)), self._patience))  # type: ignore[misc]
        return True

    def _run(self, session: Any, mutant: Mutant, places: list[FunctionType]) -> int:
        if not _put(mutant, places):
            return 0  # to be tried from the import on
        for number, item in enumerate(session.items):
            following = session.items[number + 1] if number + 1 < len(session.items) else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.testsfailed:
                return 1
        return 0


def _put(mutant: Mutant, places: list[FunctionType]) -> bool:
    """Give the changed body to the function, wherever it is kept; False when it cannot be exchanged alone."""
    new = _body(compile(mutant.changed, mutant.module, "exec", dont_inherit=True), mutant.function)
    if new is None or not places or any(each.__code__.co_freevars != new.co_freevars for each in places):
        return False
    for each in places:
        each.__code__ = new
    return True


def _body(code: CodeType, qualname: str) -> CodeType | None:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_qualname == qualname:
                return constant
            if qualname.startswith(f"{constant.co_qualname}.") and (inner := _body(constant, qualname)):
                return inner
    return None


def _forked(run: Callable[[], int]) -> int:
    """A process that ends with what `run` returns; its id."""
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        settle_chance()
        code = run()
    finally:
        os._exit(code)


def _waited(pid: int, patience: float) -> Fate:
    handle = os.pidfd_open(pid)
    try:
        ended = select.select([handle], [], [], patience)[0]
    finally:
        os.close(handle)
    if not ended:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if not ended:
        return Fate.TIMED_OUT
    return Fate.SURVIVED if os.waitstatus_to_exitcode(status) == 0 else Fate.KILLED
