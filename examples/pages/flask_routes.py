"""docs/flask.md: a test of the application."""

from flask_app import app

# region: classified
from guard.web import unclassified_routes


def test_every_route_is_classified():
    assert unclassified_routes(app, reading=False) == []


# endregion
