"""Reports that are kept: listed, shown, as a page and as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.errors import InvalidRequest, NotKept
from guard.web.api.asked import Reply, Route
from guard.web.api.problems import NotThere
from guard.web.api.shapes import reports as shapes

if TYPE_CHECKING:
    from guard.core.reports.kept import Kept
    from guard.web.api.asked import Asked

__all__ = ["ROUTES"]

_GROUP = "reports"


def _reports(asked: Asked) -> Reply:
    found = asked.guard.reports.list(asked.query.limit, kind=asked.query.kind)
    return Reply(body={"reports": [one.head() for one in found]})


def _report(asked: Asked) -> Reply:
    return Reply(body=_found(asked).to_dict())


def _page(asked: Asked) -> Reply:
    from guard.reports.html import HEADERS, page_of, policy

    kept = _found(asked)
    try:
        text = page_of(kept)
    except InvalidRequest as error:  # what draws it is not installed here
        raise NotThere(str(error)) from error
    return Reply(body=text, headers={**HEADERS, "Content-Security-Policy": policy(served=True)})


def _text(asked: Asked) -> Reply:
    from guard.reports.text import text_of

    return Reply(body=text_of(_found(asked)))


def _found(asked: Asked) -> Kept:
    """By its id alone: which one is the last of a kind changes, and an address should not."""
    ref = asked.values["report_id"]
    try:
        kept = asked.guard.reports.show(ref)
    except NotKept as error:
        raise NotThere("there is no report of this id") from error
    if kept.report_id != ref:
        raise NotThere("there is no report of this id")
    return kept


ROUTES = (
    Route(
        method="GET",
        path="/maintenance/reports",
        name="reports",
        group=_GROUP,
        summary="The last reports that were made, newest first.",
        answer=_reports,
        gives=shapes.ReportsAnswer,
        query=shapes.ReportsQuery,
    ),
    Route(
        method="GET",
        path="/maintenance/reports/<report_id>",
        name="kept_report",
        group=_GROUP,
        summary="One report, with what people have noted on it.",
        answer=_report,
        gives=shapes.KeptReportAnswer,
        missing=True,
    ),
    Route(
        method="GET",
        path="/maintenance/reports/<report_id>/page",
        name="report_page",
        group=_GROUP,
        summary="One report as a page of HTML that asks no other host.",
        answer=_page,
        gives=shapes.PageAnswer,
        missing=True,
        media="text/html",
    ),
    Route(
        method="GET",
        path="/maintenance/reports/<report_id>/text",
        name="report_text",
        group=_GROUP,
        summary="One report as plain text.",
        answer=_text,
        gives=shapes.PageAnswer,
        missing=True,
        media="text/plain",
    ),
)
