"""No command stands in a document that is not run, and no entry stands in a table that no document has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.commands.documents import STEPS, all_shown
from tests.commands.elsewhere import ELSEWHERE
from tests.commands.reading import key_of, read

if TYPE_CHECKING:
    from tests.commands.steps import Elsewhere

ROOT = Path(__file__).parents[2]
RUN = {key_of(step.command) for step in STEPS}
PRESENT = [one for one in ELSEWHERE if (ROOT / one.document).exists()]
NAMED = {key_of(one.command) for one in PRESENT}


def test_every_command_of_the_documents_is_run() -> None:
    unknown = [shown for shown in all_shown() if shown.key not in RUN | NAMED]
    assert not unknown, (
        "Nobody runs these commands. Add a Step(…) to a scenario in tests/commands/scenarios, or, when "
        "another test runs it, an Elsewhere(…) to tests/commands/elsewhere.py:\n"
        + "\n".join(f"  {shown}\n    Step({shown.key!r})," for shown in unknown)
    )


def test_every_entry_stands_in_a_document() -> None:
    shown = {one.key for one in all_shown()}
    stale = [one.command for one in [*STEPS, *PRESENT] if key_of(one.command) not in shown]
    assert not stale, f"No document shows these any more; drop them from tests/commands: {stale}"


def test_no_command_is_both_run_here_and_elsewhere() -> None:
    assert not RUN & NAMED


@pytest.mark.parametrize("entry", PRESENT, ids=lambda entry: entry.command)
def test_the_test_that_runs_it_elsewhere_is_there(entry: Elsewhere) -> None:
    file, _, function = entry.test.partition("::")
    assert (ROOT / file).is_file(), f"{entry.command}: there is no {file}"
    if function:
        assert f"def {function}(" in (ROOT / file).read_text("utf-8"), f"{file} has no {function}"
    assert entry.why


def test_the_reader_finds_what_a_block_holds(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text(
        "```sh\n# a comment\nGREETING=hi celery -A yourapp \\\n    status   # told\n\n"
        "grep 'a # b' file\ncase $? in\n  0) ;;\nesac\nfor a in 1 2; do\n  echo $a\ndone\n```\n"
        "- in a list:\n  ```console\n  $ one\n  said one\n  $ two \\\n    more\n  ```\n"
        "```\nnot a command\n```\n"
    )
    found = read(document, "page.md")
    assert [shown.key for shown in found] == [
        "GREETING=hi celery -A shop status",
        "grep 'a # b' file case $? in 0) ;; esac",
        "for a in 1 2; do echo $a done",
        "one",
        "two more",
    ]
    assert found[3].output == ["said one"]
    assert [shown.line for shown in found] == [3, 6, 10, 16, 18]
