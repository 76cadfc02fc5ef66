"""A user's project before two type checkers, with the wheel installed as a user has it: for `make check`.

An editable installation would not do: type checkers do not see it as users' do. mypy --strict and pyright
(as basedpyright, which comes as a wheel and needs no npm) have to find nothing in `shop.py`, and in
`mistakes.py` an error on each line that says so and on no other. Then pyright says how many names of the
package have a type.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
import zipfile
from pathlib import Path

from tests.packaging.conftest import LEFT_OUT, ROOT, hook

PROJECT = Path(__file__).parent / "user_project"
LEAST_TYPED = 92.0
"""Percent of all names of the package, inner modules too, whose types pyright need not infer."""


def main() -> int:
    """The exit code: 0 if both checkers say what they have to."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = _installed(folder)
        project = shutil.copytree(PROJECT, folder / "project", ignore=shutil.ignore_patterns("__pycache__"))
        wanted = {
            number
            for number, line in enumerate((project / "mistakes.py").read_text("utf-8").splitlines(), 1)
            if "# error:" in line
        }
        problems = []
        for checker, found in (("mypy", _mypy(project, python)), ("pyright", _pyright(project, python))):
            marked = {(file, line) for file, line in found if file == "mistakes.py"}
            problems += [f"{checker}: {file}:{line} is right" for file, line in sorted(found - marked)]
            lines = {line for _, line in marked}
            problems += [f"{checker}: mistakes.py:{line} is not reported" for line in sorted(wanted - lines)]
            problems += [f"{checker}: mistakes.py:{line} is right" for line in sorted(lines - wanted)]
        typed = _completeness(project, python)
        if typed < LEAST_TYPED:
            problems.append(f"pyright: {typed:.1f} % of the names are typed, {LEAST_TYPED} % have to be")
    for problem in problems:
        print(problem)
    print(f"a user's project: {len(problems)} problems; {typed:.1f} % of the package's names are typed")
    return 1 if problems else 0


def _installed(folder: Path) -> Path:
    """The Python of an environment that has the wheel, and else what is installed here."""
    source = shutil.copytree(ROOT, folder / "source", ignore=LEFT_OUT)
    wheel = hook("build_wheel", source, folder / "wheel")
    venv.create(folder / "venv", symlinks=True)
    (packages,) = (folder / "venv" / "lib").glob("*/site-packages")
    with zipfile.ZipFile(wheel) as content:
        content.extractall(packages)
    # a path file inside a folder that a path file names is not read: so the editable installation stays out
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), "utf-8")
    return folder / "venv" / "bin" / "python"


def _run(project: Path, python: Path, *command: str) -> str:
    ours = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MYPYPATH")}
    # --verifytypes finds the package by the environment's Python alone
    ours["PATH"] = os.pathsep.join([str(python.parent), os.environ.get("PATH", os.defpath)])
    ran = subprocess.run(command, cwd=project, env=ours, capture_output=True, text=True, check=False)
    if ran.returncode not in (0, 1):
        sys.exit(f"{command[0]} failed:\n{ran.stdout}{ran.stderr}")
    return ran.stdout


def _mypy(project: Path, python: Path) -> set[tuple[str, int]]:
    said = _run(
        project, python, sys.executable, "-m", "mypy", "--strict", "--no-incremental",
        "--python-executable", str(python), "--config-file", os.devnull, "shop.py", "mistakes.py",
    )  # fmt: skip
    return {(one[1], int(one[2])) for one in re.finditer(r"^(\w+\.py):(\d+): error:", said, re.MULTILINE)}


def _pyright(project: Path, python: Path) -> set[tuple[str, int]]:
    (project / "pyrightconfig.json").write_text('{"typeCheckingMode": "standard"}', "utf-8")
    files = ("shop.py", "mistakes.py")
    said = json.loads(_run(project, python, _checker(), "--outputjson", "--pythonpath", str(python), *files))
    return {
        (Path(one["file"]).name, one["range"]["start"]["line"] + 1)
        for one in said["generalDiagnostics"]
        if one["severity"] == "error"
    }


def _completeness(project: Path, python: Path) -> float:
    said = json.loads(
        _run(project, python, _checker(), "--verifytypes", "guard", "--ignoreexternal", "--outputjson")
    )
    return float(said["typeCompleteness"]["completenessScore"]) * 100


def _checker() -> str:
    return str(Path(sys.executable).with_name("basedpyright"))


if __name__ == "__main__":
    sys.exit(main())
