"""A report as one page of HTML: nothing in it asks another host, and nothing in it runs. Extra `reports`.

Everything is escaped. Its own policy (Content-Security-Policy) allows its one style sheet, by its digest, and
nothing else, so that even what slipped through would be dead.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from importlib import resources
from typing import TYPE_CHECKING

from guard.core.reports.wording import clock_time, harmless, iso, value_words
from guard.errors import InvalidRequest, StateInvalid
from guard.reports.plots import drawn, in_words

if TYPE_CHECKING:
    from jinja2 import Template

    from guard.core.reports.kept import Kept

__all__ = ["HEADERS", "page_of", "policy"]

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
}
"""For who serves a page; with the policy."""


def page_of(kept: Kept) -> str:
    """The page.

    Raises:
        InvalidRequest: jinja2 is not installed.
        StateInvalid: the report was read without what is in it.
    """
    if kept.report is None:
        raise StateInvalid("this report was read without what is in it")
    return _template().render(
        kept=kept,
        report=kept.report,
        zone=kept.report.period.zone,
        style=_style(),
        policy=policy(),
    )


@functools.cache
def policy(*, served: bool = False) -> str:
    """The page's Content-Security-Policy.

    Args:
        served: as a header, which may say more than a page may say of itself: in nobody's frame, and a
            sandbox without scripts, forms and the origin of whoever serves it.
    """
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    own = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return f"{own}; frame-ancestors 'none'; sandbox" if served else own


@functools.cache
def _style() -> str:
    return (resources.files("guard.reports") / "templates" / "report.css").read_text("utf-8").strip()


@functools.cache
def _template() -> Template:
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ModuleNotFoundError as error:
        raise InvalidRequest(
            "pages of reports need the extra `reports` (jinja2 is missing): "
            "pip install 'celery-maintenance-guard[reports]'; text and JSON need nothing"
        ) from error
    environment = Environment(
        loader=PackageLoader("guard.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "words": value_words,
        "clock": clock_time,
        "iso": iso,
        "harmless": harmless,
        "drawn": drawn,
        "in_words": in_words,
    }
    return environment.get_template("report.html")
