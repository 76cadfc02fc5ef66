"""What axe-core finds wrong with a page in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["violations"]

_SCRIPT = Path(__file__).parent / "vendor" / "axe.min.js"


def violations(page: Page, *rules: str, within: str = "") -> list[str]:
    """What axe-core calls serious or critical, by all its rules if none is named. It is injected by the
    debugger, past the page's policy.

    Args:
        within: a selector of the part to be judged, in a page that is not ours; empty: all of it. There must
            be such a part.
    """
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(_SCRIPT.read_text())
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = list(rules)
    found = page.evaluate("([within, options]) => axe.run(within || document, options)", [within, options])
    return [
        f"{page.url}: {one['id']} ({one['impact']}) {node['html'][:160]} {node['failureSummary'][:200]}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]
