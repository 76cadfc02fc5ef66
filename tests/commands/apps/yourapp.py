"""`yourapp` of the documents is `shop`."""

from shop import app, maintenance

__all__ = ["app", "maintenance"]
