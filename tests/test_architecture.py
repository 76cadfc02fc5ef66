"""The shape of the code: layers, purity, and the rules that no tool checks by itself."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import grimp
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    import click

ROOT = Path(__file__).parents[1]
CORE = sorted((ROOT / "guard" / "core").glob("*.py"))
PYPROJECT = (ROOT / "pyproject.toml").read_text("utf-8")
HEAVY = (
    "celery",
    "kombu",
    "redis",
    "sqlalchemy",
    "alembic",
    "pydantic",
    "pydantic_settings",
    "tenacity",
    "requests",
)


def imported_by(statement: str, names: tuple[str, ...]) -> list[str]:
    """Which of these modules are loaded after a statement, in a Python of its own."""
    code = f"import sys\n{statement}\nprint(*[name for name in {names!r} if name in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return run.stdout.split()


def test_every_import_contract_is_kept() -> None:
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    assert re.search(r"Contracts: [4-9] kept, 0 broken", run.stdout), run.stdout[-2000:]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """Who imports whom; not what is imported for types only."""
    return grimp.build_graph("guard", exclude_type_checking_imports=True, cache_dir=None)


def test_no_module_of_guard_imports_itself_by_a_detour(graph: grimp.ImportGraph) -> None:
    inside = {name for name in graph.modules if name.partition(".")[0] == "guard"}
    arrows = {name: graph.find_modules_directly_imported_by(name) & inside for name in inside}
    while arrows:
        leaves = {name for name, targets in arrows.items() if not targets & arrows.keys()}
        assert leaves, f"these import each other in a circle: {', '.join(sorted(arrows))}"
        arrows = {name: targets for name, targets in arrows.items() if name not in leaves}


def test_every_module_of_the_core_is_free_of_celery_redis_and_sql() -> None:
    modules = [f"guard.core.{path.stem}" for path in CORE if path.stem != "__init__"]
    assert imported_by(f"import guard, {', '.join(modules)}", HEAVY) == []


def test_the_ports_and_errors_too() -> None:
    assert imported_by("import guard.errors, guard.ports", HEAVY) == []


def test_settings_do_not_load_celery() -> None:
    assert imported_by("import guard.settings", ("celery", "kombu", "redis", "sqlalchemy")) == []


CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter", "clock_gettime"}
CHANCE = {"random", "uuid4", "uuid1", "token_hex", "urandom", "randint", "choice", "uniform"}


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.stem)
def test_the_core_reads_no_clock_and_throws_no_dice(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            assert name not in CLOCKS | CHANCE | {"print", "open", "getenv"}, (
                f"{path.name}:{node.lineno} calls {name}"
            )


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.stem)
def test_every_module_of_the_core_that_does_something_has_a_test(path: Path) -> None:
    """Those that are vocabulary alone (enums, constants, plain values) have nothing to test."""
    if any(isinstance(node, ast.FunctionDef) for node in ast.walk(ast.parse(path.read_text("utf-8")))):
        assert (ROOT / "tests" / "core" / f"test_{path.stem}.py").exists()


def test_only_the_clock_module_and_the_worker_side_read_the_clock() -> None:
    """What lies below the doers gets time as an argument."""
    for folder in ("core", "settings", "store"):
        for path in (ROOT / "guard" / folder).rglob("*.py"):
            imported = {
                alias.name
                for node in ast.walk(ast.parse(path.read_text("utf-8")))
                if isinstance(node, ast.Import)
                for alias in node.names
            }
            assert not imported & {"time", "random"}, f"{path.relative_to(ROOT)} imports {imported}"


def sleeps(path: Path) -> list[str]:
    """Calls of time.sleep in a file, not counting the text of programs that run elsewhere."""
    tree = ast.parse(path.read_text("utf-8"))
    named = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "time"
        for alias in node.names
        if alias.name == "sleep"
    }
    return [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (
            (
                isinstance(node.func, ast.Attribute)
                and node.func.attr == "sleep"
                and ast.unparse(node.func.value) == "time"
            )
            or (isinstance(node.func, ast.Name) and node.func.id in named)
        )
    ]


# Work that a test's own job does, so that it takes time: not a test that waits.
JOBS = {"jobs.py", "shop.py", "app.py", "application.py"}


def test_no_test_sleeps() -> None:
    """Tests wait for events, with `eventually`; only the helpers in tests/support may sleep."""
    files = [
        path
        for path in (ROOT / "tests").rglob("*.py")
        if "support" not in path.relative_to(ROOT).parts and path.name not in JOBS
    ]
    assert len(files) > 30
    assert [place for path in files for place in sleeps(path)] == []


def test_every_ignored_rule_has_its_reason() -> None:
    lines = PYPROJECT.splitlines()
    start = lines.index("ignore = [")
    ignored = lines[start + 1 : lines.index("]", start)]
    assert ignored
    for line in ignored:
        rule, _, reason = line.partition("#")
        assert len(reason.split()) >= 3, f"{rule.strip()} is ignored without a reason"
    assert tomllib.loads(PYPROJECT)["tool"]["ruff"]["lint"]["ignore"]


def test_every_ignored_line_names_its_rule_and_warnings_are_errors() -> None:
    assert tomllib.loads(PYPROJECT)["tool"]["pytest"]["ini_options"]["filterwarnings"][0] == "error"
    for path in [*(ROOT / "guard").rglob("*.py"), *(ROOT / "tasks").rglob("*.py")]:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            comment = line.partition("# noqa")[2]
            assert not line.rstrip().endswith("# noqa"), f"{path.name}:{number} ignores every rule"
            if "# type: ignore" in line:
                assert "# type: ignore[" in line, f"{path.name}:{number} ignores every type error"
            assert not comment or comment.startswith(":"), f"{path.name}:{number}"


@pytest.mark.parametrize(("folder", "longest"), [("tasks", 400), ("guard", 500)])
def test_no_file_is_too_long(folder: str, longest: int) -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines())
        for path in (ROOT / folder).rglob("*.py")
    }
    assert {name: length for name, length in lengths.items() if length > longest} == {}


# Once a bug: importing the module `guard.fence` binds the module as `guard.fence`, so the function is found
# once and the module ever after: `guard.fence(connection)` raises TypeError at its second call.
def test_every_public_name_stays_what_it_is() -> None:
    look = "[n for n in guard.__all__ for _ in '12' if isinstance(getattr(guard, n), types.ModuleType)]"
    code = f"import guard, types; print(*{look})"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def test_the_public_names_are_all_there_and_nothing_else_loads_early() -> None:
    import guard

    for name in guard.__all__:
        assert getattr(guard, name) is not None, name
    assert sorted(guard.__all__) == list(guard.__all__)
    with pytest.raises(AttributeError):
        _ = guard.no_such_name  # type: ignore[attr-defined]
    assert imported_by("import guard", HEAVY) == []
    assert (ROOT / "guard" / "py.typed").exists()


# Once a bug: two shared groups of options both had `--sessions`; click only warns, and the second one wins.
def test_no_command_has_an_option_twice() -> None:
    import click

    from guard.cli.main import maintenance

    def each(command: click.Command, path: str) -> Iterator[tuple[str, list[str]]]:
        yield path, [name for option in command.params for name in (*option.opts, *option.secondary_opts)]
        if isinstance(command, click.Group):
            with click.Context(command) as ctx:
                for name in command.list_commands(ctx):
                    below = command.get_command(ctx, name)
                    assert below is not None
                    yield from each(below, f"{path} {name}")

    names = dict(each(maintenance, "maintenance"))
    assert len(names) > 20
    assert {path: sorted(given) for path, given in names.items() if len(given) != len(set(given))} == {}
