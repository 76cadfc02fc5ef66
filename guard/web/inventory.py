"""Which routes of an application nobody has classified. For the application's own tests:

def test_every_route_is_classified():
    assert unclassified_routes(app) == []
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from guard.core.endpoints import SAFE_METHODS
from guard.web.installed import OPERATION_ATTRIBUTE, extension_of
from guard.web.mounting import OWN_BLUEPRINTS

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["unclassified_routes"]

_VARIABLE = re.compile(r"<(?:(?P<converter>\w+)(?:\([^)]*\))?:)?\w+>")
_SAMPLES = {
    "int": "7",
    "float": "7.5",
    "path": "some/thing",
    "uuid": "0b51c9a2-6f4e-4c87-b111-8f5b1a3e2d10",
}
_UNASKED = frozenset({"HEAD", "OPTIONS"})
"""Flask adds these by itself."""


def unclassified_routes(app: Flask, *, reading: bool = True) -> list[str]:
    """Routes for which neither a rule nor `guarded` says the operation, as ``"POST /things/<int:id>"``.

    Args:
        app: with a `MaintenanceExtension`.
        reading: also those that only read. Without a rule they are `read_operations`: blocked in an
        emergency and
            not in a normal window.
    """
    registry = extension_of(app).guard.operations
    found: list[str] = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions.get(rule.endpoint)
        if hasattr(view, OPERATION_ATTRIBUTE) or rule.endpoint.partition(".")[0] in OWN_BLUEPRINTS:
            continue
        path = _VARIABLE.sub(lambda match: _SAMPLES.get(match["converter"] or "", "x"), rule.rule)
        found += [
            f"{method} {rule.rule}"
            for method in (rule.methods or set()) - _UNASKED
            if (reading or method not in SAFE_METHODS) and not registry.knows_endpoint(method, path)
        ]
    return sorted(found)
