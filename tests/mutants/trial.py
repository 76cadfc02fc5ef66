"""Trials: does a test fail when this one thing is changed?

Each mutant has a process of its own, forked from one that has imported what all of them need; the files of
the guard stay as they are. A change in a body is put into the function of an imported module, whose tests
were collected before, and of these only those that reach it are run (`_Forked`). What takes effect on import,
or is called there and survives, is tried from the import on with all tests (`_imported`), so that nothing
survives because a value was computed before the change.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import math
import os
import resource
import select
import signal
import sys
from enum import StrEnum
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from tests.mutants.judge import QuickestFirst, run_tests, settle_chance
from tests.mutants.reach import Survey, Tracer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from pathlib import Path

    from tests.mutants.mutant import Mutant

__all__ = ["Fate", "fates"]

_PATIENCE = 5
"""Seconds of the processor for the tests of one mutant, and five times what they take without a change. By
the clock it may be more: a machine that is busy makes nothing loop."""
_BY_THE_CLOCK = 1800
_MEMORY = 4 * 2**30
"""Bytes of address space of a trial: a mutant may ask for endless memory."""


class Fate(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    NOT_REACHED = "not reached"
    """No test runs its line."""
    TIMED_OUT = "timed out"
    """Its tests took much longer than without a change; whoever explains it says why it loops."""


def _surveyed(module: Path, tests: Path) -> Survey:
    reading, writing = os.pipe()

    def trace() -> int:
        tracer = Tracer(str(module))
        code = run_tests(tests, tracer)
        with os.fdopen(writing, "w") as told:
            json.dump([tracer.seconds, {test: sorted(lines) for test, lines in tracer.lines.items()}], told)
        return code

    pid = _forked(trace)
    os.close(writing)
    with os.fdopen(reading) as heard:
        said = heard.read()
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0:
        raise RuntimeError(f"{tests.name} fails before anything was changed, or has no test")
    seconds, lines = json.loads(said)
    return Survey(module.read_text(encoding="utf-8"), seconds, lines)


def fates(package: str, file: Path, mutants: Sequence[Mutant], tests: Path) -> list[Fate]:
    """The fate of each mutant of this file, a module of this package.

    Raises:
        RuntimeError: the tests fail without any change, or there are none.
    """
    found = _surveyed(file, tests)
    patience = math.ceil(_PATIENCE + 5 * sum(found.seconds.values()))
    early = _at_call(package, mutants, tests, found, patience)
    return [
        _waited(_forked(lambda m=mutant: _imported(package, m, tests, found), patience))  # type: ignore[misc]
        if fate is None
        else fate
        for mutant, fate in zip(mutants, early, strict=True)
    ]


def _imported(package: str, mutant: Mutant, tests: Path, found: Survey) -> int:
    """Run the tests in this process, as if it had not imported the module yet; the exit code of pytest."""
    house = package.partition(".")[0]
    for name in [name for name in sys.modules if name.partition(".")[0] == house]:
        del sys.modules[name]  # `tests` itself imports some of them
    sys.meta_path.insert(0, _Changed(f"{package}.{mutant.module}", mutant.changed))
    return run_tests(tests, QuickestFirst(found.tests))


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


def _at_call(
    package: str, mutants: Sequence[Mutant], tests: Path, found: Survey, patience: int
) -> list[Fate | None]:
    """Import and collect once, in a process of its own, and fork where the tests would begin.

    None for a mutant that has to be tried from the import on.
    """
    reading, writing = os.pipe()

    def judge_all() -> int:
        os.close(reading)
        with os.fdopen(writing, "w") as told:
            trials = _Forked(package, mutants, found, patience)
            code = run_tests(tests, trials)
            print(*(fate.name if fate else "" for fate in trials.fates), sep="\n", end="", file=told)
        return code

    pid = _forked(judge_all)
    os.close(writing)
    with os.fdopen(reading) as heard:
        said = heard.read().split("\n")
    os.waitpid(pid, 0)
    return [Fate[name] if name else None for name in said] if mutants else []


class _Forked:
    """A plugin for pytest: runs those of the collected tests that reach a mutant, for each mutant."""

    def __init__(self, package: str, mutants: Sequence[Mutant], found: Survey, patience: int) -> None:
        self.fates: list[Fate | None] = []
        self._package = package
        self._mutants = mutants
        self._found = found
        self._patience = patience

    def pytest_runtestloop(self, session: Any) -> bool:
        functions = [each for each in gc.get_objects() if isinstance(each, FunctionType)]
        items = {item.nodeid: item for item in session.items}
        gc.freeze()  # so that collections in the children do not copy what the parent has
        for mutant in self._mutants:
            name = f"{self._package}.{mutant.module}"
            places = [f for f in functions if (f.__module__, f.__qualname__) == (name, mutant.function)]
            chosen = [items[test] for test in self._found.reaching(mutant.line)]
            self.fates.append(self._fate(mutant, places, chosen))
        return True

    def _fate(self, mutant: Mutant, places: list[FunctionType], items: list[Any]) -> Fate | None:
        body = _body(compile(mutant.changed, mutant.module, "exec", dont_inherit=True), mutant.function)
        early = self._found.on_import(mutant.line)
        if not (mutant.at_call and body and places) or any(
            place.__code__.co_freevars != body.co_freevars for place in places
        ):
            return None
        if not items and not early:
            return Fate.NOT_REACHED
        fate = _waited(_forked(lambda: _tried(body, places, items), self._patience))
        return None if early and fate is Fate.SURVIVED else fate


def _tried(body: CodeType, places: list[FunctionType], items: list[Any]) -> int:
    """Give the function its changed body, wherever it is kept, and run these tests until one fails."""
    for place in places:
        place.__code__ = body
    for number, item in enumerate(items):
        following = items[number + 1] if number + 1 < len(items) else None
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if item.session.testsfailed:
            return 1
    return 0


def _body(code: CodeType, qualname: str) -> CodeType | None:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_qualname == qualname:
                return constant
            if qualname.startswith(f"{constant.co_qualname}.") and (inner := _body(constant, qualname)):
                return inner
    return None


def _forked(run: Callable[[], int], patience: int | None = None) -> int:
    """A process that ends with what `run` returns, or after so many seconds of the processor; its id."""
    pid = os.fork()
    if pid:
        return pid
    gc.freeze()  # what this process has not collected yet is no fault of the tests
    code = 70
    try:
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        if patience is not None:
            resource.setrlimit(resource.RLIMIT_CPU, (patience, patience + 5))
        settle_chance()
        code = run()
    finally:
        os._exit(code)


def _waited(pid: int) -> Fate:
    handle = os.pidfd_open(pid)
    try:
        ended = select.select([handle], [], [], _BY_THE_CLOCK)[0]
    finally:
        os.close(handle)
    if not ended:
        os.kill(pid, signal.SIGKILL)
    how = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if not ended or how == -signal.SIGXCPU:
        return Fate.TIMED_OUT
    return Fate.SURVIVED if how == 0 else Fate.KILLED
