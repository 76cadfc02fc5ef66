"""The journal as evidence through the API: verified, exported, judged offline, accepted."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, select, update

from guard.core.audit_export import COLUMNS
from guard.core.audit_verdict import BreakKind
from guard.errors import InvalidRequest
from guard.store.sql.append_only import drop_triggers
from guard.store.sql.schema import AUDIT, AUDIT_HEAD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.access.conftest import House

EVIL = '=HYPERLINK("https://example.invalid")'


def tamper(house: House, *statements: Any) -> None:
    with house.guard.durable.engine.connect() as connection:  # type: ignore[attr-defined]
        drop_triggers(connection)
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def write_some(house: House, n: int = 5) -> None:
    for number in range(n):
        house.access.make_token(f"{EVIL} {number}", rights=("read",), seconds=3600, by="'ann")


def test_the_chain_of_a_real_window_is_intact_and_signed(house: House) -> None:
    house.guard.enable(reason="test", by="ann", duration=600)
    house.guard.disable(by="ann")
    found = house.another().audit.verify()
    assert found.verdict.intact
    assert (found.verdict.unsigned, found.verdict.apart, found.signs, found.triggers) == (0, True, True, True)
    assert found.verdict.rows == len(house.journal())
    assert json.dumps(found.to_dict())


def test_without_the_secret_key_that_is_said(house: House) -> None:
    write_some(house)
    stranger = house.another(GUARD_SECRET_KEY="another secret, not ours")
    found = stranger.audit.verify()
    assert [one.kind for one in found.verdict.breaks][:1] == [BreakKind.UNKNOWN_KEY]
    former = house.another(
        GUARD_SECRET_KEY="another secret, given later",
        GUARD_FORMER_SECRET_KEYS=f"a third one that was before,{house.environ['GUARD_SECRET_KEY']}",
    )
    assert former.audit.verify().verdict.intact
    former.access.make_token("bob", rights=("read",), seconds=60, by="ann")
    assert former.audit.verify().verdict.intact


def test_rows_cut_off_at_the_end_are_found_by_what_redis_knows(house: House) -> None:
    write_some(house)
    last = len(house.journal())
    link = select(AUDIT.c.link).where(AUDIT.c.number == 2).scalar_subquery()
    tamper(house, AUDIT_HEAD.update().values(number=2, link=link), delete(AUDIT).where(AUDIT.c.number > 2))
    found = house.another().audit.verify()
    assert (found.verdict.breaks[0].kind, found.verdict.breaks[0].number) == (BreakKind.CUT, 3)
    assert found.verdict.apart is False
    assert str(last) in found.verdict.breaks[0].text
    again = house.another().audit.accept(reason="a backup was put back", by="ann")
    assert again.verdict.intact, again.verdict.breaks
    assert again.verdict.apart is True
    (row,) = house.journal("accept journal")
    assert row.detail["reason"] == "a backup was put back"
    assert row.detail["breaks"][0]["kind"] == "cut at the end"
    with pytest.raises(InvalidRequest, match="intact"):
        house.guard.audit.accept(reason="again", by="ann")


@pytest.mark.parametrize("name", ["journal.jsonl", "journal.csv"])
def test_an_export_proves_itself_without_a_server(house: House, tmp_path: Path, name: str) -> None:
    write_some(house)
    path, form = tmp_path / name, name.rpartition(".")[2]
    made = house.guard.audit.export(path, form=form, by="ann")
    assert made.rows == len(house.journal())
    assert path.stat().st_mode & 0o077 == 0
    away = house.another(DATABASE_URL="mysql+pymysql://nobody@127.0.0.1:1/none", REDIS_URL="redis://127.0.0.1:1")
    found = away.audit.verify_file(path)
    assert found.verdict.intact, found.verdict.breaks
    assert found.verdict.rows == made.rows
    with pytest.raises(InvalidRequest, match="is there already"):
        house.guard.audit.export(path, form=form, by="ann")
    part = tmp_path / f"part-{name}"
    house.guard.audit.export(part, form=form, after=3, by="ann")
    assert away.audit.verify_file(part).verdict.first == 4
    if form == "csv":
        with path.open(newline="") as file:
            rows = list(csv.reader(file))
        assert tuple(rows[0]) == COLUMNS
        cells = [cell for row in rows[1:] for cell in row]
        assert any(cell.startswith("''ann") for cell in cells)
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]


def _change_text(text: str) -> str:
    return text.replace("make token", "make tokes", 1)


def _drop_line(text: str) -> str:
    lines = text.splitlines(keepends=True)
    return "".join(lines[:2] + lines[3:])


def _swap_lines(text: str) -> str:
    lines = text.splitlines(keepends=True)
    return "".join([*lines[:1], lines[2], lines[1], *lines[3:]])


def _cut_end(text: str) -> str:
    return "".join(text.splitlines(keepends=True)[:-1])


@pytest.mark.parametrize("name", ["journal.jsonl", "journal.csv"])
@pytest.mark.parametrize(
    ("attack", "kind"),
    [
        (_change_text, BreakKind.CHANGED),
        (_drop_line, BreakKind.REMOVED),
        (_swap_lines, BreakKind.REORDERED),
        (_cut_end, BreakKind.CUT),
    ],
)
def test_a_file_that_was_changed_is_found_out(
    house: House, tmp_path: Path, name: str, attack: Callable[[str], str], kind: BreakKind
) -> None:
    write_some(house)
    path = tmp_path / name
    house.guard.audit.export(path, form=name.rpartition(".")[2], by="ann")
    path.write_bytes(attack(path.read_bytes().decode()).encode())
    assert house.guard.audit.verify_file(path).verdict.breaks[0].kind is kind


def test_a_manifest_that_was_changed_is_found_out(house: House, tmp_path: Path) -> None:
    write_some(house)
    path = tmp_path / "journal.jsonl"
    house.guard.audit.export(path, by="ann")
    beside = tmp_path / "journal.jsonl.manifest.json"
    said = json.loads(beside.read_text())
    beside.write_text(json.dumps({**said, "made_by": "bob"}))
    assert house.guard.audit.verify_file(path).verdict.breaks[0].kind is BreakKind.CHANGED
    for wrong in ("", "[]", "{}", json.dumps({**said, "rows": "many"})):
        beside.write_text(wrong)
        with pytest.raises(InvalidRequest, match="manifest"):
            house.guard.audit.verify_file(path)
    beside.unlink()
    with pytest.raises(InvalidRequest, match="cannot be read"):
        house.guard.audit.verify_file(path)


def test_what_cannot_be_written_leaves_nothing(house: House, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="cannot be made"):
        house.guard.audit.export(tmp_path / "no" / "where", by="ann")
    with pytest.raises(InvalidRequest, match="jsonl or csv"):
        house.guard.audit.export(tmp_path / "x", form="xlsx", by="ann")
    assert list(tmp_path.glob("x*")) == []


def test_a_row_that_was_changed_is_named_and_the_journal_goes_on(house: House) -> None:
    write_some(house)
    tamper(house, update(AUDIT).where(AUDIT.c.number == 3).values(actor="somebody"))
    write_some(house, 1)
    found = house.guard.audit.verify().verdict
    assert [(one.kind, one.number) for one in found.breaks] == [(BreakKind.CHANGED, 3)]
