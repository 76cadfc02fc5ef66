"""Reports that are kept: their list, and each as a page of its own.

A report's page is not put into one of ours: it is served alone, in a sandbox without scripts and without our
origin, whatever is in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import make_response, request

from guard.core.reports.report import Kind
from guard.errors import GuardError, InvalidRequest, NotKept
from guard.web.admin.answers import asked
from guard.web.admin.paging import Pager

if TYPE_CHECKING:
    from flask import Response
    from flask.typing import ResponseReturnValue

    from guard.web.admin.desk import Desk

__all__ = ["add_pages"]

_PER_PAGE = 50
_MOST_PAGES = 19
_LONGEST_ID = 36
_FILES = {"json": "application/json", "text": "text/plain"}


def add_pages(desk: Desk) -> None:
    """The list, a report's page, and its text and JSON to be kept."""

    def reports() -> ResponseReturnValue:
        pager = Pager.of(request.args, per_page=_PER_PAGE, most=_MOST_PAGES)
        kind = request.args.get("kind", "")
        kind = kind if kind in list(Kind) else ""
        found = asked(lambda: pager.cut(desk.guard.reports.list(pager.reach, kind=kind or None)))
        return desk.page("reports.html", reports=found, pager=pager, kind=kind, kinds=list(Kind))

    def kept_report(report_id: str) -> ResponseReturnValue:
        from guard.reports.html import HEADERS, policy

        answer = _exported(desk, report_id, "html")
        if answer.status_code == 200:
            answer.headers.update(HEADERS)
            answer.headers["Content-Security-Policy"] = policy(served=True)
        return answer

    def report_file(report_id: str, form: str) -> ResponseReturnValue:
        if form not in _FILES:
            return desk.page("no_report.html", status=404, problem="There is no such form of a report.")
        answer = _exported(desk, report_id, form)
        if answer.status_code == 200:
            answer.headers["Content-Type"] = f"{_FILES[form]}; charset=utf-8"
            suffix = "txt" if form == "text" else form
            answer.headers["Content-Disposition"] = f'attachment; filename="report-{report_id[:8]}.{suffix}"'
        return answer

    add = desk.blueprint.add_url_rule
    add("/reports", "reports", reports)
    add("/reports/<uuid:report_id>", "kept_report", lambda report_id: kept_report(str(report_id)))
    add(
        "/reports/<uuid:report_id>/<form>",
        "report_file",
        lambda report_id, form: report_file(str(report_id), form),
    )


def _exported(desk: Desk, report_id: str, form: str) -> Response:
    try:
        return make_response(desk.guard.reports.export(report_id[:_LONGEST_ID], form))
    except NotKept:
        return desk.page("no_report.html", status=404, problem="There is no report of this id.")
    except InvalidRequest as error:  # what draws it is not installed here
        return desk.page("no_report.html", status=404, problem=str(error))
    except GuardError as error:
        return desk.page("no_report.html", status=503, problem=str(error))
