"""A report as a page, as text and as JSON: all escaped, nothing asked of others, usable by everybody."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import date
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from guard.core.reports.kept import Note
from guard.core.reports.report import Kind, Series
from guard.reports.html import page_of, policy
from guard.reports.plots import drawn, in_words
from guard.reports.text import lines_of, text_of
from tests.reports.conftest import PLANTED
from tests.reports.past import Past

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from guard.core.reports.kept import Kept
    from tests.reports.conftest import Desk

HOSTILE = f'{PLANTED}" onload="x" \x1b[31m\u202e\n&amp;'
_LOADS = {
    "src",
    "href",
    "srcset",
    "action",
    "formaction",
    "data",
    "poster",
    "xlink:href",
    "background",
    "cite",
}
_FORBIDDEN = {"script", "iframe", "object", "embed", "link", "form", "base", "img", "audio", "video", "input"}
_VOID = {"meta", "br", "rect", "line", "path"}


class Parsed(HTMLParser):
    """Elements with their attributes, text, and whether each is closed where it should be."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture
def hostile(desk: Desk) -> dict[Kind, Kept]:
    """One of each kind, of a past in which every text that others may write is hostile."""
    past = Past(desk, 11, hostile=HOSTILE)
    emergency = past.window(99, mode="emergency")
    past.write(windows=8)
    found = {}
    for kind in Kind:
        if kind.is_of_a_window:
            kept, _ = desk.making.of_window(kind, emergency, by=f"t{HOSTILE}"[:90])
        else:
            kept, _ = desk.making.of_time(kind, date(2026, 10, 1), date(2026, 10, 31), by="t")
        desk.kept.note(kept.report_id, Note(at=5.0, by=PLANTED, text=HOSTILE))
        found[kind] = desk.kept.get(kept.report_id)
    return found


def test_a_page_has_nothing_that_runs_or_asks_another_host(hostile: dict[Kind, Kept]) -> None:
    for kept in hostile.values():
        page = page_of(kept)
        parsed = Parsed(page)
        names = {name for name, _ in parsed.elements}
        assert not names & _FORBIDDEN
        for name, attributes in parsed.elements:
            assert not _LOADS & attributes.keys(), (name, attributes)
            assert not [one for one in attributes if one.startswith("on") or one == "style"]
        styles = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
        assert len(styles) == 1
        assert "url(" not in styles[0]
        assert "@import" not in styles[0]
        assert set(re.findall(r"https?://[^\s\"'<]+", page)) <= {"http://www.w3.org/2000/svg"}
        digest = base64.b64encode(hashlib.sha256(styles[0].encode()).digest()).decode()
        said = next(one["content"] for _, one in parsed.elements if one.get("http-equiv"))
        assert said == policy()
        assert f"style-src 'sha256-{digest}'" in (said or "")
        assert "default-src 'none'" in (said or "")
        assert PLANTED not in page
        assert PLANTED in "".join(parsed.text), "what somebody wrote is shown as it is written"
        assert not {"\x1b", "\u202e"} & set(page)
    assert "sandbox" in policy(served=True)
    assert "allow-scripts" not in policy(served=True)


def test_a_page_says_every_figure_and_each_plot_in_words(hostile: dict[Kind, Kept]) -> None:
    for kept in hostile.values():
        assert kept.report is not None
        parsed = Parsed(page_of(kept))
        text = "".join(parsed.text)
        assert all(figure.source in text for figure in kept.report.figures)
        drawings = [one for name, one in parsed.elements if name == "svg"]
        assert len(drawings) == sum(drawn(one) is not None for one in kept.report.series)
        ids = {one["id"] for _, one in parsed.elements if "id" in one}
        assert len(ids) == sum("id" in one for _, one in parsed.elements), "an id is there twice"
        for drawing in drawings:
            assert drawing["role"] == "img"
            assert set((drawing["aria-labelledby"] or "").split()) <= ids
        assert all(in_words(one)[:60] in text for one in kept.report.series if drawn(one) is not None)


def test_text_keeps_each_value_on_its_line(hostile: dict[Kind, Kept]) -> None:
    for kept in hostile.values():
        text = text_of(kept, width=80)
        assert not {"\x1b", "\u202e", "\r"} & set(text)
        assert kept.report is not None
        tones = {tone for _, tone in lines_of(kept, width=80)}
        assert tones <= {"", "head", "bad", "warn", "quiet"}
        unknown = len(kept.report.unknown)
        assert text.count("unknown: ") >= unknown
        prose = [line for line in text.splitlines() if "  " not in line.strip()]
        assert max(map(len, prose)) <= 80
    raw = json.loads(json.dumps(hostile[Kind.INCIDENT].to_dict()))
    assert raw["report"]["schema"] == 1
    assert HOSTILE.strip() in raw["notes"][0]["text"]


def series(*points: tuple[str, float | None], **more: Any) -> Series:
    return Series(key="k", title="T <b>", points=points, source="s", unit="jobs", **more)


def test_plots_of_odd_values() -> None:
    assert drawn(series()) is None
    assert drawn(series(("a", None))) is None
    assert drawn(series(("a", 0.0), ("b", 0.0))) is not None
    twice = drawn(series(("a" * 40, 1.0), ("a" * 40 + "b", 2.0)))
    assert twice is not None
    assert twice.count("<rect") == 3, "a column each, and the ground"
    many = drawn(series(*((f"x{number}", float(number)) for number in range(60))))
    assert many is not None
    assert many.count("<rect") == 61
    assert many.count('text-anchor="middle"') <= 12
    assert "T &lt;b&gt;" in many
    assert in_words(series(("a", None), ("b", 2.0))) == "jobs: a unknown, b 2"
    assert in_words(series(why="it is away")) == "unknown: it is away"
    long = series(*((f"x{number}", float(number)) for number in range(20)), ("gap", None))
    assert in_words(long) == "jobs: 21 values, highest 19 (x19), lowest 0 (x0), 1 unknown"


def test_without_leather_the_values_are_a_table(
    hostile: dict[Kind, Kept], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "leather", None)
    page = page_of(hostile[Kind.WEEKLY])
    assert "<svg" not in page
    assert page.count("<details open>") == 2


@pytest.mark.parametrize(
    "kind",
    [Kind.INCIDENT, *(pytest.param(one, marks=pytest.mark.slow) for one in Kind if one != Kind.INCIDENT)],
)
def test_everybody_can_use_a_page(
    hostile: dict[Kind, Kept], open_page: Callable[..., Page], kind: Kind
) -> None:
    """Light, dark, on a phone: contrast, names, order, width (axe); pictures are kept."""
    from tests.support.browser import ARTEFACTS, picture_in, problems_of

    page = open_page()
    picture = picture_in(ARTEFACTS / "reports")
    page.set_content(page_of(hostile[kind]))
    assert page.title()
    assert problems_of(page, picture, kind.value) == []
    assert page.evaluate("document.querySelectorAll('script').length") == 0
